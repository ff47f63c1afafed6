"""Number of raters in a period. There are few raters beside the items, so each one is looked up by index."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from models.counters.tables import RaterCounter
from models.feedback import Feedback
from store.counters.period import PeriodCounters, in_all_time

MAX_INDEXED_RATERS = 2000  # raters that are looked up one by one; of more, the period's counters are summed up
MAX_ITEMS_READ = 20  # items of a rater that are read


def count_raters(
    connection: Connection,
    judge_pk: int,
    period: PeriodCounters,
    within: Sequence[ColumnElement[bool]],
    sets: Sequence[str] | None,
) -> int:
    """Return the number of raters who gave items within a period.

    Every rater who ever gave such items is looked up by index. If a rater's first items within the period are all about
    other criteria, or were retracted, the period's counters decide.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        period: the counters of the period.
        within: the period as conditions on items of feedback.
        sets: count items about one of these sets of criteria, "" for items that are no corrections; None for any set.
    """
    in_sets = () if sets is None else (RaterCounter.criteria.in_(sets),)
    known = select(RaterCounter.rater).where(*in_all_time(RaterCounter, judge_pk), *in_sets).distinct()
    known = known.limit(MAX_INDEXED_RATERS + 1)
    if len(connection.execute(known).all()) > MAX_INDEXED_RATERS:
        return period.count_raters(sets)
    raters = known.subquery()
    is_live = Feedback.retracted_at.is_(None)
    counts: Any = case((is_live if sets is None else and_(is_live, Feedback.criteria.in_(sets)), 1), else_=0)
    theirs = (Feedback.judge_pk == judge_pk, Feedback.submitted_by == raters.c.rater, *within)
    first_items = select(counts.label("counts")).where(*theirs).order_by(Feedback.submitted_at).limit(MAX_ITEMS_READ)
    read = first_items.correlate(raters).subquery()
    verdict = case((func.max(read.c.counts) == 1, 1), (func.count() < MAX_ITEMS_READ, 0))  # NULL if undecided
    found = connection.execute(select(raters.c.rater, select(verdict).scalar_subquery())).all()
    undecided = [rater for rater, is_counted in found if is_counted is None]
    decided = sum(is_counted or 0 for _, is_counted in found)
    return decided + (period.count_raters(sets, undecided) if undecided else 0)
