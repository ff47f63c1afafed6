"""What the feedback there is says about feedback to come: a learning curve, and which evaluations to look at next."""

from functools import partial

import numpy as np

from models.evaluation import Evaluation
from models.feedback import Bounds
from runner.analysis.compare import length
from runner.analysis.requests import Curve, Suggest
from runner.analysis.results import Learning, Point, Range, Suggested, Suggestions
from runner.dataset.dataset import items_of, load, scales_of
from store import judges
from store.database.store import Store
from store.review_queue import newest_by_label
from trainer.active_learning import suggest
from trainer.evidence.bootstrap import Interval
from trainer.learning_curve import learning_curve
from trainer.model.version import Version
from trainer.task import Config, Task

MOST_FEEDBACK = 20_000
"""Items of feedback a curve is drawn from, the newest; of their labels it looks at a random part."""
CANDIDATES, COMPANY = 3_000, 1_000
"""Evaluations without a label that are weighed, and with one that they are weighed against: the newest of each."""
AMONG = 20_000
"""Newest evaluations among which they are looked for."""
MOST_CHARACTERS = 25_000_000
BLOCK = 200


async def curve(store: Store, question: Curve) -> Learning:
    """Out-of-fold agreement with people at growing numbers of labels."""
    judge_pk, watermark = question.judge_pk, question.watermark
    criteria = await store.read(lambda connection: judges.criteria(connection, judge_pk))
    bounds = Bounds(after_seq=max(0, watermark - MOST_FEEDBACK), upto_seq=watermark)
    data = await store.read(lambda connection: load(connection, judge_pk, len(criteria), bounds, 0))
    if not len(data.labels):
        return Learning(0, [])
    config = Config("full_retrain")
    task = Task(scales_of(criteria), data.items, data.labels, data.doubts, len(data.raters), config)
    points = [
        Point(point.labels, _range(point.mae), _range(point.spearman) if point.spearman is not None else None)
        for point in learning_curve(task)
    ]
    return Learning(len(data.labels), points)


async def suggestions(store: Store, question: Suggest) -> Suggestions:
    """The evaluations without a label whose labels would teach most."""
    judge_pk, version_id = question.judge_pk, question.version
    criteria = await store.read(lambda connection: judges.criteria(connection, judge_pk))
    version: Version | None = None
    if version_id is not None:
        version = Version.loads(await store.read(lambda connection: judges.version_content(connection, version_id)))
    candidates = await _newest(store, judge_pk, CANDIDATES, labelled=False)
    company = await _newest(store, judge_pk, COMPANY, labelled=True)
    rows = candidates + company
    labelled = np.array([0] * len(candidates) + [1] * len(company), np.int32)
    found = suggest(version, scales_of(criteria), items_of(rows, len(criteria)), labelled, question.first)
    return Suggestions([Suggested(rows[s.item].id, s.gain, s.uncertainty, s.novelty, s.reason) for s in found])


async def _newest(store: Store, judge_pk: int, most: int, *, labelled: bool) -> list[Evaluation]:
    found: list[Evaluation] = []
    characters = 0
    read = partial(newest_by_label, judge_pk=judge_pk, labelled=labelled, among=AMONG)
    while len(found) < most and characters < MOST_CHARACTERS:
        before = found[-1].id if found else None
        rows = await store.read(partial(read, before=before, size=min(BLOCK, most - len(found))))
        if not rows:
            break
        found += rows
        characters += sum(map(length, rows))
    return found


def _range(interval: Interval) -> Range:
    return Range(interval.estimate, interval.lower, interval.upper)
