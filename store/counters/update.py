"""Keep the counters of a judge's feedback true, in the transaction that changes the feedback.

Whoever changes feedback holds the judge's row until the transaction ends, so the counters of one judge are changed by
one after another, and a unit that fails takes its counting back with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from models.agreement import count_coincidences
from models.base import Base, to_microseconds
from models.counters.effective_feedback import CorrectionEffect, EffectiveFeedback, compute_effective
from models.counters.tables import (
    ALL_TIME,
    CONFLICT,
    ORDER_WIDTH,
    TIME_WIDTHS,
    USABLE,
    Coincidence,
    CriterionCounter,
    FeedbackCounter,
    GroupCounter,
    RaterCounter,
    Review,
)
from models.counters.tally import CriterionScales, Tally, classify_feedback
from models.evaluation import Evaluation, Scores
from models.feedback import Feedback, FeedbackType
from store import judges
from store.database.bulk_insert import insert_many
from store.database.rows import ColumnValues, in_values, without_index
from store.database.upsert import add_to_counters


class EvaluationRef(NamedTuple):
    """What counting must know of an evaluation; a row of ``Evaluation`` will do."""

    id: str
    seq: int
    group: str | None
    scores: Scores
    created_at: datetime


@dataclass(slots=True)
class CountedFeedback:
    """An item of feedback as it is counted."""

    seq: int
    evaluation_id: str
    type: FeedbackType
    scores: Scores | None
    rating: int | None
    approved: bool | None
    criteria: str
    compared: str
    standing: str
    overtaken_at: datetime | None
    submitted_by: str
    submitted_at: datetime

    def with_effect(self, word: CorrectionEffect | None) -> "CountedFeedback":
        """The same with another standing; itself where that is what it has."""
        text = word.to_text() if word is not None else ""
        overtaken = word.superseded_at if word is not None else None
        if (text, overtaken) == (self.standing, self.overtaken_at):
            return self
        return replace(self, standing=text, overtaken_at=overtaken)


Items = Sequence[CountedFeedback]
COUNTED_COLUMNS = [getattr(Feedback, name) for name in CountedFeedback.__slots__]
EVALUATION_REF_COLUMNS = [getattr(Evaluation, name) for name in EvaluationRef._fields]


@dataclass(slots=True)
class CounterDelta:
    """What a change adds to a judge's counters.

    Everything is counted as it comes, as often as it comes; ``finalize`` makes of it what counters hold.
    """

    buckets: defaultdict[tuple[int, int], Tally] = field(default_factory=lambda: defaultdict(Tally))
    groups: Counter[tuple[str, str]] = field(default_factory=Counter)
    opinions: Counter[tuple[int, tuple[float, ...]]] = field(default_factory=Counter)
    pairs: Counter[tuple[int, int, float, float]] = field(default_factory=Counter)

    def add(self, item: CountedFeedback, about: EvaluationRef, sign: int = 1) -> None:
        """Add an item to the finest bucket of time, or take it off; ``finalize`` carries it to the wider ones."""
        self.buckets[finest_bucket(item.submitted_at)].add(item, about.scores, sign)
        verdict = classify_feedback(item)
        if verdict is not None:
            self.order(item.seq).counts[verdict] += sign
        if item.standing and about.group is not None:
            self.groups[about.group, item.compared] += sign

    def change_effect(self, item: CountedFeedback, standing: str) -> None:
        """A correction's standing may have become another."""
        if item.standing == standing:
            return
        for text, sign in ((item.standing, -1), (standing, 1)):
            self.buckets[finest_bucket(item.submitted_at)].counts[USABLE, text] += sign
            self.order(item.seq).counts[USABLE, text] += sign

    def add_effective(self, standing: EffectiveFeedback, sign: int = 1) -> None:
        """What stands of one evaluation's feedback, or no longer does."""
        ever = self.buckets[ALL_TIME, 0].counts
        for key in standing.counters:
            ever[key] += sign
        for opinions in standing.score_sets:
            self.opinions[opinions] += sign

    def order(self, seq: int) -> Tally:
        """The bucket of a place in the order of ingestion."""
        return self.buckets[ORDER_WIDTH, seq // ORDER_WIDTH * ORDER_WIDTH]

    def finalize(self, scales: CriterionScales) -> None:
        """Sum up shifts and coincidences, and add each bucket of time to the wider ones it lies in."""
        for tally in self.buckets.values():
            tally.finalize(scales)
        for narrow, wide in pairwise((*TIME_WIDTHS, ALL_TIME)):
            for (width, start), tally in list(self.buckets.items()):
                if width == narrow:
                    self.buckets[wide, start // wide * wide if wide else 0].merge(tally)
        ever = self.buckets[ALL_TIME, 0].counts
        for (ordinal, scores), number in self.opinions.items():
            if scores[-1] - scores[0] > scales.steps[ordinal] * (1 + 1e-9):
                ever[CONFLICT, str(ordinal)] += number
            for (raters, low, high), count in count_coincidences(scores).items():
                self.pairs[ordinal, raters, low, high] += number * count
        self.opinions.clear()


def finest_bucket(moment: datetime) -> tuple[int, int]:
    """The finest bucket of time that a moment lies in."""
    width = TIME_WIDTHS[0]
    return width, to_microseconds(moment) // width * width


def load_scales(connection: Connection, judge_pk: int) -> CriterionScales:
    """What counting must know of a judge's criteria."""
    return CriterionScales({criterion.ordinal: criterion for criterion in judges.list_criteria(connection, judge_pk)})


def apply_changes(
    connection: Connection,
    judge_pk: int,
    about: Mapping[str, EvaluationRef],
    *,
    added: Sequence[CountedFeedback] = (),
    removed: Sequence[CountedFeedback] = (),
) -> None:
    """Make the counters say what the rows say, after items were added or removed.

    Args:
        connection: of a writing unit that holds the judge's row.
        judge_pk: the judge.
        about: all evaluations that the items are about, by id.
        added: new items, which are in the database; a correction stands for all its criteria yet.
        removed: items that no longer count, as they stood.
    """
    change = _FeedbackChange(judge_pk)
    first = min((item.seq for item in added), default=None)  # all that were there before have earlier places
    others = group_by_evaluation(load_counted(connection, list(about), first))
    coming, going = group_by_evaluation(added), group_by_evaluation(removed)
    for evaluation_id, item_about in about.items():
        change.of(item_about, others[evaluation_id], coming[evaluation_id], going[evaluation_id])
    change.write(connection)


class _FeedbackChange:
    """What a change of feedback changes besides."""

    def __init__(self, judge_pk: int) -> None:
        self.judge_pk = judge_pk
        self.sums = CounterDelta()
        self._restated: list[ColumnValues] = []
        self._turned: dict[bool, list[int]] = {True: [], False: []}

    def of(self, about: EvaluationRef, kept: Items, arrived: Items, left: Items) -> None:
        """The items about one evaluation: those that were there and stay, those that came, and those that went."""
        grouped = about.group is not None
        after = compute_effective((*kept, *arrived), grouped=grouped)
        self.sums.add_effective(after)
        if kept or left:
            self.sums.add_effective(compute_effective((*kept, *left), grouped=grouped), -1)
        for item in left:
            self.sums.add(item, about, -1)
        for item in arrived:
            self.sums.add(self._restate(item, after.effects.get(item.seq)), about)
        for item in kept:
            self.sums.change_effect(item, self._restate(item, after.effects.get(item.seq)).standing)
        if bool(kept or left) != bool(kept or arrived):
            self._turned[bool(arrived)].append(about.seq)

    def write(self, connection: Connection) -> None:
        """Write all of it."""
        write_effects(connection, self._restated)
        for reviewed, places in self._turned.items():
            if places:
                here = (Review.judge_pk == self.judge_pk, in_values(connection, Review.seq, places))
                connection.execute(update(Review).where(*here).values(reviewed=reviewed))
        self.sums.finalize(load_scales(connection, self.judge_pk))
        write_delta(connection, self.judge_pk, self.sums)

    def _restate(self, item: CountedFeedback, word: CorrectionEffect | None) -> CountedFeedback:
        now = item.with_effect(word)
        if now is not item:
            here = {"_judge": self.judge_pk, "_seq": item.seq}
            self._restated.append(here | {"_standing": now.standing, "_overtaken_at": now.overtaken_at})
        return now


def load_counted(
    connection: Connection, evaluation_ids: Sequence[str], before: int | None = None
) -> Iterator[CountedFeedback]:
    """The items about evaluations of one judge that count; those that came in before a place, if one is given."""
    about = in_values(connection, Feedback.evaluation_id, evaluation_ids)
    statement = select(*COUNTED_COLUMNS).where(about, Feedback.retracted_at.is_(None))
    if before is not None:
        statement = statement.where(without_index(Feedback.seq) < before)
    for row in connection.execute(statement):
        yield CountedFeedback(*row)


def group_by_evaluation(items: Iterable[CountedFeedback]) -> defaultdict[str, list[CountedFeedback]]:
    """Items by what they are about."""
    found: defaultdict[str, list[CountedFeedback]] = defaultdict(list)
    for item in items:
        found[item.evaluation_id].append(item)
    return found


def write_effects(connection: Connection, rows: Sequence[ColumnValues]) -> None:
    """Write what corrections stand for now."""
    if rows:
        here = (Feedback.judge_pk == bindparam("_judge"), Feedback.seq == bindparam("_seq"))
        values: ColumnValues = {"standing": bindparam("_standing"), "overtaken_at": bindparam("_overtaken_at")}
        connection.execute(update(Feedback).where(*here).values(values), list(rows))


def write_delta(connection: Connection, judge_pk: int, sums: CounterDelta) -> None:
    """Add sums to the judge's counters."""
    for table, rows in delta_rows(judge_pk, sums).items():
        add_to_counters(connection, table, rows)


def delta_rows(judge_pk: int, sums: CounterDelta) -> dict[type[Base], list[tuple[Any, ...]]]:
    """Return a delta as rows of the tables of counters, in the order of their columns."""
    counts: list[tuple[Any, ...]] = []
    raters: list[tuple[Any, ...]] = []
    criteria: list[tuple[Any, ...]] = []
    for (width, start), tally in sorted(sums.buckets.items(), key=lambda entry: entry[0]):
        counts += [(judge_pk, width, start, *key, count) for key, count in tally.counts.items() if count]
        raters += [(judge_pk, width, start, *key, count) for key, count in tally.raters.items() if count]
        criteria += [
            (judge_pk, width, start, ordinal, s.corrections, s.compared, s.agreeing, s.shift, s.absolute, s.square)
            for ordinal, s in tally.shifts.items()
        ]
    return {
        FeedbackCounter: counts,
        RaterCounter: raters,
        CriterionCounter: criteria,
        GroupCounter: [(judge_pk, *key, count) for key, count in sums.groups.items() if count],
        Coincidence: [(judge_pk, *key, count) for key, count in sums.pairs.items() if count],
    }


def add_unreviewed(connection: Connection, rows: Sequence[ColumnValues]) -> None:
    """New evaluations wait for a first word of feedback."""
    if rows:
        names = ("judge_pk", "seq", "created_at")
        insert_many(connection, Review, [{name: row[name] for name in names} | {"reviewed": False} for row in rows])
