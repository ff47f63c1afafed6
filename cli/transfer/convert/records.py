"""Reading the records of a file in another format: JSON Lines, a JSON list, or a table, in bounded memory."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from cli.errors import ApiError
from cli.transfer.line_reader import Lines
from models.bulk.line_splitter import MAX_LINE_BYTES, LineSplitter

Record = dict[str, Any]

MAX_RECORD = 4 * MAX_LINE_BYTES  # characters; a record of a trace holds much that is left out
_BLOCK = 2**18
_BETWEEN = " \t\r\n,"


def json_records(source: Lines) -> Iterator[tuple[int, Record | bytes | None]]:
    """Each object with its number: its line's, or its place in the list.

    In place of what is no object stands its text, and None for a line that is far too long.
    """
    blocks = source.blocks()
    start = b""
    for block in blocks:
        start += block
        if start.strip(b"\xef\xbb\xbf \t\r\n"):
            break
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        yield from _of_list(source, start, blocks)
    else:
        yield from _of_lines(start, blocks)


def table_records(source: Lines) -> Iterator[tuple[int, Record]]:
    """Each row under the head of a table, by the columns' names; empty cells left out. Numbered from 2, as in editors.

    Columns are set apart by commas, semicolons or tabs, whichever the head has most of.
    """
    csv.field_size_limit(MAX_RECORD)
    text = io.TextIOWrapper(io.BufferedReader(_Raw(source.blocks())), encoding="utf-8-sig", newline="")
    try:
        head = text.readline(MAX_RECORD)
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


def _of_lines(start: bytes, blocks: Iterator[bytes]) -> Iterator[tuple[int, Record | bytes | None]]:
    splitter = LineSplitter(MAX_RECORD)

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
            found = json.loads(text)
        except ValueError:
            found = None
        yield number, found if isinstance(found, dict) else text


def _of_list(source: Lines, start: bytes, blocks: Iterator[bytes]) -> Iterator[tuple[int, Record | bytes]]:
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    decoder = json.JSONDecoder()
    number = 0
    try:
        text = decode(start)
        place = text.index("[") + 1
        while True:
            while text[place : place + 1] in _BETWEEN and place < len(text):
                place += 1
            if text.startswith("]", place):
                return
            try:
                found, place = decoder.raw_decode(text, place)
            except ValueError:
                # At least as much again, so that a long record is not tried too often.
                more = "".join(_some(map(decode, blocks), max(len(text) - place, _BLOCK)))
                if not more or len(text) - place > MAX_RECORD:
                    raise ApiError(f"{source.name} breaks off, or is no JSON, after record {number}.") from None
                text, place = text[place:] + more, 0
                continue
            number += 1
            yield number, found if isinstance(found, dict) else json.dumps(found).encode()
    except UnicodeDecodeError as error:
        raise ApiError(f"{source.name} is not UTF-8: save it in that encoding.") from error


def _some(parts: Iterator[str], characters: int) -> Iterator[str]:
    """Parts until there are so many characters."""
    for part in parts:
        yield part
        characters -= len(part)
        if characters <= 0:
            return


class _Raw(io.RawIOBase):
    """Blocks of bytes as a file."""

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
