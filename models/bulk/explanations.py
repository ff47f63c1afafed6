"""Explanations of lines that cannot be decoded: the field, its value, what is allowed, and an example."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, get_type_hints

import msgspec

from models.errors import Invalid
from models.specs.checks import describe_half_pair, is_unicode, quote

_BYTE_ORDER_MARK = "\ufeff"
_MAX_QUOTED = 60


def explain_line(line: bytes, kind: type, fields: str, error: Exception) -> list[Invalid]:
    """Return the problems of a line that the decoder of its kind rejected.

    Args:
        line: the line.
        kind: the struct of its kind, whose types are the rules.
        fields: the names of its fields, for the message.
        error: the decoder's error, which counts if no better explanation is found.
    """
    if b"\0" in line:
        return [Invalid("The line is no JSON: it has NUL bytes, so it is no text in UTF-8. Save it in that encoding.")]
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return [Invalid("The line is not UTF-8: save the file in that encoding.")]
    if text.startswith(_BYTE_ORDER_MARK):
        return [Invalid("The line begins with a byte order mark (BOM), as where files were joined. Remove it.")]
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        return [Invalid(f"The line is no JSON: {_explain_syntax(text, error)}.")]
    if not isinstance(decoded, dict):
        return [Invalid(f"A line is one JSON object, {{...}}, not {_show(decoded)}.")]
    return list(_explain_fields(decoded, kind, fields)) or [Invalid(f"{error}.")]


def _explain_syntax(text: str, error: Exception) -> str:
    """Return the probable reason for which a line is no JSON, otherwise the decoder's message."""
    if not text.startswith(("{", "[")):
        return f"it begins with {text[:20]!r}, but a line is one JSON object, {{...}}"
    if "\r" in text:
        return "it has a carriage return within. Lines end with a line feed, or with both"
    if "truncated" in str(error):
        return "its object does not end on this line. Write each object on one line"
    return str(error)


# Any: the line did not decode, so its shape is unknown.
def _explain_fields(given: dict[str, Any], kind: type, fields: str) -> Iterator[Invalid]:
    types = get_type_hints(kind)
    for name, value in given.items():
        if name not in types:
            yield Invalid(f"There is no field {quote(name)}; a line may have {fields}.", (name,))
            continue
        allowed = str(types[name])
        if value is None and "None" in allowed:
            continue
        explain = next((explain for part, explain in _EXPLANATIONS if part in allowed), _explain_text)
        yield from explain(name, value)
    for name in _required(kind):
        if name not in given:
            yield Invalid(f"{name} is missing.", (name,))


def _required(kind: type) -> tuple[str, ...]:
    """Return the names of a struct's fields without a default."""
    names: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]
    defaults: tuple[object, ...] = kind.__struct_defaults__  # type: ignore[attr-defined]
    return names[: len(names) - len(defaults)]


def _explain_scores(name: str, value: object) -> Iterator[Invalid]:
    if not isinstance(value, dict):
        example = '{"accuracy": 4}'
        yield Invalid(f"{name} is an object of numbers by criterion, like {example}, not {_show(value)}.", (name,))
        return
    for criterion, score in value.items():
        if score is None:
            continue
        problem = _explain_number(score)
        if problem is not None:
            yield Invalid(f"The score of {criterion} {problem}.", (name, str(criterion)))


def _explain_rating(name: str, value: object) -> Iterator[Invalid]:
    problem = _explain_number(value)
    if problem is not None:
        yield Invalid(f"{name} {problem}. A rating is a whole number from 1 to 5.", (name,))


def _explain_number(value: object) -> str | None:
    """Return the clause that explains why a value is no number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is a number like 4, without quotes, not {_show(value)}"
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isnan(number):
        return "is NaN: NaN and Infinity are no numbers there. Leave such a score out"
    if math.isinf(number):
        return "is too large for a number, or Infinity: NaN and Infinity are no numbers there. Leave such a score out"
    return None


def _explain_bool(name: str, value: object) -> Iterator[Invalid]:
    if not isinstance(value, bool):
        yield Invalid(f"{name} is true or false, without quotes, not {_show(value)}.", (name,))


def _explain_time(name: str, value: object) -> Iterator[Invalid]:
    try:
        msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        yield Invalid(
            f"{name} is a time with an offset from UTC, like 2026-01-31T12:00:00Z or 2026-01-31T12:00:00+01:00, "
            f"not {_show(value)}.",
            (name,),
        )


def _explain_text(name: str, value: object) -> Iterator[Invalid]:
    if not isinstance(value, str):
        example = f', like "{value}"' if isinstance(value, int) and not isinstance(value, bool) else ""
        yield Invalid(f"{name} is a text in quotes{example}, not {_show(value)}.", (name,))
    elif not is_unicode(value):
        yield Invalid(f"{name} {describe_half_pair(value)}", (name,))


_EXPLANATIONS: tuple[tuple[str, Callable[[str, object], Iterator[Invalid]]], ...] = (
    ("Mapping", _explain_scores),
    ("datetime", _explain_time),
    ("float", _explain_rating),
    ("bool", _explain_bool),
)


def _show(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _MAX_QUOTED else f"{text[: _MAX_QUOTED - 3]}..."
