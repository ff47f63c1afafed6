"""A period as whole buckets, and what is left at its ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.counters.tables import ALL_TIME, TIME_WIDTHS


@dataclass(frozen=True, slots=True)
class Run:
    """All buckets of a width that begin at or after ``start`` and before ``end``; None: no end on that side."""

    width: int
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Cover:
    """Buckets, and stretches from their first place to before their last that no whole bucket covers."""

    runs: tuple[Run, ...]
    edges: tuple[tuple[int, int], ...]

    def whole(self) -> "Cover":
        """Only the buckets."""
        return Cover(self.runs, ())

    def __add__(self, other: "Cover") -> "Cover":
        return Cover(self.runs + other.runs, self.edges + other.edges)


NOTHING = Cover((), ())


def cover(start: int | None, end: int | None, widths: Sequence[int] = TIME_WIDTHS) -> Cover:
    """The widest whole buckets between two places, narrower ones at the ends, and the edges that remain.

    None is no end on that side; the widths go from narrow to wide, each a multiple of the one before.
    """
    if start is None and end is None:
        return Cover((Run(ALL_TIME, None, None),), ())
    if start is not None and end is not None and start >= end:
        return NOTHING
    if not widths:
        assert start is not None
        assert end is not None
        return Cover((), ((start, end),))
    *narrower, width = widths
    first = None if start is None else -(-start // width) * width
    last = None if end is None else end // width * width
    if first is not None and last is not None and first >= last:
        return cover(start, end, narrower)
    found = Cover((Run(width, first, last),), ())
    if start is not None and first is not None:
        found = cover(start, first, narrower) + found
    if end is not None and last is not None:
        found += cover(last, end, narrower)
    return found
