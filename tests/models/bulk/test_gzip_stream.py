"""Gzip streams are unpacked in bounded memory; other bytes pass through."""

import gzip
import random
import zlib

import pytest

from models.bulk.gzip_stream import MAX_PIECE_BYTES, CorruptGzipError, Gunzip


def unpack(packed: bytes, step: int) -> bytes:
    gunzip = Gunzip()
    found = b""
    for start in range(0, len(packed), step):
        for piece in gunzip.feed(packed[start : start + step]):
            assert len(piece) <= MAX_PIECE_BYTES
            found += piece
    return found + gunzip.finish()


@pytest.mark.parametrize("step", [1, 7, 10**9])
def test_gzip_members_are_unpacked_and_other_bytes_pass_through(step: int) -> None:
    text = random.Random(1).randbytes(500)
    assert unpack(gzip.compress(text) + gzip.compress(b"") + gzip.compress(text) + b"\0\0", step) == text + text
    assert unpack(b"plain", step) == b"plain"
    assert unpack(b"\x1f", step) == b"\x1f"
    assert unpack(b"", step) == b""


def test_a_large_stream_is_yielded_in_bounded_pieces() -> None:
    assert unpack(gzip.compress(bytes(5 * MAX_PIECE_BYTES)), 10**9) == bytes(5 * MAX_PIECE_BYTES)


PACKED = gzip.compress(b"text", mtime=0)  # named alike in every process that runs the tests


@pytest.mark.parametrize("packed", [PACKED[:-1], PACKED[:4], b"\x1f\x8bnonsense"])
def test_a_damaged_or_truncated_stream_is_an_error(packed: bytes) -> None:
    with pytest.raises(CorruptGzipError):
        unpack(packed, 3)


def test_trailing_bytes_outside_gzip_are_an_error() -> None:
    with pytest.raises(CorruptGzipError):
        unpack(gzip.compress(b"text") + b"junk", 10**9)
    assert zlib.decompress(gzip.compress(b"text"), wbits=31) == b"text"
