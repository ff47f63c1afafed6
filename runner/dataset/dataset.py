"""Dataset of a training job: arrays for the trainer, and how much feedback was excluded for which reason."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from models.evaluation import Evaluation
from models.feedback import FeedbackBounds
from models.job_codes import ExclusionReason
from models.judge import Criterion
from runner.dataset.labels import Doubt, EvaluationScores, Label, LabelBuilder, LabelSet
from store import training_data
from trainer.data import Doubts, Items, Labels, Scale

COUNTED_PER_LABELLED = 20
"""Evaluations counted for each labelled one at most; it bounds the cost, and far less would be incomplete already."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Input of the trainer, with a digest by which the origin of a version can be verified.

    ``evaluation_count``: evaluations recorded from the first to the last one with a label. Counting ends where the
    labels cover too few of them to be complete.
    """

    items: Items
    labels: Labels
    doubts: Doubts
    raters: tuple[str, ...]
    excluded: dict[ExclusionReason, int]
    digest: str
    evaluation_count: int


def to_scales(criteria: tuple[Criterion, ...]) -> tuple[Scale, ...]:
    """Convert a judge's criteria into the trainer's scales.

    Scales are named by the criterion's key, not its id, so that a version keeps its meaning in another database.
    """
    return tuple(Scale(c.key, c.name, c.minimum, c.maximum, c.step, c.weight) for c in criteria)


def load_dataset(
    connection: Connection, judge_pk: int, criteria_count: int, bounds: FeedbackBounds, watermark: int
) -> Dataset:
    """Load the feedback within bounds as labels in order of ingestion, together with the evaluations they refer to.

    Args:
        connection: of a reading unit.
        judge_pk: the judge.
        criteria_count: number of its criteria.
        bounds: bounds of the feedback.
        watermark: the base version has learned from feedback up to this position in the order of ingestion.
    """
    builder = LabelBuilder()
    for row in training_data.read_feedback(connection, judge_pk, bounds):
        builder.add(row)
    evaluations = training_data.read_evaluations(connection, judge_pk, bounds)

    def scores_of(evaluation_id: str) -> EvaluationScores:
        return EvaluationScores(evaluations[evaluation_id].scores, evaluations[evaluation_id].shown)

    found = builder.build(scores_of, criteria_count)
    count = _count_evaluations(connection, judge_pk, [evaluations[label.evaluation_id].seq for label in found.labels])
    return _to_arrays(found, evaluations, criteria_count, watermark, count)


def _count_evaluations(connection: Connection, judge_pk: int, labelled: list[int]) -> int:
    """Return how many evaluations were recorded from the first to the last one with a label.

    Args:
        connection: of a reading unit.
        judge_pk: the judge.
        labelled: places of the labelled evaluations in the order of recording, repeated for each label.
    """
    if not labelled:
        return 0
    limit = COUNTED_PER_LABELLED * len(set(labelled))
    return training_data.count_evaluations(connection, judge_pk, min(labelled), max(labelled), limit)


def _to_arrays(
    found: LabelSet, evaluations: dict[str, Evaluation], criteria_count: int, watermark: int, evaluation_count: int
) -> Dataset:
    """Convert labels into arrays.

    Args:
        found: labels and doubts.
        evaluations: that they are about, by id.
        criteria_count: number of the judge's criteria.
        watermark: last position of the feedback that the base version learned from.
        evaluation_count: evaluations recorded from the first to the last one with a label.
    """
    rows: list[Label | Doubt] = [*found.labels, *found.doubts]
    item_numbers = _number(row.evaluation_id for row in rows)
    rater_numbers = _number(row.rater for row in rows)
    labels = _to_labels(found.labels, item_numbers, rater_numbers, watermark)
    doubts = Doubts(
        item=np.array([item_numbers[doubt.evaluation_id] for doubt in found.doubts], np.int32),
        rater=np.array([rater_numbers[doubt.rater] for doubt in found.doubts], np.int32),
    )
    ordered = [evaluations[evaluation_id] for evaluation_id in item_numbers]
    items = to_items(ordered, criteria_count)
    digest = _compute_digest(labels, doubts, items, ordered)
    excluded = dict(found.excluded)
    return Dataset(items, labels, doubts, tuple(rater_numbers), excluded, digest, evaluation_count)


def _to_labels(
    labels: list[Label], item_numbers: dict[str, int], rater_numbers: dict[str, int], watermark: int
) -> Labels:
    return Labels(
        item=np.array([item_numbers[label.evaluation_id] for label in labels], np.int32),
        criterion=np.array([label.ordinal for label in labels], np.int32),
        score=np.array([label.score for label in labels], np.float64),
        rater=np.array([rater_numbers[label.rater] for label in labels], np.int32),
        confirmed=np.array([label.confirmed for label in labels], np.bool_),
        seen=np.array([label.seq <= watermark for label in labels], np.bool_),
        shown=np.array([label.shown for label in labels], np.float64),
    )


def _compute_digest(labels: Labels, doubts: Doubts, items: Items, evaluations: list[Evaluation]) -> str:
    digest = hashlib.sha256()
    arrays = (labels.item, labels.criterion, labels.score, labels.rater, labels.confirmed, doubts.item, doubts.rater)
    for array in (*arrays, items.raw):
        digest.update(np.ascontiguousarray(array).tobytes())
    for evaluation in evaluations:
        digest.update(evaluation.digest.encode())
    return digest.hexdigest()


def _number(names: Iterable[str]) -> dict[str, int]:
    """Return a number for each distinct name, counted from 0 in the order of their first appearance."""
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def to_items(evaluations: list[Evaluation], criteria_count: int) -> Items:
    """Convert evaluations into the trainer's items; a missing score becomes NaN."""
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
