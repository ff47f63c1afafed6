"""Bootstrap intervals and tests against what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.evidence import metrics
from trainer.evidence.bootstrap import (
    bootstrap_interval,
    draw_group_counts,
    holm,
    mean_changes,
    spearman_changes,
    weighted_ranks,
)


def test_weighted_ranks_are_ranks_of_the_resample() -> None:
    """Ranks under weights equal the mid-ranks of the repeated values, up to a constant."""
    values, w = np.array([3.0, 1, 2, 2]), np.array([[1.0, 2, 0, 3]])
    repeated = np.repeat(values, w[0].astype(int))
    ranked = dict(zip(repeated, metrics.ranks(repeated) + 0.5, strict=True))
    found = weighted_ranks(values, w)[0]
    assert [found[0], found[1], found[3]] == [ranked[3.0], ranked[1.0], ranked[2.0]]


def test_a_resample_has_as_many_groups_as_the_data() -> None:
    """The size of the blocks does not change the draws."""
    drawn = np.concatenate(list(draw_group_counts(7, 50, 0)))
    assert (drawn.sum(1) == 7).all()
    assert np.array_equal(drawn, np.concatenate(list(draw_group_counts(7, 50, 0, items=5_000_000))))


def test_intervals_of_a_mean_cover_the_true_value() -> None:
    """95% intervals miss about one time in twenty, with few groups, too."""
    rng = np.random.default_rng(0)
    missed = 0
    for seed in range(200):
        x = rng.normal(size=12)
        found = mean_changes([x], [np.arange(12, dtype=np.int32)], np.ones(1), seed).overall
        missed += not found.lower <= 0 <= found.upper
    assert missed <= 20


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_few_groups_do_not_raise_the_rate_of_false_improvements(groups: int) -> None:
    rng, of_item = np.random.default_rng(0), np.repeat(np.arange(groups, dtype=np.int32), 6)
    improved = 0
    for seed in range(200):
        change = rng.normal(size=groups)[of_item] + 0.5 * rng.normal(size=len(of_item))
        improved += mean_changes([change], [of_item], np.array([100.0]), seed).overall.upper < 0
    assert improved <= 10


def test_the_interval_of_a_single_group_covers_everything() -> None:
    found = mean_changes([np.full(50, -1.0)], [np.zeros(50, np.int32)], np.array([4.0]), 0)
    assert (found.overall.lower, found.overall.estimate, found.overall.upper) == (-1.0, -0.25, 1.0)
    assert (found.each[0].lower, found.each[0].upper) == (-4.0, 4.0)


def test_interval_of_constant_draws_is_a_point() -> None:
    found = bootstrap_interval(0.5, np.full(100, 0.5), 10, 1.0)
    assert (found.lower, found.estimate, found.upper) == (0.5, 0.5, 0.5)


def test_the_spearman_change_is_above_zero_for_a_perfect_ranking() -> None:
    """There is no figure for a criterion with a constant side."""
    rng = np.random.default_rng(0)
    label, noise, groups = rng.normal(size=80), rng.normal(size=80), np.arange(80, dtype=np.int32) // 2
    overall, each = spearman_changes([(noise, label, label), (np.ones(80), label, label)], [groups, groups], 0)
    assert overall is not None
    assert overall.lower > 0.5
    assert each[0] is not None
    assert each[1] is None


def test_holm_equals_a_computation_by_hand() -> None:
    """The thresholds are .025/3, .025/2, .025 in order of p; the first failure ends the procedure."""
    assert holm(np.array([0.02, 0.001, 0.014])) == [False, True, False]
    assert holm(np.array([0.02, 0.001, 0.012])) == [True, True, True]
