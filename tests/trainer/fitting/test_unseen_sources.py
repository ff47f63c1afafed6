"""Agreement on unseen sources."""

from __future__ import annotations

from dataclasses import replace

from tests.trainer.synthetic_tasks import make_task, run


def test_unseen_sources_are_measured_if_sources_are_known() -> None:
    task = make_task(400)
    assert run(task)[0].evidence.unseen_sources is None
    named = replace(task.items, sources=[f"writer {i % 4}" for i in range(len(task.items))])
    found = run(replace(task, items=named))[0].evidence.unseen_sources
    assert found is not None
    assert found.source_count == 4
    assert 100 < found.held_out_count < 400
    assert found.after.mean_absolute_error < found.raw.mean_absolute_error
    assert found.mae_change.upper < 0
