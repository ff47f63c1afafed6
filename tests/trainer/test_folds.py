"""Splits by group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import make_task, run
from trainer.data import Items
from trainer.folds import assign_folds, group_items


def test_a_single_group_is_split_by_item_and_the_method_names_it() -> None:
    task = make_task(60)
    items = replace(task.items, groups=["only"] * len(task.items))
    assert "single group" in run(replace(task, items=items))[0].evidence.method


def make_items(*texts: tuple[str | None, str, str | None]) -> Items:
    """Return items of the given inputs, outputs and groups."""
    inputs, outputs, groups = (list(column) for column in zip(*texts, strict=True))
    count, nothing = len(outputs), [None] * len(outputs)
    return Items([f"e{i}" for i in range(count)], groups, nothing, inputs, outputs, nothing, np.full((count, 1), 3.0))


def test_copies_share_a_group_whatever_their_group_says() -> None:
    """Case and space do not make a difference; another input does. Copies join the groups they are in."""
    items = make_items(
        ("q", "One answer.", "a"), ("q", " one\nANSWER. ", "b"), ("other", "One answer.", "c"), (None, "x", "b"),
        ("q", "alone", None), (None, "x", None),
    )  # fmt: skip
    assert group_items(items, np.arange(6, dtype=np.int32)).group.tolist() == [0, 0, 1, 0, 2, 0]


def test_copies_are_split_together_without_groups() -> None:
    items = make_items((None, "x", None), (None, "y", None), (None, "x", None))
    assert group_items(items, np.arange(3, dtype=np.int32)).group.tolist() == [0, 1, 0]


def test_copies_of_noise_are_counted_once() -> None:
    """Four copies of a text in groups of their own are a single piece of evidence."""
    task = make_task(60, criteria=1)
    copied = np.repeat(np.arange(15), 4)
    items = replace(task.items.take(copied), groups=[f"g{i}" for i in range(60)])
    assert run(replace(task, items=items))[0].evidence.group_count == 15


@pytest.mark.parametrize("repeat", [1, 2])
def test_repeats_have_other_folds_of_whole_groups(repeat: int) -> None:
    group = np.repeat(np.arange(20), 3)
    first, other = assign_folds(group, 5, seed=0), assign_folds(group, 5, seed=0, repeat=repeat)
    assert first.tolist() != other.tolist()
    assert all(len(set(other[group == g])) == 1 for g in range(20))
    assert np.bincount(other).tolist() == [12] * 5
