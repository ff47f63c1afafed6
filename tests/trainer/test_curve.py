"""The learning curve."""

from __future__ import annotations

import pytest

from tests.trainer.synthetic_tasks import make_task, run
from trainer.learning_curve import learning_curve


def test_more_labels_agree_better_and_the_end_is_the_proof() -> None:
    """The curve begins at the judge, falls in error, and ends in what a full retrain proves; the same each time."""
    task = make_task(240)
    curve = learning_curve(task, [30, 120, 240, 500])
    assert [point.labels for point in curve] == [0, 30, 120, 240]
    evidence = run(task)[0].evidence
    assert evidence.after is not None
    assert curve[0].mae.estimate == pytest.approx(evidence.raw.mean_absolute_error)
    assert curve[-1].mae.estimate == pytest.approx(evidence.after.mean_absolute_error)
    assert curve[-1].spearman is not None
    assert curve[-1].spearman.estimate == pytest.approx(evidence.after.spearman)
    assert curve[-1].mae.estimate < curve[1].mae.estimate < curve[0].mae.estimate
    assert all(point.mae.lower <= point.mae.estimate <= point.mae.upper for point in curve)
    assert learning_curve(task, [30, 120, 240, 500]) == curve


def test_sizes_double_up_to_everything() -> None:
    """Left to itself, the curve doubles and ends with all labels."""
    assert [point.labels for point in learning_curve(make_task(130))] == [0, 25, 50, 130]


def test_many_labels_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is bounded: beyond a limit whole items are drawn at random."""
    monkeypatch.setattr("trainer.learning_curve.MAX_LABELS", 80)
    assert [point.labels for point in learning_curve(make_task(300), [40, 80, 300])] == [0, 40, 80]


def test_one_group_alone_leaves_only_the_judge() -> None:
    """With nothing to hold out there is no out-of-fold point."""
    assert [point.labels for point in learning_curve(make_task(1, criteria=1))] == [0]
