"""Suggestions of the items to label next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import CHINESE, make_task
from trainer.active_learning import suggest_items
from trainer.data import Items
from trainer.model.version import Version


def _labelled(items: Items, count: int) -> np.ndarray:
    return np.where(np.arange(len(items)) < count, 2, 0).astype(np.int32)


@pytest.mark.parametrize("trained", [True, False])
def test_suggestions_are_unlabelled_distinct_and_deterministic(base: Version, trained: bool) -> None:
    task = make_task(200, seed=3)
    version = base if trained else None
    found = suggest_items(version, task.scales, task.items, _labelled(task.items, 60), 10)
    places = [suggestion.item for suggestion in found]
    assert len(set(places)) == 10
    assert min(places) >= 60
    assert all(0 <= s.novelty <= 1 and 0 <= s.uncertainty <= 0.5 and s.gain > 0 and s.reason for s in found)
    assert found[0].gain > found[-1].gain
    assert suggest_items(version, task.scales, task.items, _labelled(task.items, 60), 10) == found


def test_items_unlike_the_labelled_ones_come_first() -> None:
    """If only one kind of text has labels, the first suggestions are of the other kind."""
    known, new = make_task(120, criteria=1, seed=1), make_task(60, criteria=1, seed=2, words=CHINESE)
    items = Items(
        *(getattr(known.items, f) + getattr(new.items, f) for f in
          ("ids", "groups", "sources", "inputs", "outputs", "rationales")),
        np.concatenate([known.items.raw, new.items.raw]),
    )  # fmt: skip
    found = suggest_items(None, known.scales, items, _labelled(items, 100), 5)
    assert all(suggestion.item >= 120 for suggestion in found)


def test_copies_of_an_item_are_not_suggested_in_succession() -> None:
    """After one of several equal items, the others carry little information."""
    task = make_task(60, criteria=1, seed=5)
    outputs = [task.items.outputs[i % 20] for i in range(60)]
    raw = task.items.raw[np.arange(60) % 20]
    items = replace(task.items, outputs=outputs, inputs=["x"] * 60, raw=raw)
    places = [s.item % 20 for s in suggest_items(None, task.scales, items, _labelled(items, 0), 8)]
    assert len(set(places)) >= 7


def test_fewer_suggestions_are_returned_if_candidates_run_out(base: Version) -> None:
    task = make_task(40, seed=6)
    assert len(suggest_items(base, task.scales, task.items, _labelled(task.items, 17), 10)) == 3
    assert suggest_items(base, task.scales, task.items, _labelled(task.items, 20), 10) == []
    unscored = replace(task.items, raw=np.full_like(task.items.raw, np.nan))
    assert suggest_items(base, task.scales, unscored, _labelled(task.items, 0), 10) == []
