"""Splits by group."""

from __future__ import annotations

from dataclasses import replace

from tests.trainer.synthetic_tasks import make_task, run


def test_a_single_group_is_split_by_item_and_the_method_names_it() -> None:
    task = make_task(60)
    items = replace(task.items, groups=["only"] * len(task.items))
    assert "single group" in run(replace(task, items=items))[0].evidence.method
