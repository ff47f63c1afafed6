"""A period as whole buckets, and what is left at its ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.counters.tables import ALL_TIME, TIME_WIDTHS


@dataclass(frozen=True, slots=True)
class BucketRange:
    """All buckets of a width that begin at or after ``start`` and before ``end``; None: no end on that side."""

    width: int
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class BucketCover:
    """Buckets, and stretches from their first place to before their last that no whole bucket covers."""

    runs: tuple[BucketRange, ...]
    edges: tuple[tuple[int, int], ...]

    def whole(self) -> "BucketCover":
        """Only the buckets."""
        return BucketCover(self.runs, ())

    def __add__(self, other: "BucketCover") -> "BucketCover":
        return BucketCover(self.runs + other.runs, self.edges + other.edges)


EMPTY = BucketCover((), ())


def split_into_buckets(start: int | None, end: int | None, widths: Sequence[int] = TIME_WIDTHS) -> BucketCover:
    """The widest whole buckets between two places, narrower ones at the ends, and the edges that remain.

    None is no end on that side; the widths go from narrow to wide, each a multiple of the one before.
    """
    if start is None and end is None:
        return BucketCover((BucketRange(ALL_TIME, None, None),), ())
    if start is not None and end is not None and start >= end:
        return EMPTY
    if not widths:
        assert start is not None
        assert end is not None
        return BucketCover((), ((start, end),))
    *narrower, width = widths
    first = None if start is None else -(-start // width) * width
    last = None if end is None else end // width * width
    if first is not None and last is not None and first >= last:
        return split_into_buckets(start, end, narrower)
    found = BucketCover((BucketRange(width, first, last),), ())
    if start is not None and first is not None:
        found = split_into_buckets(start, first, narrower) + found
    if end is not None and last is not None:
        found += split_into_buckets(last, end, narrower)
    return found
