"""Recount of a judge's feedback from its rows, to fill counters that do not exist yet and to verify existing ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from models.base import Base
from models.counters.criteria_set import set_of_scored, set_to_text
from models.counters.effective_feedback import CorrectionEffect, compute_effective
from models.counters.tables import (
    RULES_EDITION,
    Coincidence,
    CriterionCounter,
    FeedbackCounter,
    GroupCounter,
    RaterCounter,
    Review,
)
from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackType
from models.judge import Judge
from store.counters import totals
from store.counters.delta import (
    COUNTED_COLUMNS,
    EVALUATION_REF_COLUMNS,
    CountedFeedback,
    CounterDelta,
    EvaluationRef,
    load_scales,
)
from store.database.rows import ColumnValues, in_values
from store.database.upsert import key_and_value_columns

PAGE_SIZE = 2000  # evaluations per query
COUNTER_TABLES = (FeedbackCounter, CriterionCounter, RaterCounter, GroupCounter, Coincidence)
DERIVED_COLUMNS = ("criteria", "compared", "standing", "overtaken_at")  # columns of feedback that follow from others

Row = Any  # the columns of ``CountedFeedback`` and ``retracted_at``


@dataclass(frozen=True, slots=True)
class CounterMismatch:
    """A stored value that differs from the one that the rows give."""

    judge_id: str | None  # None for the totals of all jobs and deliveries
    what: str
    stored: object
    counted: object

    def __str__(self) -> str:
        return f"{self.judge_id or 'all'}: {self.what} is {self.stored}, but the rows make it {self.counted}."


def rebuild_stale(connection: Connection) -> int:
    """Rebuild the counters of the judges whose counters follow an older edition of the rules.

    Returns:
        The number of these judges.
    """
    stale = connection.execute(select(Judge.pk).where(Judge.counted < RULES_EDITION).order_by(Judge.pk)).scalars().all()
    for judge_pk in stale:
        connection.execute(
            update(Judge).where(Judge.pk == judge_pk).values(counted=RULES_EDITION)
        )  # also locks the row
        for table in (*COUNTER_TABLES, Review):
            connection.execute(delete(table).where(table.judge_pk == judge_pk))
        _recount(connection, judge_pk, _Writer(connection, judge_pk)).write(connection, judge_pk)
    return len(stale)


def find_mismatches(connection: Connection) -> list[CounterMismatch]:
    """Return the counters, totals and derived columns that differ from the rows."""
    found = [CounterMismatch(None, *mismatch) for mismatch in totals.find_mismatches(connection)]
    for judge_pk, judge_id in connection.execute(select(Judge.pk, Judge.id).order_by(Judge.pk)).all():
        checker = _Checker(connection, judge_pk, judge_id)
        expected = _recount(connection, judge_pk, checker).rows(judge_pk)
        for table in COUNTER_TABLES:
            checker.compare(table, expected[table])
        found += checker.mismatches
    return found


class _Visitor(Protocol):
    """Receives the expected state of each row while a judge is recounted."""

    def visit_feedback(self, row: Row, expected: CountedFeedback) -> None:
        """Receive an item of feedback as it is and as it should be."""

    def visit_evaluation(self, evaluation: EvaluationRef, *, reviewed: bool) -> None:
        """Receive an evaluation, and whether there is feedback on it."""

    def flush(self) -> None:
        """Process what was received since the last call."""


def _recount(connection: Connection, judge_pk: int, visitor: _Visitor) -> CounterDelta:
    """Return the numbers that all of a judge's counters should hold.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        visitor: receives the expected state of each row.
    """
    delta = CounterDelta()
    for evaluations in _pages(connection, judge_pk):
        rows = _load_feedback(connection, evaluations)
        for evaluation in evaluations:
            items = [(row, _without_others(row, evaluation)) for row in rows[evaluation.id]]
            live = [item for row, item in items if row.retracted_at is None]
            effective = compute_effective(live, grouped=evaluation.group is not None)
            delta.add_effective(effective)
            for row, item in items:
                expected = item
                if row.retracted_at is None:
                    expected = item.with_effect(effective.effects.get(item.seq))
                    delta.add(expected, evaluation)
                visitor.visit_feedback(row, expected)
            visitor.visit_evaluation(evaluation, reviewed=bool(live))
        visitor.flush()
    delta.finalize(load_scales(connection, judge_pk))
    return delta


def _pages(connection: Connection, judge_pk: int) -> Iterator[list[EvaluationRef]]:
    after = 0
    while True:
        statement = select(*EVALUATION_REF_COLUMNS).where(Evaluation.judge_pk == judge_pk, Evaluation.seq > after)
        page = [EvaluationRef(*row) for row in connection.execute(statement.order_by(Evaluation.seq).limit(PAGE_SIZE))]
        if not page:
            return
        yield page
        after = page[-1].seq


def _load_feedback(connection: Connection, evaluations: Sequence[EvaluationRef]) -> dict[str, list[Row]]:
    """Return the feedback on each evaluation, by the evaluation's id, with retracted items."""
    rows: dict[str, list[Row]] = {evaluation.id: [] for evaluation in evaluations}
    about = in_values(connection, Feedback.evaluation_id, list(rows))
    for row in connection.execute(select(*COUNTED_COLUMNS, Feedback.retracted_at).where(about)):
        rows[row.evaluation_id].append(row)
    return rows


