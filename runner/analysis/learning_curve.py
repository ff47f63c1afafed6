"""Learning curve of a judge's feedback, and suggestions which evaluations to review next."""

from functools import partial

import numpy as np

from models.evaluation import Evaluation
from models.feedback import FeedbackBounds
from runner.analysis.reading import load_version, read_newest_blocks
from runner.analysis.requests import LearningCurveRequest, SuggestionsRequest
from runner.analysis.results import CurvePoint, Estimate, LearningCurveResult, SuggestedItem, Suggestions
from runner.dataset.dataset import load_dataset, to_items, to_scales
from store import judges
from store.database.snapshot import snapshot
from store.database.store import Store
from store.review_queue import list_newest_by_label
from trainer.active_learning import suggest_items
from trainer.evidence.bootstrap import Interval
from trainer.learning_curve import learning_curve
from trainer.task import Task, TrainingConfig

MAX_FEEDBACK = 20_000
"""Newest items of feedback that a curve is computed from; of their labels it uses a random part."""
MAX_CANDIDATES, MAX_LABELLED = 3_000, 1_000
"""Newest evaluations without a label that are ranked, and with a label that their novelty is measured against."""
MAX_SEARCHED = 20_000
"""Newest evaluations among which both are searched."""
MAX_CHARACTERS = 25_000_000
"""Characters of text of either kind after which no more evaluations are read."""


async def compute_learning_curve(store: Store, request: LearningCurveRequest) -> LearningCurveResult:
    """Compute the out-of-fold agreement with human scores at growing numbers of labels."""
    judge_pk, watermark = request.judge_pk, request.watermark
    criteria = await store.read(lambda connection: judges.list_criteria(connection, judge_pk))
    bounds = FeedbackBounds(after_seq=max(0, watermark - MAX_FEEDBACK), upto_seq=watermark)
    data = await store.read_long(
        snapshot(lambda connection: load_dataset(connection, judge_pk, len(criteria), bounds, 0))
    )
    if not len(data.labels):
        return LearningCurveResult(0, [])
    config = TrainingConfig("full_retrain")
    task = Task(to_scales(criteria), data.items, data.labels, data.doubts, len(data.raters), config)
    points = [
        CurvePoint(
            point.labels, _to_estimate(point.mae), _to_estimate(point.spearman) if point.spearman is not None else None
        )
        for point in learning_curve(task)
    ]
    return LearningCurveResult(len(data.labels), points)


async def suggest_evaluations(store: Store, request: SuggestionsRequest) -> Suggestions:
    """Return the evaluations without a label from whose labels the version would learn most, best first."""
    judge_pk, version_id = request.judge_pk, request.version
    criteria = await store.read(lambda connection: judges.list_criteria(connection, judge_pk))
    version = await load_version(store, version_id)
    candidates = await _read_newest(store, judge_pk, MAX_CANDIDATES, labelled=False)
    labelled_rows = await _read_newest(store, judge_pk, MAX_LABELLED, labelled=True)
    rows = candidates + labelled_rows
    has_label = np.array([0] * len(candidates) + [1] * len(labelled_rows), np.int32)
    found = suggest_items(version, to_scales(criteria), to_items(rows, len(criteria)), has_label, request.first)
    return Suggestions([SuggestedItem(rows[s.item].id, s.gain, s.uncertainty, s.novelty, s.reason) for s in found])


async def _read_newest(store: Store, judge_pk: int, max_evaluations: int, *, labelled: bool) -> list[Evaluation]:
    read = partial(list_newest_by_label, judge_pk=judge_pk, labelled=labelled, among=MAX_SEARCHED)
    blocks = read_newest_blocks(store, read, max_evaluations, MAX_CHARACTERS)
    return [evaluation async for rows in blocks for evaluation in rows]


def _to_estimate(interval: Interval) -> Estimate:
    return Estimate(interval.estimate, interval.lower, interval.upper)
