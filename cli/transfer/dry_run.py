"""Parts of a dry run: the evaluations that it has checked, and the type of a check that needs no server."""

from array import array
from collections.abc import Callable, Iterator
from hashlib import blake2b

import msgspec
import numpy as np
from numpy.typing import NDArray

from cli.client.bulk import LineCounts, LineError, RejectHandler
from models.bulk.line_splitter import Line
from models.errors import ErrorCode


class SeenEvaluations:
    """The evaluations that a dry run has checked, so that feedback on them is not reported as about an unknown one.

    Each takes eight bytes, a digest of its external id. The chance of two equal digests among a million ids is about
    one in ten million.
    """

    def __init__(self) -> None:
        self._digests = array("Q")
        self._sorted: NDArray[np.uint64] | None = None

    def record(self, lines: Iterator[Line]) -> Iterator[Line]:
        """Yield lines of evaluations and remember their external ids."""
        for number, text in lines:
            external_id = read_field(text, "external_id")
            if external_id is not None:
                self._digests.append(_digest(external_id))
                self._sorted = None
            yield number, text

    def include_target_of(self, text: bytes | None) -> bool:
        """Return whether a line of feedback is about one of them."""
        external_id = read_field(text, "evaluation")
        if external_id is None or not self._digests:
            return False
        if self._sorted is None:
            self._sorted = np.sort(np.frombuffer(self._digests, np.uint64))
        wanted = np.uint64(_digest(external_id))
        position = int(np.searchsorted(self._sorted, wanted))
        return position < len(self._sorted) and bool(self._sorted[position] == wanted)


#: Counts lines by the result that an import would give, for a judge that the server does not have yet. The arguments
#: are the kind (`evaluations` or `feedback`), the lines, their counts to update, the handler of rejected lines, and the
#: evaluations that feedback can be about.
LineChecker = Callable[[str, Iterator[Line], LineCounts, RejectHandler, SeenEvaluations], None]


def only_evaluation_is_unknown(errors: list[LineError]) -> bool:
    """Return whether the only problem of a line of feedback is that the judge has no such evaluation."""
    return all(error.code == ErrorCode.NOT_FOUND and error.field == ["evaluation"] for error in errors)


def read_field(text: bytes | None, name: str) -> str | None:
    """Return a text field of a line, or None if there is none.

    Args:
        text: the line.
        name: the field.
    """
    try:
        decoded = msgspec.json.decode(text or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    value = decoded.get(name) if isinstance(decoded, dict) else None
    return value if isinstance(value, str) else None


def _digest(external_id: str) -> int:
    return int.from_bytes(blake2b(external_id.encode(errors="replace"), digest_size=8).digest(), "big")
