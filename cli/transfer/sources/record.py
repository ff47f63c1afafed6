"""Records as files hold them, and lookup of values in them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: A decoded JSON object, or a row of a table by the names of its columns; values may have any type.
Record = Mapping[str, Any]

_IGNORED_IN_NAMES = re.compile(r"[\s_\-]+")
_MAX_SHAPES = 1_000  # records with different keys whose folded names are remembered


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record of a file.

    Attributes:
        number: the line on which it begins, as in an editor, or its position in a JSON list.
        data: its content; None if it could not be read.
        problem: the reason for which it could not be read.
    """

    number: int
    data: Record | None
    problem: str = ""


def fold_name(name: str) -> str:
    """Return a name without regard to case, blanks, underscores and hyphens."""
    return _IGNORED_IN_NAMES.sub("", name).casefold()


def get_path(record: Any, path: str) -> Any:
    """Return the value at a path such as `info.assessments.0`, or None if there is none.

    A name that contains dots itself is found too.
    """
    if not path:
        return record
    if isinstance(record, dict):
        if path in record:
            return record[path]
        end = path.rfind(".")
        while end > 0:
            if path[:end] in record:
                return get_path(record[path[:end]], path[end + 1 :])
            end = path.rfind(".", 0, end)
        return None
    head, _, rest = path.partition(".")
    if isinstance(record, list) and head.isdecimal() and int(head) < len(record):
        return get_path(record[int(head)], rest)
    return None


def show_value(value: object, limit: int = 60) -> str:
    """Return a value for a message, quoted if it is a text and shortened if it is long.

    Args:
        value: the value.
        limit: the largest number of characters.
    """
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


class NameIndex:
    """Keys of records by their folded names, computed once for each set of keys."""

    def __init__(self) -> None:
        self._by_shape: dict[tuple[str, ...], dict[str, str]] = {}

    def find_key(self, record: Record, name: str) -> str | None:
        """Return the record's key with a name, exactly or without regard to case, blanks and underscores."""
        if name in record:
            return name
        shape = tuple(record)
        folded = self._by_shape.get(shape)
        if folded is None:
            if len(self._by_shape) >= _MAX_SHAPES:
                self._by_shape.clear()
            folded = self._by_shape[shape] = {fold_name(key): key for key in reversed(shape)}
        return folded.get(fold_name(name))

    def find(self, record: Record, place: str) -> tuple[str, Any]:
        """Return the key or path at which a place is found and its value, or an empty key and None."""
        key = self.find_key(record, place)
        if key is not None:
            return key, record[key]
        value = get_path(record, place)
        return ("", None) if value is None else (place, value)
