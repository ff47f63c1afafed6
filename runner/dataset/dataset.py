"""What a job learns from, as arrays for the trainer, and what was left out and why."""

import hashlib
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from models.evaluation import Evaluation
from models.feedback import FeedbackBounds
from models.job_codes import ExclusionReason
from models.judge import Criterion
from runner.dataset.labels import EvaluationScores, LabelBuilder, LabelSet
from store import training_data
from trainer.data import Doubts, Items, Labels, Scale


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """What the trainer is given, and a digest of it by which a version's origin can be checked."""

    items: Items
    labels: Labels
    doubts: Doubts
    raters: tuple[str, ...]
    excluded: dict[ExclusionReason, int]
    digest: str


def to_scales(criteria: tuple[Criterion, ...]) -> tuple[Scale, ...]:
    """A judge's criteria as the trainer knows them: by key, so that a version means the same in another database."""
    return tuple(Scale(c.key, c.name, c.minimum, c.maximum, c.step, c.weight) for c in criteria)


def load_dataset(
    connection: Connection, judge_pk: int, criteria_count: int, bounds: FeedbackBounds, watermark: int
) -> Dataset:
    """The feedback within bounds as labels, in order of ingestion, with the items they are about.

    Args:
        connection: of a reading unit.
        judge_pk: the judge.
        criteria_count: how many criteria it has.
        bounds: which feedback is meant.
        watermark: feedback up to this place in order of ingestion was known to the base version.
    """
    builder = LabelBuilder()
    for row in training_data.read_feedback(connection, judge_pk, bounds):
        builder.add(row)
    evaluations = training_data.read_evaluations(connection, judge_pk, bounds)

    def scores_of(evaluation_id: str) -> EvaluationScores:
        return EvaluationScores(evaluations[evaluation_id].scores, evaluations[evaluation_id].shown)

    return _arrange(builder.build(scores_of, criteria_count), evaluations, criteria_count, watermark)


def _arrange(said: LabelSet, evaluations: dict[str, Evaluation], criteria_count: int, watermark: int) -> Dataset:
    found, doubted = said.labels, said.doubts
    order = _numbered([*(label.evaluation_id for label in found), *(doubt.evaluation_id for doubt in doubted)])
    raters = _numbered([*(label.rater for label in found), *(doubt.rater for doubt in doubted)])
    labels = Labels(
        item=np.array([order[label.evaluation_id] for label in found], np.int32),
        criterion=np.array([label.ordinal for label in found], np.int32),
        score=np.array([label.score for label in found], np.float64),
        rater=np.array([raters[label.rater] for label in found], np.int32),
        confirmed=np.array([label.confirmed for label in found], np.bool_),
        seen=np.array([label.seq <= watermark for label in found], np.bool_),
    )
    doubts = Doubts(
        item=np.array([order[doubt.evaluation_id] for doubt in doubted], np.int32),
        rater=np.array([raters[doubt.rater] for doubt in doubted], np.int32),
    )
    items = to_items([evaluations[name] for name in order], criteria_count)
    digest = hashlib.sha256()
    told = (labels.item, labels.criterion, labels.score, labels.rater, labels.confirmed, doubts.item, doubts.rater)
    for array in (*told, items.raw):
        digest.update(np.ascontiguousarray(array).tobytes())
    for name in order:
        digest.update(evaluations[name].digest.encode())
    return Dataset(items, labels, doubts, tuple(raters), dict(said.excluded), digest.hexdigest())


def _numbered(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def to_items(evaluations: list[Evaluation], criteria_count: int) -> Items:
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
