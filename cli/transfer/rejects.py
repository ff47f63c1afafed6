"""The file that tells which lines could not be loaded, and why."""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import orjson

from cli.errors import ApiError


class Refusals:
    """JSON Lines, in a file that is made with the first of them."""

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
        """Report one line."""
        if self._file is None:
            try:
                self._file = self.path.open("wb")
            except OSError as problem:
                raise ApiError(f"Refused lines can't be reported in {self.path}: {problem.strerror}.") from problem
        report = {"file": file, "line": line, "external_id": external_id, "reason": reason}
        self._file.write(orjson.dumps(report) + b"\n")
        self.count += 1

    def flush(self) -> None:
        """Let others see what is reported so far."""
        if self._file is not None:
            self._file.flush()
