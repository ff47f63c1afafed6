"""Detectable change: it depends on the number of labels, of groups and on the correlation within groups."""

import numpy as np
import pytest

from models.feedback import GroupSpread
from runner.jobs.detectable_effect import IntraGroupCorrelation, detectable_change
from trainer.evidence.bootstrap import mean_changes


def errors_of(groups: int, size: int, shared: float, seed: int) -> np.ndarray:
    """Return random errors by group.

    Args:
        groups: number of groups.
        size: errors per group.
        shared: share of the variance (0.01) that a group has in common.
        seed: seed of the random numbers.
    """
    rng = np.random.default_rng(seed)
    return 0.1 * (
        np.sqrt(shared) * rng.normal(size=(groups, 1)) + np.sqrt(1 - shared) * rng.normal(size=(groups, size))
    )


@pytest.mark.parametrize("shared", [0.0, 0.1, 0.5])
def test_the_intraclass_correlation_is_estimated(shared: float) -> None:
    found = IntraGroupCorrelation.estimate(errors_of(300, 8, shared, 0).tolist())

    assert found.coefficient == pytest.approx(shared, abs=0.03)
    assert found.unevenness == pytest.approx(1.0)


def test_uneven_groups_count_for_less() -> None:
    """Three labels in one group and one in another: (9 + 1) / 4 labels per group, with a mean of two."""
    assert IntraGroupCorrelation.estimate([[0.1, 0.3, 0.2], [0.5]]).unevenness == pytest.approx(1.25)


def test_independent_labels_count_each_and_copies_count_once() -> None:
    spread = GroupSpread(count=1000, groups=100, variance=0.04)
    alone, copies = (
        detectable_change(spread, IntraGroupCorrelation(0.0)),
        detectable_change(spread, IntraGroupCorrelation(1.0)),
    )

    assert alone == pytest.approx(2.8298 * 0.2 / 1000**0.5, rel=1e-3)  # t(97.5%) + t(80%) of 99 degrees of freedom
    assert copies == pytest.approx(2.8298 * 0.2 / 100**0.5, rel=1e-3)


def test_only_held_out_groups_count_for_the_evidence() -> None:
    spread, like = GroupSpread(count=1000, groups=100, variance=0.04), IntraGroupCorrelation(0.2)

    assert detectable_change(spread, like, 0.2) == detectable_change(GroupSpread(200, 20, 0.04), like)
    assert detectable_change(spread, like, 0.02) is None


def test_two_groups_give_no_detectable_change() -> None:
    assert detectable_change(GroupSpread(1000, 2, 0.04), IntraGroupCorrelation()) is None
    assert detectable_change(None, IntraGroupCorrelation()) is None


@pytest.mark.parametrize(("groups", "size", "shared"), [(60, 1, 0.0), (40, 10, 0.2), (8, 20, 0.1)])
def test_the_detectable_change_is_proven_with_a_power_of_80_percent(groups: int, size: int, shared: float) -> None:
    # The changes vary as much as the errors from which the detectable change was computed.
    proven, runs, of_item = 0, 100, np.repeat(np.arange(groups, dtype=np.int32), size)
    for seed in range(runs):
        before = errors_of(groups, size, shared, seed)
        spread = GroupSpread(before.size, groups, float(before.var(ddof=1)))
        wanted = detectable_change(spread, IntraGroupCorrelation.estimate(before.tolist()))
        assert wanted is not None
        change = errors_of(groups, size, shared, 1000 + seed).ravel() - wanted
        proven += mean_changes([change], [of_item], np.ones(1), seed).overall.upper < 0

    assert 68 <= proven <= 92
