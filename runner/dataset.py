"""From feedback to labels: what a job learns from, as arrays for the trainer, and what was left out and why.

People correct mostly what is wrong, so a high rating and an approval count too: they say that the score people were
shown was right. A low rating and a refusal say that it was wrong, in an unknown direction: doubt, never a label.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from models.evaluation import Evaluation, score_at, shown_at
from models.feedback import CONFIRMING_RATING, DOUBTING_RATING, Bounds, Feedback, FeedbackType
from models.judge import Criterion
from store import feedback
from store.rows import every
from trainer.base import Doubts, Items, Labels, Scale


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """What the trainer is given, and a digest of it by which a version's origin can be checked."""

    items: Items
    labels: Labels
    doubts: Doubts
    raters: tuple[str, ...]
    left_out: dict[str, int]
    digest: str


@dataclass(slots=True)
class _Opinions:
    """The latest word of each rater, as rows come in the order in which they were given."""

    corrections: dict[tuple[str, int, str], tuple[int, float]] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, row: Any) -> None:
        if row.type is FeedbackType.CORRECTION:
            for ordinal, score in enumerate(row.scores):
                if score is not None:
                    key = (row.evaluation_id, ordinal, row.submitted_by)
                    self.left_out["replaced by the same person's later correction"] += key in self.corrections
                    self.corrections[key] = (row.seq, score)
        elif row.type is FeedbackType.COMMENT:
            self.left_out["comments"] += 1
        elif row.rating is not None and DOUBTING_RATING < row.rating < CONFIRMING_RATING:
            self.left_out["ratings of 3, which say nothing"] += 1
        else:
            right = row.rating >= CONFIRMING_RATING if row.rating is not None else bool(row.approved)
            whose = (row.evaluation_id, row.submitted_by)
            self.left_out["replaced by the same person's later verdict"] += whose in self.verdicts
            self.verdicts[whose] = (row.seq, right)


def scales_of(criteria: tuple[Criterion, ...]) -> tuple[Scale, ...]:
    """A judge's criteria as the trainer knows them: by key, so that a version means the same in another database."""
    return tuple(Scale(c.key, c.name, c.minimum, c.maximum, c.step, c.weight) for c in criteria)


def load(connection: Connection, judge_pk: int, criteria_count: int, bounds: Bounds, watermark: int) -> Dataset:
    """The feedback within bounds as labels, in order of ingestion, with the items they are about.

    Args:
        connection: of a reading unit.
        judge_pk: the judge.
        criteria_count: how many criteria it has.
        bounds: which feedback is meant.
        watermark: feedback up to this place in order of ingestion was known to the base version.
    """
    opinions = _Opinions()
    rows = feedback.within(
        select(
            Feedback.seq,
            Feedback.type,
            Feedback.scores,
            Feedback.rating,
            Feedback.approved,
            Feedback.submitted_by,
            Feedback.evaluation_id,
        ),
        judge_pk,
        bounds,
    )
    for row in connection.execute(rows.order_by(None).order_by(Feedback.submitted_at, Feedback.seq)):
        opinions.add(row)
    named = feedback.within(select(Feedback.evaluation_id), judge_pk, bounds).order_by(None)
    evaluations = {
        row.id: row
        for row in every(
            connection, select(Evaluation).where(Evaluation.judge_pk == judge_pk, Evaluation.id.in_(named)), Evaluation
        )
    }
    return _arrange(opinions, evaluations, criteria_count, watermark)


def _arrange(opinions: _Opinions, evaluations: dict[str, Evaluation], criteria_count: int, watermark: int) -> Dataset:
    found: list[tuple[int, str, int, str, float, bool]] = []  # seq, evaluation, ordinal, rater, score, confirmed
    left_out = opinions.left_out
    for (evaluation_id, ordinal, rater), (seq, score) in opinions.corrections.items():
        if score_at(evaluations[evaluation_id].scores, ordinal) is None:
            left_out["corrections of a criterion that the judge did not score"] += 1
        else:
            found.append((seq, evaluation_id, ordinal, rater, score, False))
    for (evaluation_id, rater), (seq, right) in opinions.verdicts.items():
        if right:
            for ordinal in range(criteria_count):
                shown = shown_at(evaluations[evaluation_id], ordinal)
                raw = score_at(evaluations[evaluation_id].scores, ordinal)
                if shown is not None and raw is not None:
                    if (evaluation_id, ordinal, rater) in opinions.corrections:
                        left_out["confirmations of what the same person corrected"] += 1
                    else:
                        found.append((seq, evaluation_id, ordinal, rater, shown, True))
    found.sort(key=lambda label: (label[0], label[2]))
    doubted = sorted(
        (seq, evaluation, rater) for (evaluation, rater), (seq, right) in opinions.verdicts.items() if not right
    )
    order = {name: n for n, name in enumerate(dict.fromkeys([f[1] for f in found] + [d[1] for d in doubted]))}
    raters = {name: n for n, name in enumerate(dict.fromkeys([f[3] for f in found] + [d[2] for d in doubted]))}
    labels = Labels(
        item=np.array([order[f[1]] for f in found], np.int32),
        criterion=np.array([f[2] for f in found], np.int32),
        score=np.array([f[4] for f in found], np.float64),
        rater=np.array([raters[f[3]] for f in found], np.int32),
        confirmed=np.array([f[5] for f in found], np.bool_),
        seen=np.array([f[0] <= watermark for f in found], np.bool_),
    )
    doubts = Doubts(
        item=np.array([order[d[1]] for d in doubted], np.int32),
        rater=np.array([raters[d[2]] for d in doubted], np.int32),
    )
    items = items_of([evaluations[name] for name in order], criteria_count)
    digest = hashlib.sha256()
    for array in (labels.item, labels.criterion, labels.score, labels.rater, labels.confirmed, items.raw):
        digest.update(np.ascontiguousarray(array).tobytes())
    for name in order:
        digest.update(evaluations[name].digest.encode())
    return Dataset(items, labels, doubts, tuple(raters), {k: n for k, n in left_out.items() if n}, digest.hexdigest())


def items_of(evaluations: list[Evaluation], criteria_count: int) -> Items:
    """Evaluations as the trainer's items."""
    raw = np.full((len(evaluations), criteria_count), np.nan)
    for row, evaluation in enumerate(evaluations):
        for ordinal, score in enumerate(evaluation.scores):
            if score is not None:
                raw[row, ordinal] = score
    return Items(
        ids=[e.id for e in evaluations],
        groups=[e.group for e in evaluations],
        sources=[e.source for e in evaluations],
        inputs=[e.input for e in evaluations],
        outputs=[e.output for e in evaluations],
        rationales=[e.rationale for e in evaluations],
        raw=raw,
    )
