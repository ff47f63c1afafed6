"""Feedback that waits for its evaluations: lines whose item the judge does not have yet, kept in a file.

People's labels are often there before the judge's scores. The next import of evaluations into the same judge loads the
lines that waited, and keeps those that still have no item.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cli.errors import ApiError
from cli.transfer.line_reader import LineReader, open_lines


class WaitingFeedback:
    """The file of the lines that wait, which exists only while there are any.

    Attributes:
        path: the file.
        count: the number of lines that were added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._part = path.with_name(f"{path.name}.part")
        self._file: BinaryIO | None = None
        self._is_consumed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Replace the file by the lines that still wait; after an error, keep the earlier lines, too."""
        if self._is_consumed and error is None:
            self.path.unlink(missing_ok=True)
        if self._file is not None:
            self._file.close()
            with self.path.open("ab") as file:
                file.write(self._part.read_bytes())
            self._part.unlink()

    def add(self, line: bytes) -> None:
        """Keep a line.

        Raises:
            ApiError: the file cannot be written.
        """
        if self._file is None:
            try:
                self._file = self._part.open("wb")
            except OSError as error:
                raise ApiError(f"Waiting feedback can't be kept in {self.path}: {error.strerror}.") from error
        self._file.write(line + b"\n")
        self.count += 1

    @contextmanager
    def open_earlier(self) -> Iterator[LineReader | None]:
        """Open the lines of earlier imports, or yield None if there are none."""
        if not self.path.exists():
            yield None
            return
        self._is_consumed = True
        with open_lines(self.path) as reader:
            yield reader
