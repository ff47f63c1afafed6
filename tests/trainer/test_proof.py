"""The figures of a proof, computed again from the published version by textbook formulas and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.trainer.synthetic_tasks import make_task, run
from trainer.evidence.report import Evidence
from trainer.folds import hold_out
from trainer.model.version import Version
from trainer.task import Task

LEVELS = 5


@pytest.fixture(scope="module")
def held() -> tuple[Task, Evidence, Version, np.ndarray]:
    """A task with two people a score, its proof on three tenths of the groups, its version, and what was held out."""
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


def on_grid(scores: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(scores - 1), 0, LEVELS - 1).astype(int)


def kappa(a: np.ndarray, b: np.ndarray) -> float:
    """Cohen (1968), from the table of both."""
    observed = np.zeros((LEVELS, LEVELS))
    np.add.at(observed, (on_grid(a), on_grid(b)), 1)
    apart = np.subtract.outer(np.arange(LEVELS), np.arange(LEVELS)) ** 2
    expected = np.outer(observed.sum(1), observed.sum(0)) / observed.sum()
    return 1 - float((apart * observed).sum() / (apart * expected).sum())


def alpha(units: list[np.ndarray]) -> float:
    """Krippendorff (2004), section 11.3, from the table of coincidences."""
    table = np.zeros((LEVELS, LEVELS))
    for unit in map(on_grid, units):
        for i, j in permutations(range(len(unit)), 2):
            table[unit[i], unit[j]] += 1 / (len(unit) - 1)
    n, apart = table.sum(1), np.zeros((LEVELS, LEVELS))
    for low in range(LEVELS):
        for high in range(low + 1, LEVELS):
            apart[low, high] = apart[high, low] = (n[low : high + 1].sum() - (n[low] + n[high]) / 2) ** 2
    return 1 - float((n.sum() - 1) * (table * apart).sum() / (np.outer(n, n) * apart).sum())


@pytest.mark.parametrize("c", [0, 1])
def test_every_figure_of_a_proof_can_be_computed_again(
    held: tuple[Task, Evidence, Version, np.ndarray], c: int
) -> None:
    task, evidence, version, mask = held
    found, scores = evidence.criteria[c], version.score(task.items)
    own = mask & (task.labels.criterion == c)
    items = np.unique(task.labels.item[own])
    said = [task.labels.score[own & (task.labels.item == i)] for i in items]
    target, raw = np.array([np.mean(s) for s in said]), task.items.raw[items, c]
    points, verdicts, means = scores.point[items, c], scores.verdict[items, c], scores.expected[items, c]
    for report, point, verdict, ranking in ((found.raw, raw, raw, raw), (found.after, points, verdicts, means)):
        assert report is not None
        apart = np.abs(on_grid(verdict) - on_grid(target))
        assert report.mean_absolute_error == pytest.approx(np.abs(point - target).mean(), abs=1e-6)
        assert report.bias == pytest.approx((point - target).mean(), abs=1e-6)
        assert report.spearman == pytest.approx(spearmanr(ranking, target)[0])
        assert report.quadratic_weighted_kappa == pytest.approx(kappa(verdict, target))
        assert (report.exact_agreement, report.within_one_agreement) == ((apart == 0).mean(), (apart <= 1).mean())
    learned = task.labels.score[~mask & (task.labels.criterion == c)]
    assert found.constant_baseline.mean_absolute_error == pytest.approx(np.abs(np.median(learned) - target).mean())
    assert found.rater_agreement == pytest.approx(alpha(said))


def test_the_interval_is_that_of_any_bootstrap_over_groups(held: tuple[Task, Evidence, Version, np.ndarray]) -> None:
    """Drawn again with other random numbers, criterion by criterion: the ends differ by chance alone."""
    task, evidence, version, mask = held
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


def values_in(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from values_in(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from values_in(value)
    else:
        yield tree


@pytest.mark.parametrize("config", [{}, {"validation_split": 0.3}, {"max_epochs": 3, "decoding": "agreement"}], ids=str)
def test_a_proof_holds_plain_finite_values_alone(config: dict[str, Any]) -> None:
    """What goes into a database and through GraphQL is Python's own: no number of numpy's, none that is no number."""
    task = make_task(160, **config)
    sources: list[str | None] = [f"s{i % 4}" for i in range(len(task.items))]
    outcome, _ = run(replace(task, items=replace(task.items, sources=sources)))
    assert outcome.evidence.unseen_sources is not None
    for value in values_in([outcome.evidence.to_dict(), outcome.chosen]):
        assert type(value) in (float, int, bool, str, type(None)), repr(value)
        assert not isinstance(value, float) or np.isfinite(value)
