"""Reading JSON Lines from a file or from stdin, gzipped or not."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from cli.errors import ApiError

STDIN = Path("-")
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@contextmanager
def open_lines(path: Path) -> Iterator["Lines"]:
    """Open a file, or stdin for `-`."""
    if path == STDIN:
        yield Lines("stdin", cast("io.BufferedReader", sys.stdin.buffer))
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise ApiError(f"{path} can't be read: {error.strerror}.") from error
    with file:
        yield Lines(str(path), file, path.stat().st_size if path.is_file() else None)


class Lines:
    """The lines of a file with their numbers; how far the reading is can be asked at any time."""

    def __init__(self, name: str, file: io.BufferedReader, size: int | None = None) -> None:
        self.name = name
        #: Bytes to read in all; None where that can't be known.
        self.size = size
        self._file = file

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line that is not blank with its number, counted from 1."""
        try:
            # The name of a file does not say what is in it; its first bytes do.
            is_gzip = self._file.peek(2)[:2] == _GZIP_MAGIC
            lines = cast("BinaryIO", gzip.GzipFile(fileobj=self._file)) if is_gzip else self._file
            for number, line in enumerate(lines, 1):
                text = line.removeprefix(_BYTE_ORDER_MARK).strip()
                if text:
                    yield number, text
        except (EOFError, OSError, zlib.error) as error:
            raise ApiError(f"{self.name} breaks off or is damaged: {error}.") from error

    @property
    def position(self) -> int:
        """How many bytes of `size` are read so far."""
        return self._file.tell() if self.size is not None else 0
