"""What the counters say of a period: whole buckets from the counters, the edges from the rows by index."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    case,
    func,
    select,
    type_coerce,
    union_all,
)

from models.counters.criteria_set import ALL_CRITERIA, text_to_set
from models.counters.effective_feedback import CorrectionEffect, parse_effect
from models.counters.tables import ALL_TIME, CriterionCounter, FeedbackCounter, RaterCounter
from models.counters.tally import CriterionScales, ShiftSums, Tally
from models.evaluation import Evaluation
from models.feedback import Feedback, RaterCount
from store.counters.buckets import BucketCover, BucketRange
from store.counters.update import COUNTED_COLUMNS
from store.database.rows import in_values, without_index

Buckets = type[FeedbackCounter] | type[CriterionCounter] | type[RaterCounter]


class PeriodCounters:
    """The figures of one judge in a period that is covered by buckets and edges."""

    def __init__(self, connection: Connection, judge_pk: int, scales: CriterionScales, covered: BucketCover) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.runs = covered.runs
        self.edges = Tally()
        for start, end in covered.edges:
            for row in read_between(connection, judge_pk, start, end):
                self.edges.add(row, row.raw)
        self.edges.finalize(scales)

    def counts(self) -> Counter[tuple[str, str]]:
        """Items by kind and set of criteria."""
        found = Counter(self.edges.counts)
        columns = (FeedbackCounter.kind, FeedbackCounter.criteria, func.sum(FeedbackCounter.value).label("n"))
        for kind, criteria, number in self._summed(FeedbackCounter, columns):
            found[kind, criteria] += int(number)
        return found

    def shifts(self, ordinals: Sequence[int]) -> dict[int, ShiftSums]:
        """Sums over corrections by criterion."""
        found = {ordinal: ShiftSums() for ordinal in ordinals}
        for ordinal, shifts in self.edges.shifts.items():
            if ordinal in found:
                found[ordinal].add(shifts)
        sums = [func.sum(getattr(CriterionCounter, name)).label(name) for name in ShiftSums.__slots__]
        for ordinal, *values in self._summed(CriterionCounter, (CriterionCounter.ordinal, *sums)):
            if ordinal in found:
                found[ordinal].add(ShiftSums(*map(int, values)))
        return found

    def raters(self, sets: Sequence[str] | None, people: Sequence[str] | None = None) -> int:
        """How many different people gave items about one of these sets of criteria; None: about any.

        With ``people`` only these are counted.
        """
        edge = {rater for (rater, criteria), n in self.edges.raters.items() if n and (sets is None or criteria in sets)}
        if people is not None:
            edge &= set(people)
        inside = self._by_rater(sets, people)
        if inside is None:
            return len(edge)
        number: int = self.connection.execute(select(func.count(inside.c.rater.distinct()))).scalar_one()
        if edge:
            also = select(inside.c.rater).where(in_values(self.connection, inside.c.rater, sorted(edge))).distinct()
            edge -= set(self.connection.execute(also).scalars())
        return number + len(edge)

    def most_active(self, sets: Sequence[str] | None, first: int) -> list[RaterCount]:
        """Who gave most items about these sets of criteria, with how many; most first. None: about any."""
        found: Counter[str] = Counter()
        corrections: Counter[str] = Counter()
        for (rater, criteria), number in self.edges.raters.items():
            if sets is None or criteria in sets:
                found[rater] += number
                corrections[rater] += number if criteria else 0
        inside = self._by_rater(sets)
        if inside is not None:
            total = func.sum(inside.c.value)
            corrected = func.sum(case((inside.c.criteria != "", inside.c.value), else_=0))
            sums = select(inside.c.rater, total, corrected).group_by(inside.c.rater)
            # Whoever is among the first of all is among the first inside the buckets, or at the edges.
            most = sums.having(total > 0).order_by(total.desc(), inside.c.rater).limit(first)
            rows = list(self.connection.execute(most))
            known = {rater for rater, _, _ in rows}
            others = sorted(set(found) - known)
            if others:
                rows += self.connection.execute(sums.where(in_values(self.connection, inside.c.rater, others)))
            for rater, number, corrected_number in rows:
                found[rater] += int(number)
                corrections[rater] += int(corrected_number)
        ordered = sorted(((-number, rater) for rater, number in found.items() if number))[:first]
        return [RaterCount(rater, -less, corrections[rater]) for less, rater in ordered]

    def _by_rater(self, sets: Sequence[str] | None, people: Sequence[str] | None = None) -> Subquery | None:
        """The counters by rater in the whole buckets; None: there are no such buckets."""
        meant: list[ColumnElement[bool]] = [] if sets is None else [RaterCounter.criteria.in_(sets)]
        if people is not None:
            meant.append(in_values(self.connection, RaterCounter.rater, people))
        columns = (RaterCounter.rater, RaterCounter.criteria, RaterCounter.value)
        selects = [select(*columns).where(*_in_range(RaterCounter, self.judge_pk, run), *meant) for run in self.runs]
        return union_all(*selects).subquery() if selects else None

    def _summed(self, table: Buckets, columns: Sequence[Any]) -> Iterator[Any]:
        """Each run's sums by the columns that are no sums."""
        keys = [column for column in columns if not hasattr(column, "element")]
        for run in self.runs:
            yield from self.connection.execute(
                select(*columns).where(*_in_range(table, self.judge_pk, run)).group_by(*keys)
            )


