"""Drift of people's strictness, and warm starts that follow it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import make_task, version_of
from trainer.fitting.assemble import warm_start_from
from trainer.fitting.fit import discount_warm_start, joint_objective
from trainer.fitting.setup import prepare
from trainer.model.version import Version
from trainer.task import Task


def _stricter(points: float, base: Version, seed: int = 5) -> Task:
    """Return a task with new labels that are lower by so many points."""
    task = make_task(200, seed=seed, training_type="incremental", base=base)
    return replace(task, labels=replace(task.labels, score=np.maximum(1, task.labels.score - points)))


def _error(version: Version, points: float) -> float:
    task = _stricter(points, version, seed=6)
    found = version.score(task.items).point[task.labels.item, task.labels.criterion]
    return float(np.abs(found - task.labels.score).mean())


def test_the_gradient_of_a_warm_prior_is_zero_at_its_anchor(base: Version) -> None:
    setup = prepare(_stricter(0, base), None, None, lambda _: None)
    warm = warm_start_from(base, setup.table)
    loss = joint_objective(setup.table, np.arange(len(setup.table.rows)), warm, warm.prior)
    assert not loss.prior_gradient(warm.joint.center.pack()).any(), "the old prior is in the old parameters already"


@pytest.mark.parametrize(("points", "least", "most"), [(0.0, 0.9, 1.0), (1.5, 0.0, 0.2)])
def test_a_warm_start_keeps_its_precision_until_people_change(
    base: Version, points: float, least: float, most: float
) -> None:
    setup = prepare(_stricter(points, base), None, None, lambda _: None)
    warm = warm_start_from(base, setup.table)
    held = discount_warm_start(setup.table, np.arange(len(setup.table.rows)), warm)
    share = held.calibrator.precision.intercept / warm.calibrator.precision.intercept
    assert np.all((share >= least) & (share <= most))
    assert np.array_equal(held.joint.precision.weights, warm.joint.precision.weights), "what people look at stays"


def test_incremental_training_follows_stricter_people(base: Version) -> None:
    version = version_of(_stricter(1.0, base))
    assert _error(version, 1.0) < 0.7 * _error(base, 1.0)


def test_incremental_training_keeps_its_accuracy_without_drift(base: Version) -> None:
    assert _error(version_of(_stricter(0.0, base)), 0.0) < 1.03 * _error(base, 0.0)
