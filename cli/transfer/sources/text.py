"""Text of a file in whatever encoding it was saved."""

import codecs
import io
from collections.abc import Iterator
from typing import Any

from cli.errors import ApiError
from cli.transfer.line_reader import LineReader

_SAMPLE_BYTES = 2**18
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings in which spreadsheets and editors save; the first is used when the detection finds none.
_CODE_PAGES = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
]


def open_text(source: LineReader, encoding: str | None = None, *, code_pages: bool = False) -> io.TextIOWrapper:
    """Return a file's text with its line ends as they are.

    Args:
        source: the file.
        encoding: its encoding. Default: the one that its first bytes show.
        code_pages: whether a file that is not Unicode is read in the code page that fits best.

    Raises:
        ApiError: there is no such encoding.
    """
    stream = io.BufferedReader(_BlockStream(source.blocks()), _SAMPLE_BYTES)
    chosen = encoding or detect_encoding(stream.peek(_SAMPLE_BYTES)[:_SAMPLE_BYTES], code_pages=code_pages)
    try:
        return io.TextIOWrapper(stream, encoding=chosen, newline="")
    except LookupError:
        raise ApiError(f"There is no encoding {chosen!r}; for example utf-8, utf-16 or cp1252.") from None


def detect_encoding(sample: bytes, *, code_pages: bool = False) -> str:
    """Return the encoding of a file's first bytes.

    Args:
        sample: the bytes.
        code_pages: whether bytes that are not Unicode have a code page; otherwise the result is UTF-8.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return name
    if sample[1:2] == b"\0" and sample[3:4] == b"\0":
        return "utf-16-le"
    if sample[:1] == b"\0" and sample[2:3] == b"\0":
        return "utf-16-be"
    if not code_pages or _is_utf8(sample):
        return "utf-8"
    from charset_normalizer import from_bytes  # takes a moment to import, which few files need

    best = from_bytes(sample, cp_isolation=_CODE_PAGES).best()
    return _CODE_PAGES[0] if best is None or _fits(sample, _CODE_PAGES[0]) else best.encoding


def _fits(sample: bytes, encoding: str) -> bool:
    """Return whether a text in Western letters results, so that a better match of a few bytes does not count."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    strange = [character for character in text if ord(character) > 127]
    return all(character.isalpha() or character in "€–—„“”‘’…§°£«»´·½¼²³±×•™©®\xa0" for character in strange) and (
        sum(character.isalpha() for character in strange) * 4 < max(sum(map(str.isalpha, text)), 4)
    )


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


class _BlockStream(io.RawIOBase):
    """Blocks of bytes as a file object."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
