"""Sets of a judge's criteria, as integers with one bit an ordinal, and in columns as hexadecimal digits.

``"5"`` is the set of the criteria with the ordinals 0 and 2.
"""

from collections.abc import Iterable

from models.evaluation import Scores

ALL_CRITERIA = -1  # every bit is set


def set_to_text(bits: int) -> str:
    """Return a set as the text of a column; the empty set is ``"0"``."""
    return f"{bits:x}"


def text_to_set(text: str) -> int:
    """Return the set of a column's text; the empty text is the empty set."""
    return int(text, 16) if text else 0


def set_of_ordinals(ordinals: Iterable[int] | None) -> int:
    """Return the set of ordinals; None means all criteria, including future ones."""
    return ALL_CRITERIA if ordinals is None else sum(1 << ordinal for ordinal in set(ordinals))


def set_of_scored(scores: Scores | None) -> int:
    """Return the set of the criteria that have a score."""
    if not scores or None not in scores:
        return (1 << len(scores or ())) - 1
    return sum([1 << ordinal for ordinal, score in enumerate(scores) if score is not None])
