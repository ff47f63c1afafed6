"""What the feedback there is says about feedback to come: a learning curve, and which evaluations to look at next."""

from functools import partial

import numpy as np

from models.evaluation import Evaluation
from models.feedback import FeedbackBounds
from runner.analysis.compare import count_characters
from runner.analysis.requests import LearningCurveRequest, SuggestionsRequest
from runner.analysis.results import CurvePoint, Estimate, LearningCurveResult, SuggestedItem, Suggestions
from runner.dataset.dataset import load_dataset, to_items, to_scales
from store import judges
from store.database.store import Store
from store.review_queue import list_newest_by_label
from trainer.active_learning import suggest_items
from trainer.evidence.bootstrap import Interval
from trainer.learning_curve import learning_curve
from trainer.model.version import Version
from trainer.task import Task, TrainingConfig

MAX_FEEDBACK = 20_000
"""Items of feedback a curve is drawn from, the newest; of their labels it looks at a random part."""
MAX_CANDIDATES, MAX_LABELLED = 3_000, 1_000
"""Evaluations without a label that are weighed, and with one that they are weighed against: the newest of each."""
MAX_SEARCHED = 20_000
"""Newest evaluations among which they are looked for."""
MAX_CHARACTERS = 25_000_000
ROWS_PER_READ = 200


async def compute_learning_curve(store: Store, request: LearningCurveRequest) -> LearningCurveResult:
    """Out-of-fold agreement with people at growing numbers of labels."""
    judge_pk, watermark = request.judge_pk, request.watermark
    criteria = await store.read(lambda connection: judges.list_criteria(connection, judge_pk))
    bounds = FeedbackBounds(after_seq=max(0, watermark - MAX_FEEDBACK), upto_seq=watermark)
    data = await store.read(lambda connection: load_dataset(connection, judge_pk, len(criteria), bounds, 0))
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
    """The evaluations without a label whose labels would teach most."""
    judge_pk, version_id = request.judge_pk, request.version
    criteria = await store.read(lambda connection: judges.list_criteria(connection, judge_pk))
    version: Version | None = None
    if version_id is not None:
        version = Version.loads(
            await store.read(lambda connection: judges.read_version_content(connection, version_id))
        )
    candidates = await _read_newest(store, judge_pk, MAX_CANDIDATES, labelled=False)
    company = await _read_newest(store, judge_pk, MAX_LABELLED, labelled=True)
    rows = candidates + company
    labelled = np.array([0] * len(candidates) + [1] * len(company), np.int32)
    found = suggest_items(version, to_scales(criteria), to_items(rows, len(criteria)), labelled, request.first)
    return Suggestions([SuggestedItem(rows[s.item].id, s.gain, s.uncertainty, s.novelty, s.reason) for s in found])


async def _read_newest(store: Store, judge_pk: int, most: int, *, labelled: bool) -> list[Evaluation]:
    found: list[Evaluation] = []
    characters = 0
    read = partial(list_newest_by_label, judge_pk=judge_pk, labelled=labelled, among=MAX_SEARCHED)
    while len(found) < most and characters < MAX_CHARACTERS:
        before = found[-1].id if found else None
        rows = await store.read(partial(read, before=before, size=min(ROWS_PER_READ, most - len(found))))
        if not rows:
            break
        found += rows
        characters += sum(map(count_characters, rows))
    return found


def _to_estimate(interval: Interval) -> Estimate:
    return Estimate(interval.estimate, interval.lower, interval.upper)
