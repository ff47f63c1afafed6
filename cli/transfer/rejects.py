"""File of the lines that could not be loaded, with the reasons."""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import orjson

from cli.errors import ApiError


class RejectsFile:
    """JSON Lines in a file that is created with the first of them.

    Attributes:
        path: the file.
        count: the number of lines written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, file: str, line: int, reason: str, external_id: str | None = None) -> None:
        """Write one rejected line.

        Args:
            file: the name of the file that it is in.
            line: its number.
            reason: the problems, for people.
            external_id: its external id, if known.

        Raises:
            ApiError: the file cannot be created.
        """
        if self._file is None:
            try:
                self._file = self.path.open("wb")
            except OSError as problem:
                raise ApiError(f"Refused lines can't be reported in {self.path}: {problem.strerror}.") from problem
        report = {"file": file, "line": line, "external_id": external_id, "reason": reason}
        self._file.write(orjson.dumps(report) + b"\n")
        self.count += 1

    def flush(self) -> None:
        """Write the lines so far to disk, so that others can read them."""
        if self._file is not None:
            self._file.flush()
