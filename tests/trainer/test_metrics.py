"""Figures against hand-computed values, intervals against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.trainer.synthetic_tasks import make_task, run
from trainer.data import Scale
from trainer.evidence import metrics
from trainer.evidence.bootstrap import (
    bootstrap_interval,
    draw_group_counts,
    holm,
    mae_changes,
    spearman_changes,
    weighted_ranks,
)
from trainer.model import decode
from trainer.model.ordinal import Coefficients, LabelRows, Objective

FIVE = Scale("x", "x", 1, 5, 1)
HUNDRED = Scale("x", "x", 0, 100, 1)


def test_spearman_with_ties() -> None:
    """Ties share their mean rank; a constant has no correlation."""
    a, b = np.array([1.0, 2, 2, 4, 5, 5]), np.array([2.0, 1, 3, 3, 5, 4])
    assert metrics.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert metrics.spearman(a, np.ones(6)) is None


def test_kappa_by_hand() -> None:
    """1 - sum of squared differences over its expectation under independence: 1 - .25 / 2."""
    a, b = np.array([1.0, 2, 4, 5]), np.array([1.0, 3, 4, 5])
    expected = np.mean([(x - y) ** 2 for x in a for y in b])
    assert metrics.quadratic_weighted_kappa(FIVE, a, b) == pytest.approx(1 - 0.25 / expected)
    assert metrics.quadratic_weighted_kappa(FIVE, np.ones(3), np.ones(3)) is None


def test_agreement_after_rounding() -> None:
    """Labels are rounded to the grid; within one is a step, or a tenth of the range on fine scales."""
    verdict, label = np.array([1.0, 2, 3, 5]), np.array([1.3, 3.0, 5.0, 4.6])
    assert metrics.exact_agreement(FIVE, verdict, label) == 0.5
    assert metrics.within_one_agreement(FIVE, verdict, label) == 0.75
    assert metrics.within_one_agreement(HUNDRED, np.array([50.0, 50]), np.array([60.0, 61])) == 0.5


def test_calibration_error_by_hand() -> None:
    """Two predictions, 2 with labels of mean 3 and 4 with labels of mean 4: half of the items are off by one."""
    predicted, label = np.array([2.0, 2, 4, 4]), np.array([2.0, 4, 3, 5])
    assert metrics.calibration_error(predicted, label) == pytest.approx(0.5)
    point = metrics.CalibrationPoint
    assert metrics.calibration_curve(predicted, label) == (point(2.0, 3.0, 2), point(4.0, 4.0, 2))


def test_confusion_by_hand() -> None:
    """A row for each score people gave, a column for each verdict; people's own scores are put on the levels."""
    verdict, label = np.array([1.0, 2, 2, 5]), np.array([1.2, 3.0, 2.0, 4.0])
    found = metrics.confusion(FIVE, verdict, label)
    assert found.levels == (1, 2, 3, 4, 5)
    assert found.counts == ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 0))
    assert len(metrics.confusion(HUNDRED, verdict, label).levels) == 21


def test_the_curve_holds_every_item_and_the_error() -> None:
    """The curve's bins cover all items, and their weighted distances are the calibration error."""
    draw = np.random.default_rng(5)
    predicted, label = draw.uniform(1, 5, 500), draw.integers(1, 6, 500).astype(float)
    curve = metrics.calibration_curve(predicted, label)
    assert sum(point.count for point in curve) == 500
    error = sum(abs(point.score - point.people) * point.count for point in curve) / 500
    assert error == pytest.approx(metrics.calibration_error(predicted, label))


def test_decoding_by_hand() -> None:
    """Masses .2 .3 .5 on levels 1, 2, 3: mean 2.3, median at the border of 2 and 3; quantile and place are inverse."""
    three = Scale("x", "x", 1, 3, 1)
    exceed = np.array([[0.8, 0.5]])
    assert decode.mean(three, exceed)[0] == pytest.approx(2.3)
    assert decode.quantile(three, exceed, 0.5)[0] == pytest.approx(2.5)
    assert decode.quantile(three, exceed, 0.35)[0] == pytest.approx(2.0)
    assert decode.cumulative_probability(three, exceed, np.array([2.0]))[0] == pytest.approx(0.35)
    assert decode.quantile(three, exceed, 0.0)[0] == 1.0
    assert decode.quantile(three, exceed, 1.0)[0] == 3.0


def test_weighted_ranks_are_ranks_of_the_resample() -> None:
    """Ranks under weights equal mid-ranks of the repeated values, up to a constant."""
    values, w = np.array([3.0, 1, 2, 2]), np.array([[1.0, 2, 0, 3]])
    repeated = np.repeat(values, w[0].astype(int))
    ranked = dict(zip(repeated, metrics.ranks(repeated) + 0.5, strict=True))
    found = weighted_ranks(values, w)[0]
    assert [found[0], found[1], found[3]] == [ranked[3.0], ranked[1.0], ranked[2.0]]


