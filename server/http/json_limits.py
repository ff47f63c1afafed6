"""How many values a JSON text holds, before it is decoded.

Sixteen megabytes of `[],[],[]` take seconds to decode; as much text takes none. So size alone is no measure.
"""

import asyncio

_CHUNK = 64 * 1024
_MOMENT = 4 * _CHUNK  # a text of this size is counted at once; a larger one beside the event loop


def exceeds_value_limit(text: bytes, most: int) -> bool:
    """Whether a JSON text holds more objects, lists and values than ``most``, strings' insides not counted."""
    if _structure(text) <= most:
        return False  # even if all of it were outside strings
    found, inside, start = 0, False, 0
    while start < len(text):
        end = min(start + _CHUNK, len(text))
        while end < len(text) and text[end - 1] == 0x5C:  # a backslash stays with what it escapes
            end += 1
        pieces = text[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        found += sum(map(_structure, pieces[inside::2]))
        if found > most:
            return True
        inside ^= len(pieces) % 2 == 0
        start = end
    return False


async def check_value_limit(text: bytes, most: int) -> bool:
    """The same, without keeping the event loop from others."""
    if len(text) <= _MOMENT:
        return exceeds_value_limit(text, most)
    return await asyncio.to_thread(exceeds_value_limit, text, most)


def _structure(piece: bytes) -> int:
    return piece.count(b",") + piece.count(b"[") + piece.count(b"{")