def _without_others(row: Row, evaluation: EvaluationRef) -> CountedFeedback:
    """Return an item with the derived columns that it would have if it were the only feedback."""
    item = CountedFeedback(*[getattr(row, name) for name in CountedFeedback.__slots__])
    if item.type is not FeedbackType.CORRECTION:
        return item
    touched = set_of_scored(item.scores)
    compared = touched & set_of_scored(evaluation.scores)
    item = replace(item, criteria=set_to_text(touched), compared=set_to_text(compared))
    if row.retracted_at is not None:  # the effect of a retracted correction is kept, but nothing reads it
        return item
    return replace(item, standing=CorrectionEffect(compared, 0).to_text() if compared else "", overtaken_at=None)


def _derived_values(row: Row | CountedFeedback) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in DERIVED_COLUMNS)


class _Writer:
    """Writes the expected derived columns and reviews."""

    def __init__(self, connection: Connection, judge_pk: int) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self._rows: list[ColumnValues] = []
        self._reviews: list[ColumnValues] = []

    def visit_feedback(self, row: Row, expected: CountedFeedback) -> None:
        if _derived_values(row) != _derived_values(expected):
            here = {"_judge": self.judge_pk, "_seq": expected.seq}
            values = zip(DERIVED_COLUMNS, _derived_values(expected), strict=True)
            self._rows.append(here | {f"_{name}": value for name, value in values})

    def visit_evaluation(self, evaluation: EvaluationRef, *, reviewed: bool) -> None:
        here = {"judge_pk": self.judge_pk, "seq": evaluation.seq, "created_at": evaluation.created_at}
        self._reviews.append(here | {"reviewed": reviewed})

    def flush(self) -> None:
        if self._rows:
            here = (Feedback.judge_pk == bindparam("_judge"), Feedback.seq == bindparam("_seq"))
            values: ColumnValues = {name: bindparam(f"_{name}") for name in DERIVED_COLUMNS}
            self.connection.execute(update(Feedback).where(*here).values(values), self._rows)
        if self._reviews:
            self.connection.execute(insert(Review), self._reviews)
        self._rows, self._reviews = [], []


class _Checker:
    """Collects the differences between stored and expected values."""

    def __init__(self, connection: Connection, judge_pk: int, judge_id: str) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.judge_id = judge_id
        self.mismatches: list[CounterMismatch] = []
        self._reviews: dict[int, bool] = {}

    def visit_feedback(self, row: Row, expected: CountedFeedback) -> None:
        stored, counted = _derived_values(row), _derived_values(expected)
        if stored != counted:
            self._add(f"the standing of feedback {expected.seq}", stored, counted)

    def visit_evaluation(self, evaluation: EvaluationRef, *, reviewed: bool) -> None:
        self._reviews[evaluation.seq] = reviewed

    def flush(self) -> None:
        statement = select(Review.seq, Review.reviewed).where(
            Review.judge_pk == self.judge_pk, Review.seq.between(min(self._reviews), max(self._reviews))
        )
        stored: dict[int, bool] = {row.seq: row.reviewed for row in self.connection.execute(statement)}
        for seq in sorted(self._reviews.keys() | stored.keys()):
            if self._reviews.get(seq) != stored.get(seq):
                self._add(f"whether evaluation {seq} has feedback", stored.get(seq), self._reviews.get(seq))
        self._reviews = {}

    def compare(self, table: type[Base], expected: list[tuple[Any, ...]]) -> None:
        """Compare the judge's counters in a table with the expected rows."""
        names, _ = key_and_value_columns(table)
        rows = self.connection.execute(select(table.__table__).where(table.__table__.c.judge_pk == self.judge_pk))
        stored, counted = (
            {tuple(row[: len(names)]): tuple(row[len(names) :]) for row in table_rows}
            for table_rows in (rows, expected)
        )
        for key in sorted(stored.keys() | counted.keys(), key=str):
            if stored.get(key) != counted.get(key):
                name = ", ".join(f"{name} {part}" for name, part in zip(names[1:], key[1:], strict=True))
                self._add(f"{table.__tablename__} of {name}", stored.get(key), counted.get(key))

    def _add(self, what: str, stored: object, counted: object) -> None:
        self.mismatches.append(CounterMismatch(self.judge_id, what, stored, counted))
