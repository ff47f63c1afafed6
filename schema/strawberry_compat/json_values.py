"""Decoder of requests that names what JSON decoders reject without a place: half surrogate pairs, NaN and a BOM."""

import json
import math
from collections.abc import Iterator
from typing import Any

import orjson

# Fields of items that later steps check, so that the problem is reported at its place.
_CHECKED = frozenset(
    {"score", "rating", "comment", "evaluationExternalId", "externalId", "group", "input", "output", "rationale"}
    | {"source", "submittedBy"}
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class MalformedValueError(json.JSONDecodeError):
    """A value of a request is no valid text or number; the message names its place."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "", 0)


def decode_request(data: str | bytes) -> Any:
    """Decode a request.

    Half surrogate pairs in texts of items, NaN and infinities are decoded, so that each is reported at its place. A
    byte order mark is ignored.

    Raises:
        MalformedValueError: Such a value is elsewhere.
        orjson.JSONDecodeError: The data is not JSON.
    """
    text = data.encode(errors="surrogatepass") if isinstance(data, str) else data
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            decoded = json.loads(text.decode(errors="surrogatepass"))
        except (ValueError, RecursionError):
            decoded = None
        if decoded is None:
            raise
    for path, problem in _find_problems(decoded, ()):
        if "variables" not in path[:2] or path[-1] not in _CHECKED or not any(part.isdecimal() for part in path):
            raise MalformedValueError(f"{'.'.join(path) or 'The request'} {problem}.")
    return decoded


def _find_problems(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the paths of texts with half a surrogate pair and of numbers that are not finite, with the problem."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            yield path, f"holds half a surrogate pair at character {error.start + 1}, which is no valid Unicode"
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"is {'NaN' if math.isnan(value) else 'too large'}, which is no number in JSON"
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _find_problems(key, (*path, "a key"))
            yield from _find_problems(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _find_problems(part, (*path, str(index)))
