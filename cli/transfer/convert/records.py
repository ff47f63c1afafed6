"""Reader of records in JSON Lines, a JSON list or a table, in bounded memory."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from cli.errors import ApiError
from cli.transfer.line_reader import LineReader
from models.bulk.line_splitter import MAX_LINE_BYTES, LineSplitter

#: Any: a decoded JSON object of another tool, or a row of a table, whose values may have any type.
JsonRecord = dict[str, Any]

MAX_RECORD_CHARACTERS = 4 * MAX_LINE_BYTES  # a record of a trace holds much that the import leaves out
_BLOCK_CHARACTERS = 2**18
_LEADING = b"\xef\xbb\xbf \t\r\n"
_BETWEEN_RECORDS = " \t\r\n,"


def json_records(source: LineReader) -> Iterator[tuple[int, JsonRecord | bytes | None]]:
    """Yield each object with the number of its line or its position in the list.

    A value that is no object is replaced by its text, a line that is far too long by None.
    """
    blocks = source.blocks()
    start = b""
    for block in blocks:
        start += block
        if start.strip(_LEADING):
            break
    if start.lstrip(_LEADING).startswith(b"["):
        yield from _read_list(source, start, blocks)
    else:
        yield from _read_lines(start, blocks)


def table_records(source: LineReader) -> Iterator[tuple[int, JsonRecord]]:
    """Yield each row of a table by the names of its columns, without empty cells.

    Rows are numbered from 2, as in editors, because the first line holds the names. Columns are separated by commas,
    semicolons or tabs, whichever the first line has most of.
    """
    csv.field_size_limit(MAX_RECORD_CHARACTERS)
    text = io.TextIOWrapper(io.BufferedReader(_BlockStream(source.blocks())), encoding="utf-8-sig", newline="")
    try:
        head = text.readline(MAX_RECORD_CHARACTERS)
        if head.startswith(("{", "[")):
            raise ApiError(f"{source.name} is JSON, not a table: it needs another --map, or none.")
        separator = max(",;\t", key=head.count)
        names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
        for number, row in enumerate(csv.reader(text, delimiter=separator), 2):
            yield number, {name: cell for name, cell in zip(names, row, strict=False) if name and cell.strip()}
    except UnicodeDecodeError as error:
        raise ApiError(f"{source.name} is not UTF-8: save it in that encoding.") from error
    except csv.Error as error:
        raise ApiError(f"{source.name} is no table that can be read: {error}.") from error


def _read_lines(start: bytes, blocks: Iterator[bytes]) -> Iterator[tuple[int, JsonRecord | bytes | None]]:
    splitter = LineSplitter(MAX_RECORD_CHARACTERS)

    def lines() -> Iterator[tuple[int, bytes | None]]:
        yield from splitter.feed(start)
        for block in blocks:
            yield from splitter.feed(block)
        yield from splitter.finish()

    for number, text in lines():
        if text is None:
            yield number, None
            continue
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        yield number, record if isinstance(record, dict) else text


def _read_list(source: LineReader, start: bytes, blocks: Iterator[bytes]) -> Iterator[tuple[int, JsonRecord | bytes]]:
    """Yield the records of a JSON list, of which only a part is in memory at a time.

    Args:
        source: the file, for its name.
        start: the first bytes of the file, up to the list's start at least.
        blocks: the rest of the file.
    """
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    decoder = json.JSONDecoder()
    number = 0
    try:
        text = decode(start)
        position = text.index("[") + 1
        while True:
            while text[position : position + 1] in _BETWEEN_RECORDS and position < len(text):
                position += 1
            if text.startswith("]", position):
                return
            try:
                record, position = decoder.raw_decode(text, position)
            except ValueError:
                # Reads at least as much again, so that a long record is not decoded too often.
                more = "".join(_take(map(decode, blocks), max(len(text) - position, _BLOCK_CHARACTERS)))
                if not more or len(text) - position > MAX_RECORD_CHARACTERS:
                    raise ApiError(f"{source.name} breaks off, or is no JSON, after record {number}.") from None
                text, position = text[position:] + more, 0
                continue
            number += 1
            yield number, record if isinstance(record, dict) else json.dumps(record).encode()
    except UnicodeDecodeError as error:
        raise ApiError(f"{source.name} is not UTF-8: save it in that encoding.") from error


def _take(parts: Iterator[str], characters: int) -> Iterator[str]:
    """Yield parts until they have so many characters together."""
    for part in parts:
        yield part
        characters -= len(part)
        if characters <= 0:
            return


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
