"""Figures of the evidence, recomputed from the published version by textbook formulas and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import permutations
from typing import Any

import numpy as np
import orjson
import pytest
from scipy.stats import spearmanr

from tests.trainer.synthetic_tasks import make_task, run
from trainer.data import Scale
from trainer.evidence.bootstrap import mean_changes
from trainer.evidence.report import Evidence, Predictions, PredictionSides, build_evidence
from trainer.fitting.setup import prepare
from trainer.folds import hold_out
from trainer.model.version import Version
from trainer.task import Task

LEVELS = 5


@pytest.fixture(scope="module")
def held_out_task() -> tuple[Task, Evidence, Version, np.ndarray]:
    """Return a task with two raters a score, its evidence on 30% of the groups, its version, and the held-out mask."""
    task = make_task(300, seed=3, validation_split=0.3)
    labels = task.labels
    both = labels.take(np.repeat(np.arange(len(labels)), 2))
    second = np.arange(len(both)) % 2 == 1
    noise = np.where(second, np.random.default_rng(1).choice([-1, 0, 0, 1], len(both)), 0)
    rater = ((both.rater + second) % 3).astype(np.int32)
    task = replace(task, labels=replace(both, rater=rater, score=np.clip(both.score + noise, 1.0, 5.0)))
    outcome, _ = run(task)
    assert outcome.version is not None
    group = np.array([int(name[1:]) for name in task.items.groups if name is not None])
    mask = hold_out(group[task.labels.item], 0.3, task.config.seed)
    return task, outcome.evidence, Version.loads(outcome.version), mask


def to_levels(scores: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(scores - 1), 0, LEVELS - 1).astype(int)


def kappa(a: np.ndarray, b: np.ndarray) -> float:
    """Return Cohen's kappa (1968), computed from the contingency table."""
    observed = np.zeros((LEVELS, LEVELS))
    np.add.at(observed, (to_levels(a), to_levels(b)), 1)
    distance = np.subtract.outer(np.arange(LEVELS), np.arange(LEVELS)) ** 2
    expected = np.outer(observed.sum(1), observed.sum(0)) / observed.sum()
    return 1 - float((distance * observed).sum() / (distance * expected).sum())


def alpha(units: list[np.ndarray]) -> float:
    """Return Krippendorff's alpha (2004, section 11.3), computed from the table of coincidences."""
    table = np.zeros((LEVELS, LEVELS))
    for unit in map(to_levels, units):
        for i, j in permutations(range(len(unit)), 2):
            table[unit[i], unit[j]] += 1 / (len(unit) - 1)
    n, distance = table.sum(1), np.zeros((LEVELS, LEVELS))
    for low in range(LEVELS):
        for high in range(low + 1, LEVELS):
            distance[low, high] = distance[high, low] = (n[low : high + 1].sum() - (n[low] + n[high]) / 2) ** 2
    return 1 - float((n.sum() - 1) * (table * distance).sum() / (np.outer(n, n) * distance).sum())


@pytest.mark.parametrize("c", [0, 1])
def test_every_figure_can_be_recomputed_from_the_version(
    held_out_task: tuple[Task, Evidence, Version, np.ndarray], c: int
) -> None:
    task, evidence, version, mask = held_out_task
    found, scores = evidence.criteria[c], version.score(task.items)
    own = mask & (task.labels.criterion == c)
    items = np.unique(task.labels.item[own])
    given = [task.labels.score[own & (task.labels.item == i)] for i in items]
    target, raw = np.array([np.mean(s) for s in given]), task.items.raw[items, c]
    points, verdicts, means = scores.point[items, c], scores.verdict[items, c], scores.expected[items, c]
    for report, point, verdict, ranking in ((found.raw, raw, raw, raw), (found.after, points, verdicts, means)):
        assert report is not None
        distance = np.abs(to_levels(verdict) - to_levels(target))
        assert report.mean_absolute_error == pytest.approx(np.abs(point - target).mean(), abs=1e-6)
        assert report.bias == pytest.approx((point - target).mean(), abs=1e-6)
        assert report.spearman == pytest.approx(spearmanr(ranking, target)[0])
        assert report.quadratic_weighted_kappa == pytest.approx(kappa(verdict, target))
        assert (report.exact_agreement, report.within_one_agreement) == ((distance == 0).mean(), (distance <= 1).mean())
    learned = task.labels.score[~mask & (task.labels.criterion == c)]
    assert found.constant_baseline.mean_absolute_error == pytest.approx(np.abs(np.median(learned) - target).mean())
    assert found.rater_agreement == pytest.approx(alpha(given))


