"""Maintenance of a judge's feedback counters, in the transaction that changes the feedback.

Key objects:
    Tables of counters (``models.counters.tables``): numbers by judge, bucket, kind and set of criteria. A bucket is a
    quarter of an hour, a day, a month or all time; buckets of order follow the order of ingestion.
    ``EffectiveFeedback``: the effective part of one evaluation's feedback, a pure function of its rows.
    ``CounterDelta``: the numbers that a change adds to the counters.

Protocol of a change:
    1. The unit locks the judge's row, by raising one of its counters, and inserts or retracts rows of feedback.
    2. ``apply_changes`` reads the other items about the same evaluations.
    3. For each evaluation it subtracts the effective feedback before the change and adds the one after it.
    4. It rewrites ``standing`` and ``overtaken_at`` of corrections whose effect changed, and ``reviews.reviewed``.
    5. It derives the wider buckets and adds the delta to the counters, one upsert per table.

Why: figures over millions of items must cost the same as over a thousand. A correction that arrives changes which
earlier corrections count, so the change of a counter depends on the other feedback on the same evaluation only.

Invariants:
    - The counters equal a count of the rows at every commit (``recount.find_mismatches`` compares them).
    - The counters of one judge are changed by one transaction at a time. A unit that fails leaves them unchanged.
    - The same feedback leaves the same counters in whatever order it was added and retracted: sums are whole numbers,
      and rows of zeros are deleted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from sqlalchemy import Connection, update

from models.base import from_microseconds, to_microseconds
from models.counters.effective_feedback import CorrectionEffect, compute_effective
from models.counters.tables import Review
from models.feedback import FeedbackType
from store.counters.delta import CountedFeedback, CounterDelta, EvaluationRef, load_scales
from store.database.bulk_insert import insert_many
from store.database.rows import ColumnValues, in_values
from store.database.store import dump_json

Items = Sequence[CountedFeedback]
ChangedEffect = tuple[str, int | None, int, int]  # standing, overtaken_at, judge_pk, seq

_FEEDBACK_TYPES = {kind.value: kind for kind in FeedbackType}
_COUNTED = (
    "SELECT seq, evaluation_id, type, scores, rating, approved, criteria, compared, standing, overtaken_at, "
    "submitted_by, submitted_at FROM feedback"  # the fields of ``CountedFeedback``
)
_COUNTED_ITEMS = "retracted_at IS NULL AND ({0} IS NULL OR seq + 0 < {0})"  # the sum keeps the index of seq out
_LOAD_COUNTED = {
    "sqlite": " ".join(
        (_COUNTED, "WHERE evaluation_id IN (SELECT value FROM json_each(?1)) AND", _COUNTED_ITEMS.format("?2"))
    ),
    "postgresql": " ".join(
        (_COUNTED, "WHERE evaluation_id = ANY($1::text[]) AND", _COUNTED_ITEMS.format("$2::bigint"))
    ),
}
_WRITE_EFFECTS = {
    "sqlite": "UPDATE feedback SET standing = ?, overtaken_at = ? WHERE judge_pk = ? AND seq = ?",
    "postgresql": (
        "UPDATE feedback SET standing = given.standing, overtaken_at = given.overtaken_at FROM unnest($1::text[], "
        "$2::bigint[], $3::bigint[], $4::bigint[]) AS given (standing, overtaken_at, judge_pk, seq) "
        "WHERE feedback.judge_pk = given.judge_pk AND feedback.seq = given.seq"
    ),
}


def apply_changes(
    connection: Connection,
    judge_pk: int,
    evaluations: Mapping[str, EvaluationRef],
    *,
    added: Items = (),
    removed: Items = (),
) -> None:
    """Update the counters after items of feedback were added or removed.

    Args:
        connection: the connection of a writing unit that holds the judge's row.
        judge_pk: the judge.
        evaluations: all evaluations that the items are about, by id.
        added: new items, which are in the database. Each correction still counts for all of its criteria.
        removed: items that no longer count, with the effect that they had.
    """
    change = _FeedbackChange(judge_pk)
    first_added = min((item.seq for item in added), default=None)  # the items from before have smaller numbers
    kept = _group_by_evaluation(_load_counted(connection, list(evaluations), first_added))
    arrived, left = _group_by_evaluation(added), _group_by_evaluation(removed)
    for evaluation_id, evaluation in evaluations.items():
        change.add(evaluation, kept[evaluation_id], arrived[evaluation_id], left[evaluation_id])
    change.write(connection)


def add_unreviewed(connection: Connection, rows: Sequence[ColumnValues]) -> None:
    """Register new evaluations, given as their rows, as evaluations without feedback."""
    if rows:
        names = ("judge_pk", "seq", "created_at")
        insert_many(connection, Review, [{name: row[name] for name in names} | {"reviewed": False} for row in rows])


class _FeedbackChange:
    """The effects of a change of feedback on counters, on other corrections and on reviews."""

    def __init__(self, judge_pk: int) -> None:
        self.judge_pk = judge_pk
        self.delta = CounterDelta()
        self._changed_effects: list[ChangedEffect] = []
        self._changed_reviews: dict[bool, list[int]] = {True: [], False: []}

    def add(self, evaluation: EvaluationRef, kept: Items, arrived: Items, left: Items) -> None:
        """Add the change of one evaluation's feedback.

        Args:
            evaluation: the evaluation.
            kept: the items that counted before and still count.
            arrived: the items that count from now on.
            left: the items that no longer count.
        """
        grouped = evaluation.group is not None
        after = compute_effective((*kept, *arrived), grouped=grouped)
        self.delta.add_effective(after)
        if kept or left:
            self.delta.add_effective(compute_effective((*kept, *left), grouped=grouped), -1)
        for item in left:
            self.delta.add(item, evaluation, -1)
        for item in arrived:
            self.delta.add(self._with_effect(item, after.effects.get(item.seq)), evaluation)
        for item in kept:
            self.delta.change_effect(item, self._with_effect(item, after.effects.get(item.seq)).standing)
        if bool(kept or left) != bool(kept or arrived):
            self._changed_reviews[bool(arrived)].append(evaluation.seq)

    def write(self, connection: Connection) -> None:
        """Write the effects, the reviews and the counters."""
        _write_effects(connection, self._changed_effects)
        for reviewed, seqs in self._changed_reviews.items():
            if seqs:
                here = (Review.judge_pk == self.judge_pk, in_values(connection, Review.seq, seqs))
                connection.execute(update(Review).where(*here).values(reviewed=reviewed))
        self.delta.finalize(load_scales(connection, self.judge_pk))
        self.delta.write(connection, self.judge_pk)

    def _with_effect(self, item: CountedFeedback, effect: CorrectionEffect | None) -> CountedFeedback:
        changed = item.with_effect(effect)
        if changed is not item:
            superseded_at = None if changed.overtaken_at is None else to_microseconds(changed.overtaken_at)
            self._changed_effects.append((changed.standing, superseded_at, self.judge_pk, item.seq))
        return changed


def _load_counted(
    connection: Connection, evaluation_ids: Sequence[str], before: int | None
) -> Iterator[CountedFeedback]:
    """Yield the items about some evaluations of one judge that are not retracted.

    Args:
        connection: the connection to read from.
        evaluation_ids: the evaluations.
        before: yield only items whose ``seq`` is below; None for all items.
    """
    statement, given = _LOAD_COUNTED[connection.dialect.name], list(evaluation_ids)
    parameters = (given if connection.dialect.name == "postgresql" else dump_json(given), before)
    # The columns are decoded here, because a batch reads several rows for each of its items.
    rows = connection.exec_driver_sql(statement, parameters).all()
    for seq, about, kind, scores, rating, approved, criteria, compared, standing, superseded_at, by, at in rows:
        yield CountedFeedback(
            seq,
            about,
            _FEEDBACK_TYPES[kind],
            None if scores is None else orjson.loads(scores),
            rating,
            None if approved is None else bool(approved),
            criteria,
            compared,
            standing,
            None if superseded_at is None else from_microseconds(superseded_at),
            by,
            from_microseconds(at),
        )


def _group_by_evaluation(items: Iterable[CountedFeedback]) -> defaultdict[str, list[CountedFeedback]]:
    found: defaultdict[str, list[CountedFeedback]] = defaultdict(list)
    for item in items:
        found[item.evaluation_id].append(item)
    return found


def _write_effects(connection: Connection, rows: Sequence[ChangedEffect]) -> None:
    if rows:
        columns = list(zip(*rows, strict=True))
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(_WRITE_EFFECTS["postgresql"], tuple(map(list, columns)))
        else:
            connection.exec_driver_sql(_WRITE_EFFECTS["sqlite"], list(rows))
