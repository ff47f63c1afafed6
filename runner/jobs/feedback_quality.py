"""How good the feedback is that a job would learn from: who repeats themselves, what is left out, what is lopsided."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from models.feedback import FeedbackBounds
from models.job_codes import ExclusionReason
from models.judge import Criterion
from runner.dataset.labels import EvaluationScores, Label, LabelBuilder
from runner.jobs.detectable_effect import IntraGroupCorrelation
from store.database.store import Store
from store.summary.excluded import count_excluded
from store.summary.sample import read_newest

MAX_EXAMINED = 5_000
"""Items of feedback looked at, the newest: it bounds what a preflight costs, however large a judge is."""
ROWS_PER_READ = 500
"""Rows read at a time; between two blocks other requests have their turn."""


@dataclass(frozen=True, slots=True)
class LabelBalance:
    """The labels of one criterion: how many, and how many of them say the same."""

    ordinal: int
    labels: int
    commonest: float  # the score, on the scale's grid
    count: int


@dataclass(frozen=True, slots=True)
class FeedbackAssessment:
    """What the newest feedback within bounds looks like.

    ``examined``: items looked at; ``whole``: whether these are all there are. ``corrected``: corrected scores,
    ``agreeing`` of which are the judge's own, within half a step; ``confirmed``: scores that were found right.
    ``excluded``: what would not be learned from, by the reason. ``likeness``: of the judge's errors within groups.
    """

    examined: int = 0
    whole: bool = True
    corrected: int = 0
    agreeing: int = 0
    confirmed: int = 0
    repeated: int = 0
    excluded: dict[ExclusionReason, int] = field(default_factory=dict)
    likeness: IntraGroupCorrelation = field(default_factory=IntraGroupCorrelation)
    balance: tuple[LabelBalance, ...] = ()

    @property
    def agreeing_share(self) -> float | None:
        """Share (0..1) of the corrected scores that agree with the judge; None without any."""
        return self.agreeing / self.corrected if self.corrected else None


async def examine_feedback(
    store: Store, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
) -> FeedbackAssessment:
    """Look at the newest feedback within bounds, as the training process will at all of it."""
    bounds = replace(bounds, criteria=None)  # targets narrow what is counted, not what is learned from
    rows: list[Any] = []
    read = partial(read_newest, judge_pk=judge_pk, bounds=bounds, size=ROWS_PER_READ)
    block = await store.read(partial(read, below=None))
    while block and len(rows) < MAX_EXAMINED:
        rows += block
        block = await store.read(partial(read, below=rows[-1].seq))
    unqualified = await store.read(partial(count_excluded, judge_pk=judge_pk, bounds=bounds))
    found = await asyncio.to_thread(_assess_rows, rows, criteria)
    return replace(found, whole=not block, excluded=unqualified | found.excluded)


def _assess_rows(rows: list[Any], criteria: Sequence[Criterion]) -> FeedbackAssessment:
    """What rows of feedback, in whatever order, look like."""
    builder = LabelBuilder()
    for row in sorted(rows, key=lambda row: (row.submitted_at, row.seq)):
        builder.add(row)
    scores = {row.evaluation_id: EvaluationScores(row.raw, row.shown) for row in rows}
    said = builder.build(scores.__getitem__, len(criteria))
    corrections = [label for label in said.labels if not label.confirmed]
    return FeedbackAssessment(
        examined=len(rows),
        corrected=len(corrections),
        agreeing=sum(_agrees_with_judge(label, scores, criteria) for label in corrections),
        confirmed=len(said.labels) - len(corrections),
        repeated=said.excluded[ExclusionReason.LATER_CORRECTION] + said.excluded[ExclusionReason.LATER_VERDICT],
        excluded=dict(said.excluded),
        likeness=_group_correlation(corrections, scores, {row.evaluation_id: row.group for row in rows}, criteria),
        balance=_count_label_balance(said.labels, criteria),
    )


def _agrees_with_judge(label: Label, scores: dict[str, EvaluationScores], criteria: Sequence[Criterion]) -> bool:
    raw = scores[label.evaluation_id].raw[label.ordinal]
    assert raw is not None
    return abs(label.score - raw) <= criteria[label.ordinal].step / 2


def _group_correlation(
    corrections: list[Label],
    scores: dict[str, EvaluationScores],
    groups: dict[str, str | None],
    criteria: Sequence[Criterion],
) -> IntraGroupCorrelation:
    errors: dict[tuple[str, bool], list[float]] = {}
    for label in corrections:
        raw, criterion = scores[label.evaluation_id].raw[label.ordinal], criteria[label.ordinal]
        assert raw is not None
        group = groups[label.evaluation_id]
        key = (label.evaluation_id, False) if group is None else (group, True)
        errors.setdefault(key, []).append(abs(label.score - raw) / (criterion.maximum - criterion.minimum))
    return IntraGroupCorrelation.of(list(errors.values()))


def _count_label_balance(labels: list[Label], criteria: Sequence[Criterion]) -> tuple[LabelBalance, ...]:
    counts: dict[int, Counter[float]] = {criterion.ordinal: Counter() for criterion in criteria}
    for label in labels:
        criterion = criteria[label.ordinal]
        steps = round((label.score - criterion.minimum) / criterion.step)
        counts[label.ordinal][min(criterion.maximum, criterion.minimum + steps * criterion.step)] += 1
    return tuple(
        LabelBalance(ordinal, found.total(), *found.most_common(1)[0]) for ordinal, found in counts.items() if found
    )
