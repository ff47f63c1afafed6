"""Decompression of a stream that may be gzipped, in bounded memory whatever the ratio of compression."""

import zlib
from collections.abc import Iterator

MAX_PIECE_BYTES = 2**20  # size of a yielded piece
_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib's window bits for gzip


class CorruptGzipError(Exception):
    """The gzip stream is damaged or truncated."""


class Gunzip:
    """A decompressor for gzip streams of one or more members; streams that are not gzipped pass through unchanged."""

    def __init__(self) -> None:
        self._start: bytes | None = b""  # bytes before the format is known; None afterwards
        self._gzipped = False
        self._member: zlib._Decompress | None = None

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Yield the decompressed bytes of a block in pieces of at most ``MAX_PIECE_BYTES``.

        Raises:
            CorruptGzipError: The gzip stream is damaged.
        """
        if self._start is not None:
            block = self._start + block
            if len(block) < len(_MAGIC):
                self._start = block
                return
            self._start, self._gzipped = None, block.startswith(_MAGIC)
        if self._gzipped:
            yield from self._unpack(block)
        elif block:
            yield block

    def finish(self) -> bytes:
        """Return the remaining bytes at the end of the stream.

        Raises:
            CorruptGzipError: The gzip stream is truncated.
        """
        if self._member is not None:
            raise CorruptGzipError("The gzip stream breaks off")
        return self._start or b""

    def _unpack(self, block: bytes) -> Iterator[bytes]:
        while block:
            if self._member is None:
                block = block.lstrip(b"\0")  # padding between and after members
                if not block:
                    return
                self._member = zlib.decompressobj(_GZIP)
            try:
                piece = self._member.decompress(block, MAX_PIECE_BYTES)
            except zlib.error:
                raise CorruptGzipError("The gzip stream is damaged") from None
            if piece:
                yield piece
            if self._member.eof:
                block, self._member = self._member.unused_data, None
            else:
                block = self._member.unconsumed_tail
