"""Agreement on unseen sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.trainer.synthetic_tasks import make_task, run
from trainer.errors import Diverged


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


def test_a_fold_that_diverges_leaves_a_warning_and_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure is optional: the version and the rest of the proof are complete without it."""

    def diverge(*_: object) -> None:
        raise Diverged("The loss exploded.")

    monkeypatch.setattr("trainer.train.measure_unseen_sources", diverge)
    outcome, _ = run(make_task(60))
    assert outcome.version is not None
    assert outcome.evidence.unseen_sources is None
    assert [warning.code for warning in outcome.warnings] == ["UNSEEN_SOURCES_NOT_MEASURED"]
    assert "The loss exploded." in outcome.warnings[0].message
