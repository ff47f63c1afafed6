"""Sets of a judge's criteria, small enough to be a column: hexadecimal digits, a bit an ordinal.

``"5"`` holds the criteria with the ordinals 0 and 2. In Python a set is the number itself.
"""

from collections.abc import Iterable

from models.evaluation import Scores

ALL_CRITERIA = -1  # as a number: every bit is set


def set_to_text(bits: int) -> str:
    """A set as a column holds it; the empty set is ``"0"``."""
    return f"{bits:x}"


def text_to_set(text: str) -> int:
    """A set as a number; no text at all is the empty set."""
    return int(text, 16) if text else 0


def set_of_ordinals(ordinals: Iterable[int] | None) -> int:
    """The set of these ordinals; None means all there are or will be."""
    return ALL_CRITERIA if ordinals is None else sum(1 << ordinal for ordinal in set(ordinals))


def set_of_scored(scores: Scores | None) -> int:
    """The criteria that have a score."""
    if not scores or None not in scores:
        return (1 << len(scores or ())) - 1
    return sum([1 << ordinal for ordinal, score in enumerate(scores) if score is not None])


def ordinals_in(bits: int) -> list[int]:
    """The ordinals in a set, in order."""
    return [ordinal for ordinal in range(bits.bit_length()) if bits >> ordinal & 1]
