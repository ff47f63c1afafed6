"""Label table: weights of labels, and labels without a raw score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.trainer.synthetic_tasks import make_task, run, version_of
from trainer.data import Doubts


def test_doubts_weaken_confirmations() -> None:
    """With doubts about the confirmed items, downward corrections of others have more influence."""
    task = make_task(200)
    raw = task.items.raw[task.labels.item, task.labels.criterion]
    confirmed = task.labels.item % 2 == 0
    labels = replace(task.labels, score=np.where(confirmed, raw, np.maximum(raw - 2, 1.0)), confirmed=confirmed)
    trusted = replace(task, labels=labels)
    even = np.arange(0, len(task.items), 2, dtype=np.int32)
    doubted = replace(trusted, doubts=Doubts(np.repeat(even, 3), np.tile([5, 6, 7], len(even)).astype(np.int32)))
    means = [version_of(t).score(task.items).expected.mean() for t in (trusted, doubted)]
    assert means[1] < means[0] - 0.1


def test_labels_without_raw_scores_are_left_out_with_a_warning() -> None:
    task = make_task(100)
    raw = task.items.raw.copy()
    raw[0, 0] = np.nan
    outcome, _ = run(replace(task, items=replace(task.items, raw=raw)))
    assert [w.code for w in outcome.warnings] == ["NO_RAW_SCORE"]
    assert outcome.evidence.held_out_count == 99
