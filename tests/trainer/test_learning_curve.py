"""Learning curve."""

from __future__ import annotations

import pytest

from tests.trainer.synthetic_tasks import make_task, run
from trainer.learning_curve import learning_curve


def test_error_falls_with_labels_and_ends_at_the_evidence_of_a_full_retrain() -> None:
    """The curve starts at the raw scores and is the same each time."""
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


def test_default_sizes_double_and_end_with_all_labels() -> None:
    assert [point.labels for point in learning_curve(make_task(130))] == [0, 25, 50, 130]


def test_items_are_sampled_beyond_the_maximum_number_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.learning_curve.MAX_LABELS", 80)
    assert [point.labels for point in learning_curve(make_task(300), [40, 80, 300])] == [0, 40, 80]


def test_a_single_group_gives_only_the_point_of_the_raw_scores() -> None:
    """With nothing to hold out there is no out-of-fold point."""
    assert [point.labels for point in learning_curve(make_task(1, criteria=1))] == [0]
