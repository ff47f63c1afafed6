"""Dry runs: what would become of an import's lines."""

from array import array
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from cli.client.bulk import Answer
from models.bulk.line_splitter import Line
from models.errors import ErrorCode


class Evaluations:
    """The evaluations a dry run has seen, so that feedback on them is not said to be about nothing.

    Eight bytes each, of a digest of their external ids: two alike among a million would be a chance in ten million.
    """

    def __init__(self) -> None:
        self._digests = array("Q")
        self._sorted: np.ndarray[Any, np.dtype[np.uint64]] | None = None

    def watch(self, lines: Iterator[Line]) -> Iterator[Line]:
        """Pass lines of evaluations on, and remember them."""
        for number, text in lines:
            name = _field(text, "external_id")
            if name is not None:
                self._digests.append(_digest(name))
                self._sorted = None
            yield number, text

    def hold(self, text: bytes | None) -> bool:
        """Whether a line of feedback is about one of them."""
        name = _field(text, "evaluation")
        if name is None or not self._digests:
            return False
        if self._sorted is None:
            self._sorted = np.sort(np.frombuffer(self._digests, np.uint64))
        wanted = np.uint64(_digest(name))
        place = int(np.searchsorted(self._sorted, wanted))
        return place < len(self._sorted) and bool(self._sorted[place] == wanted)


def only_unknown(errors: list[Answer]) -> bool:
    """Whether all that is wrong with a line of feedback is that the judge has no such evaluation."""
    return all(error.get("code") == ErrorCode.NOT_FOUND and error.get("field") == ["evaluation"] for error in errors)


def _field(text: bytes | None, name: str) -> str | None:
    try:
        found = msgspec.json.decode(text or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(errors="replace"), digest_size=8).digest(), "big")
