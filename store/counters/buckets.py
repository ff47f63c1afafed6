"""Division of a range into whole buckets and the edges that remain at its ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.counters.tables import ALL_TIME, TIME_WIDTHS


@dataclass(frozen=True, slots=True)
class BucketRange:
    """All buckets of a width whose start is at least ``start`` and below ``end``; None is no bound."""

    width: int
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class BucketCover:
    """Ranges of whole buckets, and edges (first place, place after the last) that no whole bucket covers."""

    ranges: tuple[BucketRange, ...]
    edges: tuple[tuple[int, int], ...]

    def without_edges(self) -> "BucketCover":
        """Return the whole buckets only."""
        return BucketCover(self.ranges, ())

    def __add__(self, other: "BucketCover") -> "BucketCover":
        return BucketCover(self.ranges + other.ranges, self.edges + other.edges)


EMPTY = BucketCover((), ())


def split_into_buckets(start: int | None, end: int | None, widths: Sequence[int] = TIME_WIDTHS) -> BucketCover:
    """Split a range into the widest whole buckets that fit, narrower ones at its ends, and the remaining edges.

    Args:
        start: the first place of the range; None for no beginning.
        end: the place after the last one; None for no end.
        widths: the widths of buckets from narrow to wide, each a multiple of the one before.
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
    first = None if start is None else _round_up(start, width)
    last = None if end is None else end // width * width
    if first is not None and last is not None and first >= last:  # no whole bucket of this width fits
        return split_into_buckets(start, end, narrower)
    cover = BucketCover((BucketRange(width, first, last),), ())
    if start is not None:
        cover = split_into_buckets(start, first, narrower) + cover
    if end is not None:
        cover += split_into_buckets(last, end, narrower)
    return cover


def _round_up(place: int, width: int) -> int:
    return -(-place // width) * width
