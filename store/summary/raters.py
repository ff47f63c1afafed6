"""How many different people gave feedback in a period: looked for one by one, being few beside the items."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from models.counters.tables import ALL_TIME, RaterCounter
from models.feedback import Feedback
from store.counters.period import PeriodCounters

MAX_INDEXED_RATERS = 2000  # are looked for; of more, the counters of the period are gone through
MAX_ITEMS_READ = 20  # of a person are looked at


def count_raters(
    connection: Connection,
    judge_pk: int,
    period: PeriodCounters,
    inside: Sequence[ColumnElement[bool]],
    sets: Sequence[str] | None,
) -> int:
    """How many people gave items about one of these sets of criteria within a period; None: about any.

    Whoever ever gave such items is looked for by index. Of those whose first items within are all about something else,
    or were retracted, the counters tell.

    Args:
        connection: to read from.
        judge_pk: the judge.
        period: the period in counters.
        inside: the same as conditions on items of feedback.
        sets: sets of criteria, as columns hold them; the empty text for items that are no corrections.
    """
    ever = (RaterCounter.judge_pk == judge_pk, RaterCounter.width == ALL_TIME, RaterCounter.start == 0)
    meant = () if sets is None else (RaterCounter.criteria.in_(sets),)
    known = select(RaterCounter.rater).where(*ever, *meant).distinct().limit(MAX_INDEXED_RATERS + 1)
    if len(connection.execute(known).all()) > MAX_INDEXED_RATERS:
        return period.raters(sets)
    people = known.subquery()
    counts = Feedback.retracted_at.is_(None)
    said: Any = case((counts if sets is None else and_(counts, Feedback.criteria.in_(sets)), 1), else_=0)
    theirs = (Feedback.judge_pk == judge_pk, Feedback.submitted_by == people.c.rater, *inside)
    first = select(said.label("said")).where(*theirs).order_by(Feedback.submitted_at).limit(MAX_ITEMS_READ)
    looked = first.correlate(people).subquery()
    sure = case((func.max(looked.c.said) == 1, 1), (func.count() < MAX_ITEMS_READ, 0))  # else NULL
    found = connection.execute(select(people.c.rater, select(sure).scalar_subquery())).all()
    unsure = [rater for rater, is_there in found if is_there is None]
    return sum(is_there or 0 for _, is_there in found) + (period.raters(sets, unsure) if unsure else 0)