def test_bootstrap_draws_groups_whole() -> None:
    """Each resample draws as many groups as there are; blocks do not change the draws."""
    drawn = np.concatenate(list(draw_group_counts(7, 50, 0)))
    assert (drawn.sum(1) == 7).all()
    assert np.array_equal(drawn, np.concatenate(list(draw_group_counts(7, 50, 0, items=5_000_000))))


def test_interval_of_a_mean_covers_its_truth() -> None:
    """95 % intervals miss about one time in twenty, with few groups too."""
    rng = np.random.default_rng(0)
    missed = 0
    for seed in range(200):
        x = rng.normal(size=12)
        found = mae_changes([x], [np.arange(12, dtype=np.int32)], np.ones(1), seed).overall
        missed += not found.lower <= 0 <= found.upper
    assert missed <= 20


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_a_handful_of_groups_is_no_proof_by_luck(groups: int) -> None:
    """Where nothing changed, few groups look improved about as seldom as many do, and one alone never."""
    rng, of_item = np.random.default_rng(0), np.repeat(np.arange(groups, dtype=np.int32), 6)
    improved = 0
    for seed in range(200):
        change = rng.normal(size=groups)[of_item] + 0.5 * rng.normal(size=len(of_item))
        improved += mae_changes([change], [of_item], np.array([100.0]), seed).overall.upper < 0
    assert improved <= 10


def test_a_single_group_tells_nothing() -> None:
    """However large the change in it, the interval is all that is possible."""
    found = mae_changes([np.full(50, -1.0)], [np.zeros(50, np.int32)], np.array([4.0]), 0)
    assert (found.overall.lower, found.overall.estimate, found.overall.upper) == (-1.0, -0.25, 1.0)
    assert (found.each[0].lower, found.each[0].upper) == (-4.0, 4.0)


def test_interval_of_constant_draws_is_a_point() -> None:
    """Nothing varies: the interval is the estimate."""
    found = bootstrap_interval(0.5, np.full(100, 0.5), 10, 1.0)
    assert (found.lower, found.estimate, found.upper) == (0.5, 0.5, 0.5)


def test_spearman_change_by_groups() -> None:
    """A perfect ranking against a random one: clearly above zero; a constant side: no figure."""
    rng = np.random.default_rng(0)
    label, noise, groups = rng.normal(size=80), rng.normal(size=80), np.arange(80, dtype=np.int32) // 2
    overall, each = spearman_changes([(noise, label, label), (np.ones(80), label, label)], [groups, groups], 0)
    assert overall is not None
    assert overall.lower > 0.5
    assert each[0] is not None
    assert each[1] is None


def test_holm_by_hand() -> None:
    """Thresholds .025/3, .025/2, .025 in order of p; the first failure ends it."""
    assert holm(np.array([0.02, 0.001, 0.014])) == [False, True, False]
    assert holm(np.array([0.02, 0.001, 0.012])) == [True, True, True]


def test_no_signal_no_improvement() -> None:
    """Feedback that only scatters around a judge already right is hardly ever called an improvement."""
    claims = [run(make_task(80, honest=True, seed=seed))[0].evidence for seed in range(30)]
    assert sum(evidence.improved for evidence in claims) <= 1
    assert sum(c.improved or c.worsened for e in claims for c in e.criteria) <= 3


def test_constant_baseline_is_learned_out_of_fold() -> None:
    """The best constant stands beside every figure: no ranking, and the median's error."""
    evidence = run(make_task(200))[0].evidence
    assert evidence.constant_baseline.mean_absolute_error > evidence.after.mean_absolute_error
    assert abs(evidence.constant_baseline.quadratic_weighted_kappa) < 0.05


def test_the_error_of_an_epoch_by_hand() -> None:
    """The distance of the expected level from the label's, as a share of the scale's steps."""
    steps = np.array([4])
    target = np.array([[1, 1, 0, 0], [1, 1, 1, 0]], np.float32)  # people's scores of 3 and 4 on 1 to 5
    rows = LabelRows(
        np.zeros((2, 0), np.float32), np.arange(2), np.zeros(2, int), np.zeros(2, int),
        8 * (np.array([0.0, 0.75]) - 0.5), target, np.ones((2, 4), np.float32),
    )  # fmt: skip
    start = Coefficients.identity(1, 4, 0, 0)
    objective = Objective(rows, start, steps)
    error = objective.mean_absolute_error(start.pack(), rows)
    exceed = 1 / (1 + np.exp(-(rows.raw_logit[:, None] - objective.identity)))
    assert error == pytest.approx(float(np.mean(np.abs(exceed.sum(1) - [2, 3]) / 4)), rel=1e-5)