def _in_range(table: Buckets, judge_pk: int, run: BucketRange) -> list[ColumnElement[bool]]:
    found = [table.judge_pk == judge_pk, table.width == run.width]
    if run.start is not None:
        found.append(table.start >= run.start)
    if run.end is not None:
        found.append(table.start < run.end)
    return found


def in_all_time(table: Buckets, judge_pk: int) -> list[ColumnElement[bool]]:
    """Return the conditions of a judge's counters of all time."""
    return [table.judge_pk == judge_pk, table.width == ALL_TIME, table.start == 0]


def select_counted(judge_pk: int, *columns: Any) -> Select[Any]:
    """The judge's items that count, with these columns."""
    return select(*columns).where(Feedback.judge_pk == judge_pk, Feedback.retracted_at.is_(None))


def read_between(connection: Connection, judge_pk: int, start: int, end: int) -> Iterator[Any]:
    """Items given between two places in time, each with the raw scores of its evaluation."""
    statement = select_counted(judge_pk, *COUNTED_COLUMNS, Evaluation.scores.label("raw")).join(
        Evaluation, Evaluation.id == Feedback.evaluation_id
    )
    given = type_coerce(Feedback.submitted_at, BigInteger)  # the end of the last bucket is no moment any more
    yield from connection.execute(statement.where(given >= start, given < end))


def find_effective_in_period(
    connection: Connection, judge_pk: int, meant: int, since: datetime | None, until: datetime
) -> list[int]:
    """Usable corrections of a period that count there only because what overtook them comes later; their places.

    Of a rater's corrections of an evaluation one counts: the last, of the criteria that are meant. Where it comes after
    the period, the last one within counts instead. Such a rater has one correction that was overtaken across the end.
    """
    columns = (Feedback.evaluation_id, Feedback.submitted_by, Feedback.submitted_at, Feedback.seq)
    across = select_counted(judge_pk, *columns).where(Feedback.submitted_at < until, Feedback.overtaken_at >= until)
    if since is not None:
        across = across.where(Feedback.submitted_at >= since)
    found = {(row.evaluation_id, row.submitted_by): row.seq for row in connection.execute(across)}
    if meant == ALL_CRITERIA:
        return list(found.values())
    last: dict[tuple[str, str], tuple[datetime, int]] = {}
    counting: set[tuple[str, str]] = set()
    about = in_values(connection, Feedback.evaluation_id, sorted({evaluation_id for evaluation_id, _ in found}))
    given = select(*columns, Feedback.compared, Feedback.standing).where(
        about, without_index(Feedback.submitted_at) < until, Feedback.standing != "", Feedback.retracted_at.is_(None)
    )
    if since is not None:
        given = given.where(without_index(Feedback.submitted_at) >= since)
    for row in connection.execute(given):
        key = (row.evaluation_id, row.submitted_by)
        if key in found and text_to_set(row.compared) & meant:
            last[key] = max(last.get(key, (row.submitted_at, row.seq)), (row.submitted_at, row.seq))
            if _is_effective(row.standing, meant):
                counting.add(key)
    return [seq for key, (_, seq) in last.items() if key not in counting]


def _is_effective(standing: str, meant: int) -> bool:
    stands: CorrectionEffect | None = parse_effect(standing)
    return stands is not None and stands.counts_for(meant)
