"""Limit on the number of values in a JSON text, checked before it is decoded.

Decoding 16 MiB of `[],[],[]` takes seconds, whereas decoding one string of that size takes almost no time. A limit on
the size alone is therefore not enough.
"""

import asyncio

_CHUNK_BYTES = 64 * 1024
_MAX_INLINE_BYTES = 4 * _CHUNK_BYTES  # larger texts are counted in a thread


def exceeds_value_limit(text: bytes, max_values: int) -> bool:
    """Return whether a JSON text holds more objects, lists and values than ``max_values``.

    Separators inside strings do not count.
    """
    if _count_separators(text) <= max_values:
        return False  # even if none of them is inside a string
    found, inside, start = 0, False, 0
    while start < len(text):
        end = min(start + _CHUNK_BYTES, len(text))
        while end < len(text) and text[end - 1] == 0x5C:  # keep a backslash with the character it escapes
            end += 1
        pieces = text[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        found += sum(map(_count_separators, pieces[inside::2]))
        if found > max_values:
            return True
        inside ^= len(pieces) % 2 == 0
        start = end
    return False


async def exceeds_value_limit_async(text: bytes, max_values: int) -> bool:
    """Return the same as ``exceeds_value_limit`` without blocking the event loop."""
    if len(text) <= _MAX_INLINE_BYTES:
        return exceeds_value_limit(text, max_values)
    return await asyncio.to_thread(exceeds_value_limit, text, max_values)


def _count_separators(piece: bytes) -> int:
    return piece.count(b",") + piece.count(b"[") + piece.count(b"{")
