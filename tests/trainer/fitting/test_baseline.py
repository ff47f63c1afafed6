"""Baseline of the evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.trainer.synthetic_tasks import make_task, run
from trainer.data import Items, Labels
from trainer.model.version import Version
from trainer.task import Task


def _join(old: Task, new: Task) -> Task:
    """Return a task with the labels of both, the old ones seen by the base version."""
    shift = len(old.items)
    items = Items(
        *(getattr(old.items, f) + getattr(new.items, f) for f in ("ids",)),
        [*old.items.groups, *(f"n{g}" for g in new.items.groups)],
        *(getattr(old.items, f) + getattr(new.items, f) for f in ("sources", "inputs", "outputs", "rationales")),
        np.concatenate([old.items.raw, new.items.raw]),
    )
    a, b = old.labels, new.labels
    labels = Labels(
        np.concatenate([a.item, b.item + np.int32(shift)]),
        *(np.concatenate([getattr(a, f), getattr(b, f)]) for f in ("criterion", "score", "rater", "confirmed")),
        np.arange(len(a) + len(b)) < len(a),
    )
    return replace(old, items=items, labels=labels)


def test_the_base_is_never_measured_on_labels_it_learned_from(base: Version) -> None:
    """On seen labels its recipe is refitted out of fold, which gives larger errors than its own predictions."""
    outcome, _ = run(make_task(200, training_type="validation", base=base, seen=200))
    own, _ = run(make_task(200, training_type="validation", base=base))
    assert "refitted" in outcome.evidence.method
    assert outcome.evidence.before.mean_absolute_error > own.evidence.before.mean_absolute_error


def test_evidence_rests_on_unseen_labels_if_there_are_enough(base: Version) -> None:
    """The base is then measured by its own predictions."""
    old, new = make_task(200), make_task(200, seed=6)
    both = _join(old, new)
    outcome, _ = run(replace(both, base=base))
    assert outcome.evidence.held_out_count == 200
    assert "never saw" in outcome.evidence.method