def test_the_interval_agrees_with_an_independent_bootstrap_over_groups(
    held_out_task: tuple[Task, Evidence, Version, np.ndarray],
) -> None:
    """The ends differ by chance alone when drawn with other random numbers."""
    task, evidence, version, mask = held_out_task
    scores, rng = version.score(task.items), np.random.default_rng(11)
    parts = []
    for c in range(2):
        items = np.unique(task.labels.item[mask & (task.labels.criterion == c)])
        target = [np.mean(task.labels.score[(task.labels.item == i) & (task.labels.criterion == c)]) for i in items]
        after, before = np.abs(scores.point[items, c] - target), np.abs(task.items.raw[items, c] - target)
        parts.append((items // 2, (after - before) / 4))  # two items a group
    groups = np.unique(parts[0][0])
    draws = []
    for _ in range(2000):
        times = np.bincount(rng.choice(groups, len(groups)), minlength=int(groups.max()) + 1)
        draws.append(np.mean([np.average(change, weights=times[group]) for group, change in parts]))
    change = evidence.mae_change
    assert change is not None
    assert change.estimate == pytest.approx(np.mean([change.mean() for _, change in parts]), abs=1e-6)
    width = change.upper - change.lower
    assert (change.lower, change.upper) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.15 * width)


def iterate_values(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from iterate_values(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from iterate_values(value)
    else:
        yield tree


@pytest.mark.parametrize("config", [{}, {"validation_split": 0.3}, {"max_epochs": 3, "decoding": "agreement"}], ids=str)
def test_evidence_holds_only_finite_values_of_builtin_types(config: dict[str, Any]) -> None:
    """Evidence is stored as JSON and sent through GraphQL, neither of which accepts numpy's types or NaN."""
    task = make_task(160, **config)
    sources: list[str | None] = [f"s{i % 4}" for i in range(len(task.items))]
    outcome, _ = run(replace(task, items=replace(task.items, sources=sources)))
    assert outcome.evidence.unseen_sources is not None
    for value in iterate_values([asdict(outcome.evidence), outcome.chosen]):
        assert type(value) in (float, int, bool, str, type(None)), repr(value)
        assert not isinstance(value, float) or np.isfinite(value)


def test_evidence_has_the_rater_agreement_and_the_constant_baseline() -> None:
    """The rater agreement needs items that several people scored."""
    task = make_task(200)
    alone = run(task)[0].evidence
    assert alone.rater_agreement is None
    assert all(c.constant_baseline.mean_absolute_error > 0 for c in alone.criteria)
    twice = task.labels.take(np.repeat(np.arange(200), 2))
    twice = replace(twice, rater=np.tile([0, 1], 200).astype(np.int32))
    noisy = replace(twice, score=np.clip(twice.score + np.random.default_rng(3).integers(-1, 2, 400), 1.0, 5.0))
    evidence = run(replace(task, labels=noisy))[0].evidence
    assert 0.3 < evidence.rater_agreement < 0.95
    assert orjson.loads(orjson.dumps(asdict(evidence)))["rater_agreement"] == evidence.rater_agreement
    confirmed = replace(twice, confirmed=np.ones(400, np.bool_))
    assert run(replace(task, labels=confirmed))[0].evidence.rater_agreement is None


def test_noise_is_hardly_ever_reported_as_an_improvement() -> None:
    """Feedback only scatters around a judge that is already right; a version can be truly worse."""
    claims = [run(make_task(80, accurate_judge=True, seed=seed))[0].evidence for seed in range(30)]
    assert sum(evidence.improved for evidence in claims) <= 1
    assert sum(c.improved for e in claims for c in e.criteria) <= 3


def test_the_constant_baseline_is_learned_out_of_fold() -> None:
    """It does not rank, and has the error of the median."""
    evidence = run(make_task(200))[0].evidence
    assert evidence.constant_baseline.mean_absolute_error > evidence.after.mean_absolute_error
    assert abs(evidence.constant_baseline.quadratic_weighted_kappa) < 0.05


def test_the_proof_rests_on_the_squared_error_of_the_expected_score(
    held_out_task: tuple[Task, Evidence, Version, np.ndarray],
) -> None:
    task, evidence, version, mask = held_out_task
    expected, changes = version.score(task.items).expected, []
    for c, found in enumerate(evidence.criteria):
        own = mask & (task.labels.criterion == c)
        items = np.unique(task.labels.item[own])
        target = np.array([task.labels.score[own & (task.labels.item == i)].mean() for i in items])
        after, before = (expected[items, c] - target) ** 2, (task.items.raw[items, c] - target) ** 2
        assert found.after is not None
        assert found.squared_error_change is not None
        assert found.after.root_mean_squared_error == pytest.approx(np.sqrt(after.mean()), abs=1e-6)
        assert found.squared_error_change.estimate == pytest.approx((after - before).mean(), abs=1e-6)
        changes.append((after - before).mean() / 16)
    overall = evidence.squared_error_change
    assert overall is not None
    assert evidence.guard_change == evidence.mae_change
    assert overall.estimate == pytest.approx(np.mean(changes), abs=1e-6)
    assert evidence.improved == (overall.upper < 0)


def test_two_levels_are_proven_by_the_brier_score_and_guarded_by_wrong_verdicts() -> None:
    """The expected score of yes or no is a probability; a verdict is right or wrong."""
    evidence = run(make_task(300, Scale("x", "x", 0.0, 1.0)))[0].evidence
    after, before = evidence.after, evidence.before
    assert after is not None
    assert after.root_mean_squared_error**2 < before.root_mean_squared_error**2
    assert evidence.guard_change is not None
    assert evidence.guard_change.estimate == pytest.approx(before.exact_agreement - after.exact_agreement, abs=1e-6)


def test_a_larger_guard_refuses_an_improvement() -> None:
    """Squared error falls while points move away from people's scores by more than chance."""
    table = prepare(make_task(300, criteria=1), None, None, lambda _: None).table
    target = table.pairs.target
    before = Predictions(target, target + 0.1, target, (target + 1.0)[None])
    after = Predictions(target, target + 0.5, target, target[None])
    sides = PredictionSides(before, before, after, before)
    at = np.arange(len(table.pairs), dtype=np.int32)
    found = build_evidence(table, at, sides, compare=True, method="", seed=0)
    assert found.squared_error_change is not None
    assert found.squared_error_change.upper < 0
    assert not found.improved
    swapped = PredictionSides(before, replace(before, point=target + 0.6), after, before)
    assert build_evidence(table, at, swapped, compare=True, method="", seed=0).improved


def test_repeats_of_the_folds_average_the_squared_errors() -> None:
    """Each repeat counts equally, and the mean of the losses, not the loss of the mean, is reported."""
    table = prepare(make_task(100, criteria=1), None, None, lambda _: None).table
    target = table.pairs.target
    once = Predictions(target, target, target, target[None])
    repeated = replace(once, expected=np.stack([target - 1, target + 1, target]))
    at = np.arange(len(table.pairs), dtype=np.int32)
    found = build_evidence(table, at, PredictionSides(once, once, repeated, once), compare=True, method="", seed=0)
    assert found.squared_error_change is not None
    assert found.squared_error_change.estimate == pytest.approx(2 / 3 / 16)


@pytest.mark.parametrize("n", [2, 4])
def test_below_five_labels_nothing_is_compared(n: int) -> None:
    """An interval of 0 to 0 would claim a certainty that few labels cannot give."""
    evidence = run(make_task(n, criteria=1))[0].evidence
    assert evidence.mae_change is None
    assert evidence.squared_error_change is None
    assert all(criterion.mae_change is None for criterion in evidence.criteria)


def test_the_exact_null_is_rarely_an_improvement() -> None:
    """Differences with a mean of exactly 0, redrawn by group, are proven in about 2.5% of runs."""
    rng = np.random.default_rng(0)
    proven = 0
    for run_number in range(400):
        groups = np.repeat(np.arange(20), 5)
        effect = rng.standard_t(4, 20)[groups] * 0.5 + rng.normal(size=100)
        proven += mean_changes([effect], [groups], np.array([16.0]), run_number).overall.upper < 0
    assert proven <= 20
