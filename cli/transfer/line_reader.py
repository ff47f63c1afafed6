"""Reading JSON Lines from a file or from stdin, gzipped or not, in bounded memory."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from cli.errors import ApiError
from models.bulk.gzip_stream import CorruptGzipError, Gunzip
from models.bulk.line_splitter import Line, LineSplitter

STDIN = Path("-")
_BLOCK = 2**18
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


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
        #: Bytes read so far, as they are in the file.
        self.position = 0
        self._file = file

    def blocks(self) -> Iterator[bytes]:
        """Yield what is in the file, unpacked where it is gzipped: its name does not say so, its first bytes do."""
        gunzip = Gunzip()
        first = True
        try:
            while block := self._file.read(_BLOCK):
                self.position += len(block)
                for piece in gunzip.feed(block):
                    if first and piece.startswith(_UTF16):
                        raise ApiError(f"{self.name} is UTF-16 or UTF-32, not UTF-8: save it in that encoding.")
                    first = False
                    yield piece
            yield gunzip.finish()
        except (CorruptGzipError, OSError) as error:
            raise ApiError(f"{self.name} is not whole: {error}. What comes before is taken.") from error

    def __iter__(self) -> Iterator[Line]:
        """Yield each line that is not blank with its number, from 1; None for the text of one that is far too long."""
        splitter = LineSplitter()
        for block in self.blocks():
            yield from splitter.feed(block)
        yield from splitter.finish()
