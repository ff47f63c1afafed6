"""Reader of JSON in the layouts that tools export, in bounded memory where the layout allows it.

The layouts are JSON Lines, a list, objects one after the other, a list within an object (`--records`), and columns of
values (pandas, Hugging Face).
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cli.errors import ApiError
from cli.transfer.line_reader import LineReader
from cli.transfer.sources.record import Record, SourceRecord, get_path, show_value
from cli.transfer.sources.text import open_text
from models.bulk.line_splitter import MAX_LINE_BYTES

MAX_RECORD_CHARACTERS = 4 * MAX_LINE_BYTES  # a record of a trace holds much that the import leaves out
_BLOCK_CHARACTERS = 2**18
_WHITESPACE = " \t\r\n\ufeff"
_BETWEEN_RECORDS = _WHITESPACE + ","
_MAX_NESTING = 4  # of a list within an object that is looked for


class DuplicateKeyError(ValueError):
    """An object has a key twice."""


def read_json(
    source: LineReader, records_path: str | None = None, encoding: str | None = None
) -> Iterator[SourceRecord]:
    """Yield the objects of a file; a value that is no object becomes a problem.

    Args:
        source: the file.
        records_path: the dotted path of the list in the file's only object.
        encoding: the encoding. Default: that of its byte order mark, or UTF-8.

    Raises:
        ApiError: the file is no JSON, breaks off, or has no list at the path.
    """
    text = _Text(source, encoding)
    first = text.peek()
    if records_path is not None:
        yield from _read_within(source, text, records_path)
    elif first == "[":
        yield from _read_list(source, text)
    elif first == "{" and not text.is_first_line_complete():
        yield from _read_stream(source, text)
    else:
        yield from _read_lines(text)


def find_lists(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects within an object with their dotted paths.

    Args:
        value: the object.
        path: its own path.
        depth: the number of objects around it.
    """
    if isinstance(value, Mapping) and depth <= _MAX_NESTING:
        for name, part in value.items():
            yield from find_lists(part, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        yield path, value


def split_columns(value: object) -> list[Record] | None:
    """Return the records of an object that holds columns, each a list or an object by row; otherwise None."""
    if not isinstance(value, Mapping) or not value:
        return None
    columns = list(value.values())
    if all(isinstance(column, Mapping) and column for column in columns):
        rows = list(columns[0])
        if all(list(column) == rows for column in columns) and all(row.isdecimal() for row in rows):
            return [{name: column[row] for name, column in value.items()} for row in rows]
    if len(columns) > 1 and all(isinstance(column, list) for column in columns):
        length = len(columns[0])
        if length > 0 and all(len(column) == length for column in columns):
            return [{name: column[row] for name, column in value.items()} for row in range(length)]
    return None


def decode_object(text: str) -> Any:
    """Decode JSON of which no object has a key twice.

    Raises:
        ValueError: the text is no JSON, or a key is there twice.
    """
    return _DECODER.decode(text)


class _Text:
    """The text of a file, of which the part that is not used yet is in memory."""

    def __init__(self, source: LineReader, encoding: str | None) -> None:
        self._source = source
        self._stream = open_text(source, encoding)
        self.text = ""
        self.position = 0  # up to which the text is used
        self.line = 1  # of the position
        self.is_at_end = False

    @property
    def size(self) -> int:
        """The number of characters that are read and not used yet."""
        return len(self.text) - self.position

    def read_more(self, characters: int = _BLOCK_CHARACTERS) -> bool:
        """Append at least some characters; return False at the end of the file."""
        try:
            more = self._stream.read(characters)
        except UnicodeDecodeError as error:
            raise ApiError(f"{self._source.name} is not UTF-8: save it in that encoding.") from error
        self.is_at_end = not more
        if more:
            self.text, self.position = self.text[self.position :] + more, 0
        return bool(more)

    def move_to(self, position: int) -> None:
        """Mark the text before a position as used."""
        self.line += self.text.count("\n", self.position, position)
        self.position = position

    def peek(self, skipped: str = _WHITESPACE) -> str:
        """Return the next character that is not to be skipped, or an empty text at the end of the file."""
        while True:
            position = self.position
            while position < len(self.text) and self.text[position] in skipped:
                position += 1
            self.move_to(position)
            if position < len(self.text):
                return self.text[position]
            if not self.read_more():
                return ""

    def find_line_end(self) -> int:
        """Return the position of the next line feed, reading as far as necessary, or -1 if there is none in reach."""
        while True:
            end = self.text.find("\n", self.position)
            if end >= 0 or self.size > MAX_RECORD_CHARACTERS or not self.read_more():
                return end

    def is_first_line_complete(self) -> bool:
        """Return whether the first line is JSON, or fails for another reason than that its object goes on below."""
        end = self.find_line_end()
        line = self.text[self.position : len(self.text) if end < 0 else end].strip()
        try:
            json.loads(line)
        except json.JSONDecodeError as error:
            return error.pos < len(line) and "Unterminated string" not in error.msg
        except (ValueError, RecursionError):
            return True
        return True


def _read_lines(text: _Text) -> Iterator[SourceRecord]:
    """Yield the object of each line; if a single one holds columns, yield their records."""
    records = _read_each_line(text)
    first, second = next(records, None), next(records, None)
    if first is None:
        return
    columns = split_columns(first.data) if second is None else None
    if columns is not None:
        yield from itertools.starmap(SourceRecord, enumerate(columns, 1))
        return
    yield first
    if second is not None:
        yield second
        yield from records


def _read_each_line(text: _Text) -> Iterator[SourceRecord]:
    while text.peek():
        end = text.find_line_end()
        number = text.line
        line = text.text[text.position : len(text.text) if end < 0 else end]
        text.move_to(text.position + len(line))
        if len(line) > MAX_RECORD_CHARACTERS:
            if end < 0:
                _skip_line(text)
            yield SourceRecord(number, None, "The line is too long, so it was skipped.")
        else:
            yield _to_record(number, line.strip(_WHITESPACE))


def _skip_line(text: _Text) -> None:
    while True:
        end = text.text.find("\n", text.position)
        text.move_to(len(text.text) if end < 0 else end)
        if end >= 0 or not text.read_more():
            return


def _to_record(number: int, line: str) -> SourceRecord:
    try:
        value = decode_object(line)
    except DuplicateKeyError as error:
        return SourceRecord(number, None, str(error))
    except (ValueError, RecursionError) as error:
        return SourceRecord(number, None, f"The line is no JSON: {error}.")
    return _check_object(number, value)


def _check_object(number: int, value: object) -> SourceRecord:
    if isinstance(value, Mapping):
        return SourceRecord(number, value)
    return SourceRecord(number, None, f"A record is one JSON object, not {show_value(value)}.")


def _read_list(source: LineReader, text: _Text) -> Iterator[SourceRecord]:
    """Yield the records of a list by their positions, of which only a part is in memory at a time."""
    text.move_to(text.position + 1)
    for number in itertools.count(1):
        if text.peek(_BETWEEN_RECORDS) == "]":
            return
        yield _decode_next(source, text, number)


def _read_stream(source: LineReader, text: _Text) -> Iterator[SourceRecord]:
    """Yield objects that stand one after the other, each over several lines, by the lines on which they begin."""
    first = _decode_next(source, text, text.line)
    if text.peek():
        yield first
        while text.peek():
            yield _decode_next(source, text, text.line)
        return
    columns = split_columns(first.data)
    if columns is None:
        yield first
    else:
        yield from itertools.starmap(SourceRecord, enumerate(columns, 1))


def _read_within(source: LineReader, text: _Text, path: str) -> Iterator[SourceRecord]:
    """Yield the records of a list within an object."""
    value = _decode_next(source, text, 1).data
    found = get_path(value, path)
    records = found if isinstance(found, list) else split_columns(found)
    if records is None:
        others = ", ".join(name for name, _ in itertools.islice(find_lists(value), 5)) or "none"
        raise ApiError(f"{source.name} has no list at {path!r}; it has lists of objects at: {others}.")
    for number, record in enumerate(records, 1):
        yield _check_object(number, record)


def _decode_next(source: LineReader, text: _Text, number: int) -> SourceRecord:
    """Decode the next value and remove it from the text.

    Args:
        source: the file, for its name.
        text: the text, which begins with the value.
        number: the value's number.
    """
    while True:
        try:
            value, end = _DECODER.raw_decode(text.text, text.position)
        except DuplicateKeyError as error:
            _, end = json.JSONDecoder().raw_decode(text.text, text.position)
            text.move_to(end)
            return SourceRecord(number, None, str(error))
        except (ValueError, RecursionError):
            # Reads at least as much again, so that a long record is not decoded too often.
            if text.size > MAX_RECORD_CHARACTERS or not text.read_more(max(text.size, _BLOCK_CHARACTERS)):
                raise ApiError(
                    f"{source.name} breaks off, or is no JSON, in the record that begins in line {text.line}."
                ) from None
            continue
        text.move_to(end)
        return _check_object(number, value)


# Any: records of people's files are JSON of any shape.
def _to_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DuplicateKeyError(f"{show_value(twice)} is there twice in one object.")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_to_unique_keys)
