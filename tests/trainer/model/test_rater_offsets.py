"""Offsets of raters and their prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.trainer.synthetic_tasks import make_task, version_of
from trainer.model.ordinal import OFFSET_PRECISION


def test_scores_are_predicted_for_the_average_rater() -> None:
    """One harsh rater of half of the items does not lower the scores as far as the mean of the labels."""
    task = make_task(400, raters=2)
    harsh = task.labels.rater == 1
    labels = replace(task.labels, score=np.where(harsh, np.maximum(task.labels.score - 2, 1.0), task.labels.score))
    known = version_of(replace(task, labels=labels))
    mean = labels.score.mean()
    assert abs(known.score(task.items).expected.mean() - mean) < 0.3
    lopsided = replace(labels, rater=np.where(harsh, 1, 0).astype(np.int32)).take(
        np.flatnonzero(harsh | (np.arange(400) < 100))
    )
    blind = replace(lopsided, rater=np.zeros(len(lopsided), np.int32))
    with_raters = version_of(replace(task, labels=lopsided)).score(task.items).expected.mean()
    without = version_of(replace(task, labels=blind)).score(task.items).expected.mean()
    assert with_raters > without + 0.1


def test_the_offset_precision_falls_with_the_spread_of_raters_strictness() -> None:
    task = make_task(400, raters=8)
    strictness = np.array([-1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5])[task.labels.rater]
    scattered = replace(task.labels, score=np.clip(task.labels.score + strictness, 1.0, 5.0))
    both = (task.labels, scattered)
    precisions = [version_of(replace(task, labels=labels)).recipe["prior"]["offset"] for labels in both]
    assert precisions[0] > OFFSET_PRECISION > precisions[1]


def test_one_item_per_rater_gives_the_standard_offset_precision() -> None:
    """Chance cannot be separated from strictness."""
    task = make_task(60, raters=60, criteria=1)
    labels = replace(task.labels, rater=np.arange(len(task.labels), dtype=np.int32))
    assert version_of(replace(task, labels=labels)).recipe["prior"]["offset"] == OFFSET_PRECISION
