"""Assessment of the feedback that a job would learn from: duplicates, exclusions, agreement and class balance."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from models.evaluation import Scores
from models.feedback import FeedbackBounds
from models.job_codes import ExclusionReason
from models.judge import Criterion
from runner.dataset.labels import EvaluationScores, JudgedFeedback, Label, LabelBuilder
from runner.jobs.detectable_effect import IntraGroupCorrelation
from store.database.store import Store
from store.summary.excluded import count_excluded
from store.summary.sample import read_newest, read_texts
from trainer.folds import digest_texts

MAX_EXAMINED = 5_000
"""Newest items of feedback that are examined; it bounds the cost of a preflight for judges of any size."""
MAX_COMPARED = 1_000
"""Evaluations whose texts are compared to find copies; it bounds the texts that a preflight reads."""
ROWS_PER_READ = 500
"""Rows per read; other requests are served between two reads."""


class ExaminedFeedback(JudgedFeedback, Protocol):
    """Columns of feedback that are examined, with those of its evaluation."""

    submitted_at: datetime
    raw: Scores
    shown: Scores | None
    group: str | None


@dataclass(frozen=True, slots=True)
class LabelBalance:
    """Balance of one criterion's labels: their number, and the number of those with the commonest score."""

    ordinal: int
    labels: int
    commonest: float  # score on the scale's grid
    count: int


@dataclass(frozen=True, slots=True)
class FeedbackAssessment:
    """Figures of the newest feedback within bounds.

    ``examined`` items were read; ``whole`` is true if there are no others. Of the ``corrected`` scores, ``agreeing``
    are within half a step of the judge's own; ``confirmed`` scores were found right. ``repeated`` scores or verdicts
    were replaced by later ones of the same rater. ``excluded`` counts feedback that is not learned from, by the reason.
    ``copies`` evaluations have the same texts as another one among those compared. ``group_correlation`` is that of the
    judge's absolute errors within groups.
    """

    examined: int = 0
    whole: bool = True
    corrected: int = 0
    agreeing: int = 0
    confirmed: int = 0
    repeated: int = 0
    excluded: dict[ExclusionReason, int] = field(default_factory=dict)
    copies: int = 0
    group_correlation: IntraGroupCorrelation = field(default_factory=IntraGroupCorrelation)
    balance: tuple[LabelBalance, ...] = ()

    @property
    def agreeing_share(self) -> float | None:
        """Return the share (0 to 1) of the corrected scores that agree with the judge; None if there are none."""
        return self.agreeing / self.corrected if self.corrected else None


async def examine_feedback(
    store: Store, judge_pk: int, criteria: Sequence[Criterion], bounds: FeedbackBounds
) -> FeedbackAssessment:
    """Examine the newest feedback within bounds by the rules that the training process applies to all of it.

    Args:
        store: the database.
        judge_pk: the judge.
        criteria: its criteria.
        bounds: bounds of the feedback.
    """
    bounds = replace(bounds, criteria=None)  # target criteria narrow the counts, not what is learned from
    rows: list[ExaminedFeedback] = []
    read = partial(read_newest, judge_pk=judge_pk, bounds=bounds, size=ROWS_PER_READ)
    block = await store.read(partial(read, below=None))
    while block and len(rows) < MAX_EXAMINED:
        rows += block
        block = await store.read(partial(read, below=rows[-1].seq))
    unqualified = await store.read(partial(count_excluded, judge_pk=judge_pk, bounds=bounds))
    found = await asyncio.to_thread(_assess_rows, rows, criteria)
    copies = await _count_copies(store, list(dict.fromkeys(row.evaluation_id for row in rows)))
    return replace(found, whole=not block, excluded=unqualified | found.excluded, copies=copies)


async def _count_copies(store: Store, evaluation_ids: list[str]) -> int:
    """Return how many of the newest evaluations have the same texts as another one of them."""
    digests: Counter[bytes] = Counter()
    for start in range(0, min(len(evaluation_ids), MAX_COMPARED), ROWS_PER_READ):
        block = evaluation_ids[start : start + ROWS_PER_READ]
        texts = await store.read(partial(read_texts, evaluation_ids=block))
        digests.update(await asyncio.to_thread(_digest_rows, texts))
    return sum(count for count in digests.values() if count > 1)


def _digest_rows(rows: list[Any]) -> list[bytes]:
    return [digest_texts(row.input, row.output) for row in rows]


def _assess_rows(rows: list[ExaminedFeedback], criteria: Sequence[Criterion]) -> FeedbackAssessment:
    """Compute the figures of rows of feedback, which may be in any order."""
    builder = LabelBuilder()
    for row in sorted(rows, key=lambda row: (row.submitted_at, row.seq)):
        builder.add(row)
    scores = {row.evaluation_id: EvaluationScores(row.raw, row.shown) for row in rows}
    groups = {row.evaluation_id: row.group for row in rows}
    label_set = builder.build(scores.__getitem__, len(criteria))
    excluded = label_set.excluded
    corrections = [label for label in label_set.labels if not label.confirmed]
    return FeedbackAssessment(
        examined=len(rows),
        corrected=len(corrections),
        agreeing=sum(_agrees_with_judge(label, scores, criteria) for label in corrections),
        confirmed=len(label_set.labels) - len(corrections),
        repeated=excluded[ExclusionReason.LATER_CORRECTION] + excluded[ExclusionReason.LATER_VERDICT],
        excluded=dict(excluded),
        group_correlation=_group_correlation(corrections, scores, groups, criteria),
        balance=_count_label_balance(label_set.labels, criteria),
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
    return IntraGroupCorrelation.estimate(list(errors.values()))


def _count_label_balance(labels: list[Label], criteria: Sequence[Criterion]) -> tuple[LabelBalance, ...]:
    counts: dict[int, Counter[float]] = {criterion.ordinal: Counter() for criterion in criteria}
    for label in labels:
        criterion = criteria[label.ordinal]
        steps = round((label.score - criterion.minimum) / criterion.step)
        counts[label.ordinal][min(criterion.maximum, criterion.minimum + steps * criterion.step)] += 1
    return tuple(
        LabelBalance(ordinal, found.total(), *found.most_common(1)[0]) for ordinal, found in counts.items() if found
    )
