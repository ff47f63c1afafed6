"""Reader of JSON Lines from a file or stdin, gzipped or not, in bounded memory."""

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
_BLOCK_BYTES = 2**18
_PEEKED_BYTES = 512
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def open_lines(path: Path) -> Iterator["LineReader"]:
    """Open a file, or stdin for `-`.

    Raises:
        ApiError: the file cannot be read.
    """
    if path == STDIN:
        yield LineReader("stdin", cast("io.BufferedReader", sys.stdin.buffer))
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise ApiError(f"{path} can't be read: {error.strerror}.") from error
    with file:
        yield LineReader(str(path), file, path.stat().st_size if path.is_file() else None)


class LineReader:
    """The numbered lines of a file.

    Attributes:
        name: the file's name for messages.
        size_bytes: the bytes to read in all, or None if unknown.
        position_bytes: the bytes read so far, as they are in the file.
    """

    def __init__(self, name: str, file: io.BufferedReader, size_bytes: int | None = None) -> None:
        self.name = name
        self.size_bytes = size_bytes
        self.position_bytes = 0
        self._file = file

    def peek(self) -> bytes:
        """Return some bytes of the file's start, or of what is not read yet, without using them."""
        return self._file.peek(_PEEKED_BYTES)[:_PEEKED_BYTES]

    def blocks(self) -> Iterator[bytes]:
        """Yield the file's content, decompressed if its first bytes are those of gzip.

        Raises:
            ApiError: the file cannot be read to its end.
        """
        gunzip = Gunzip()
        try:
            while block := self._file.read(_BLOCK_BYTES):
                self.position_bytes += len(block)
                yield from gunzip.feed(block)
            yield gunzip.finish()
        except (CorruptGzipError, OSError) as error:
            raise ApiError(f"{self.name} is damaged: {error}. The lines before that are loaded.") from error

    def __iter__(self) -> Iterator[Line]:
        """Yield each line that is not blank with its number, from 1; None replaces a line that is far too long.

        Raises:
            ApiError: the file cannot be read to its end, or is not in UTF-8.
        """
        splitter = LineSplitter()
        is_first = True
        for block in self.blocks():
            if is_first and block.startswith(_UTF16):
                raise ApiError(f"{self.name} is UTF-16 or UTF-32, not UTF-8: save it in that encoding.")
            is_first = False
            yield from splitter.feed(block)
        yield from splitter.finish()
