"""Bytes that may be gzipped, in bounded memory, whatever their ratio."""

import zlib
from collections.abc import Iterator

MAX_PIECE_BYTES = 2**20  # bytes; what is given out at once, at most
_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib's window bits for gzip


class CorruptGzipError(Exception):
    """The bytes are no whole gzip stream."""


class Gunzip:
    """Passes bytes on as they are, or unpacked where they begin as gzip does, of one member or several."""

    def __init__(self) -> None:
        self._start: bytes | None = b""  # what came before it is known whether it is gzip; None: it is known
        self._gzipped = False
        self._member: zlib._Decompress | None = None

    def feed(self, block: bytes) -> Iterator[bytes]:
        """What a block gives, in pieces.

        Raises:
            DamagedError: it is gzip and damaged.
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
        """What is left at the end.

        Raises:
            DamagedError: it is gzip and breaks off.
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
