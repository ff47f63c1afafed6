"""Count a judge's feedback anew from its rows: to fill the counters where there are none yet, and to check them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
from store.counters import update as counters
from store.counters.update import COUNTED_COLUMNS, CountedFeedback, CounterDelta, EvaluationRef
from store.database.rows import ColumnValues, in_values
from store.database.upsert import key_and_value_columns

PAGE_SIZE = 2000  # evaluations at once
COUNTER_TABLES = (FeedbackCounter, CriterionCounter, RaterCounter, GroupCounter, Coincidence)


@dataclass(frozen=True, slots=True)
class CounterMismatch:
    """A counter that does not say what the rows say."""

    judge_id: str
    what: str
    kept: object
    counted: object

    def __str__(self) -> str:
        return f"{self.judge_id}: {self.what} is {self.kept}, but the rows make it {self.counted}."


def rebuild_stale(connection: Connection) -> int:
    """Count the judges whose counters follow an older edition of the rules; how many there were."""
    stale = connection.execute(select(Judge.pk).where(Judge.counted < RULES_EDITION).order_by(Judge.pk)).scalars().all()
    for judge_pk in stale:
        connection.execute(update(Judge).where(Judge.pk == judge_pk).values(counted=RULES_EDITION))  # locks it too
        for table in (*COUNTER_TABLES, Review):
            connection.execute(delete(table).where(table.judge_pk == judge_pk))
        sums = CounterDelta()
        _recount(connection, judge_pk, sums, _Writer(connection, judge_pk))
        counters.write_delta(connection, judge_pk, sums)
    return len(stale)


def find_mismatches(connection: Connection) -> list[CounterMismatch]:
    """Where the counters of any judge differ from its rows."""
    found: list[CounterMismatch] = []
    for judge_pk, judge_id in connection.execute(select(Judge.pk, Judge.id).order_by(Judge.pk)).all():
        checker = _Checker(connection, judge_pk, judge_id)
        sums = CounterDelta()
        _recount(connection, judge_pk, sums, checker)
        expected = counters.delta_rows(judge_pk, sums)
        for table in COUNTER_TABLES:
            checker.compare(table, expected[table])
        found += checker.differences
    return found


Row = Any
DERIVED_COLUMNS = ("criteria", "compared", "standing", "overtaken_at")  # columns of feedback that follow from others


def _recount(connection: Connection, judge_pk: int, sums: CounterDelta, visitor: "_Writer | _Checker") -> None:
    """Go through all evaluations of a judge with their feedback; the visitor sees what each row should say."""
    for evaluations in _pages(connection, judge_pk):
        rows: dict[str, list[Row]] = {about.id: [] for about in evaluations}
        statement = select(*COUNTED_COLUMNS, Feedback.retracted_at).where(
            in_values(connection, Feedback.evaluation_id, list(rows))
        )
        for row in connection.execute(statement):
            rows[row.evaluation_id].append(row)
        for about in evaluations:
            items = [(row, _as_counted(row, about)) for row in rows[about.id]]
            live = [item for row, item in items if row.retracted_at is None]
            standing = compute_effective(live, grouped=about.group is not None)
            sums.add_effective(standing)
            for row, item in items:
                if row.retracted_at is None:
                    final = item.with_effect(standing.effects.get(item.seq))
                    sums.add(final, about)
                    visitor.row(row, final)
                else:
                    visitor.row(row, item)
            visitor.evaluation(about, reviewed=bool(live))
        visitor.flush()
    sums.finalize(counters.load_scales(connection, judge_pk))


def _pages(connection: Connection, judge_pk: int) -> Iterator[list[EvaluationRef]]:
    columns = [getattr(Evaluation, name) for name in EvaluationRef._fields]
    after = 0
    while True:
        statement = select(*columns).where(Evaluation.judge_pk == judge_pk, Evaluation.seq > after)
        page = [EvaluationRef(*row) for row in connection.execute(statement.order_by(Evaluation.seq).limit(PAGE_SIZE))]
        if not page:
            return
        yield page
        after = page[-1].seq


def _as_counted(row: Row, about: EvaluationRef) -> CountedFeedback:
    """A row with what its own scores say, and no regard to other rows."""
    values = [getattr(row, name) for name in CountedFeedback.__slots__]
    item = CountedFeedback(*values)
    if item.type is not FeedbackType.CORRECTION:
        return item
    touched = set_of_scored(item.scores)
    compared = touched & set_of_scored(about.scores)
    fresh = dict(zip(CountedFeedback.__slots__, values, strict=True))
    derived: ColumnValues = {"criteria": set_to_text(touched), "compared": set_to_text(compared)}
    if row.retracted_at is None:  # a retracted correction keeps what it stood for: nobody reads it
        derived |= {"standing": CorrectionEffect(compared, 0).to_text() if compared else "", "overtaken_at": None}
    return CountedFeedback(**fresh | derived)


def _derived(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in DERIVED_COLUMNS)


class _Writer:
    """Writes what rows should say."""

    def __init__(self, connection: Connection, judge_pk: int) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self._rows: list[ColumnValues] = []
        self._reviews: list[ColumnValues] = []

    def row(self, row: Row, item: CountedFeedback) -> None:
        if _derived(row) != _derived(item):
            here = {"_judge": self.judge_pk, "_seq": item.seq}
            values = zip(DERIVED_COLUMNS, _derived(item), strict=True)
            self._rows.append(here | {f"_{name}": value for name, value in values})

    def evaluation(self, about: EvaluationRef, *, reviewed: bool) -> None:
        here = {"judge_pk": self.judge_pk, "seq": about.seq, "created_at": about.created_at}
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
    """Notes where rows and counters do not say what they should."""

    def __init__(self, connection: Connection, judge_pk: int, judge_id: str) -> None:
        self.connection = connection
        self.judge_pk = judge_pk
        self.judge_id = judge_id
        self.differences: list[CounterMismatch] = []
        self._reviews: dict[int, bool] = {}

    def row(self, row: Row, item: CountedFeedback) -> None:
        kept, counted = _derived(row), _derived(item)
        if kept != counted:
            self._differ(f"the standing of feedback {item.seq}", kept, counted)

    def evaluation(self, about: EvaluationRef, *, reviewed: bool) -> None:
        self._reviews[about.seq] = reviewed

    def flush(self) -> None:
        statement = select(Review.seq, Review.reviewed).where(
            Review.judge_pk == self.judge_pk, Review.seq.between(min(self._reviews), max(self._reviews))
        )
        kept: dict[int, bool] = {row.seq: row.reviewed for row in self.connection.execute(statement)}
        for seq in sorted(self._reviews.keys() | kept.keys()):
            if self._reviews.get(seq) != kept.get(seq):
                self._differ(f"whether evaluation {seq} has feedback", kept.get(seq), self._reviews.get(seq))
        self._reviews = {}

    def compare(self, table: type[Base], expected: list[tuple[Any, ...]]) -> None:
        """Compare a table's counters of the judge with those the rows make."""
        names, _ = key_and_value_columns(table)
        judge = table.__table__.c.judge_pk == self.judge_pk
        rows = self.connection.execute(select(table.__table__).where(judge))
        kept, counted = [{tuple(row[: len(names)]): tuple(row[len(names) :]) for row in of} for of in (rows, expected)]
        for key in sorted(kept.keys() | counted.keys(), key=str):
            if kept.get(key) != counted.get(key):
                name = ", ".join(f"{name} {part}" for name, part in zip(names[1:], key[1:], strict=True))
                self._differ(f"{table.__tablename__} of {name}", kept.get(key), counted.get(key))

    def _differ(self, what: str, kept: object, counted: object) -> None:
        self.differences.append(CounterMismatch(self.judge_id, what, kept, counted))
