"""Paired bootstrap over groups: intervals and tests of changes, when items of one group are not independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats, Ints
from trainer.evidence.metrics import spearman

RESAMPLES = 1000
MIN_RESAMPLES = 200
"""Resamples of a Spearman interval at least, however many items there are."""
MAX_WORK = 20_000_000
"""Weights held at a time at most (it bounds memory), and ranks computed for a Spearman interval (it bounds time)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Estimate and its 95 % interval."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of a mean loss: `overall` as a share of the largest possible one, and `each` criterion's in its unit.

    `below`, `above` (C,): one-sided p values of each change being below or above 0.
    """

    overall: Interval
    each: tuple[Interval, ...]
    below: Floats
    above: Floats


def draw_group_counts(groups: int, resamples: int, seed: int, items: int = 1) -> Iterator[Floats]:
    """Draw bootstrap resamples of groups, a block at a time.

    Args:
        groups: number of groups, and of draws in a resample.
        resamples: number of resamples.
        seed: of the random draws; the size of the blocks does not change them.
        items: items over which the caller spreads the counts; it bounds the size of a block.

    Yields:
        How often each group was drawn, (resamples of the block, groups).
    """
    block = max(1, min(resamples, MAX_WORK // (4 * max(groups, items))))
    rng = np.random.default_rng([seed, 4])
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = rng.integers(0, groups, (rows, groups)) + np.arange(rows)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups).astype(np.float64)


def bootstrap_interval(estimate: float, draws: Floats, groups: int, limit: float) -> Interval:
    """Return the expanded percentile interval (Hesterberg 2015), at least as wide as Student's t.

    With few groups the percentiles move out as far as Student's t and the n / (n - 1) of a variance require. No draw
    lies beyond the most extreme group, so that with fewer than six groups percentiles cannot move out far enough, but
    Student's t can. A single group gives no information about the variation between groups; its interval is
    -`limit` to `limit`.

    Source: Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015.

    Args:
        estimate: value on the data.
        draws: values on the resamples, NaN where undefined, (B,).
        groups: number of groups.
        limit: largest possible size of the value.
    """
    from scipy.special import ndtr, stdtrit  # only training needs scipy

    known = draws[~np.isnan(draws)]
    if groups < 2 or not len(known):
        return Interval(estimate, -limit, limit)
    t = float(stdtrit(groups - 1, 0.025))
    widened = np.sqrt(groups / (groups - 1))
    tail = float(ndtr(widened * t))
    lower, upper = np.quantile(known, [tail, 1 - tail])
    half_width = float(-t * widened * known.std())
    return Interval(
        estimate,
        max(-limit, min(float(lower), estimate - half_width)),
        min(limit, max(float(upper), estimate + half_width)),
    )


def mean_changes(changes: Sequence[Floats], groups: Sequence[Ints], ranges: Floats, seed: int) -> Changes:
    """Return intervals of the mean change of each criterion, and of the mean over criteria.

    Args:
        changes: of each criterion, the change of each item, (n of the criterion,).
        groups: of each criterion, the group of each item.
        ranges: largest possible size of a change of each criterion, in the unit of the changes, (C,).
        seed: of the bootstrap.
    """
    names, parts = _number_groups(groups)
    sums = np.stack([np.bincount(p, c, len(names)) for p, c in zip(parts, changes, strict=True)], 1)
    counts = np.stack([np.bincount(p, minlength=len(names)) for p in parts], 1).astype(np.float64)
    draws = []
    for w in draw_group_counts(len(names), RESAMPLES, seed):
        drawn = w @ counts
        draws.append(np.where(drawn > 0, w @ sums / np.maximum(drawn, 1), np.nan))
    each = np.concatenate(draws)
    estimates = sums.sum(0) / counts.sum(0)
    relative = each / ranges
    known = ~np.isnan(relative)
    overall = np.where(known, relative, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    own_groups = (counts > 0).sum(0)
    below = np.array([_p_value(each[:, k], own_groups[k], -1) for k in range(len(ranges))])
    above = np.array([_p_value(each[:, k], own_groups[k], +1) for k in range(len(ranges))])
    return Changes(
        bootstrap_interval(float(np.mean(estimates / ranges)), overall, len(names), 1.0),
        tuple(
            bootstrap_interval(float(e), each[:, k], int(own_groups[k]), float(ranges[k]))
            for k, e in enumerate(estimates)
        ),
        below,
        above,
    )


def _number_groups(groups: Sequence[Ints]) -> tuple[Ints, list[np.ndarray]]:
    """Return the distinct groups of all criteria, and of each criterion's items the position among them."""
    names, index = np.unique(np.concatenate(groups), return_inverse=True)
    return names, np.split(index, np.cumsum([len(g) for g in groups])[:-1])


def _p_value(draws: Floats, groups: int, sign: int) -> float:
    """Return the one-sided p value of a change by Student's t on the bootstrap's standard error.

    Args:
        draws: changes of the resamples, (B,).
        groups: number of groups.
        sign: -1 to test for a change below 0, +1 for one above 0.
    """
    from scipy.special import stdtr

    known = draws[~np.isnan(draws)]
    if groups < 2 or len(known) < 2:
        return 1.0
    error = float(known.std()) * np.sqrt(groups / (groups - 1))
    mean = float(known.mean()) * sign
    return float(stdtr(groups - 1, -mean / error)) if error > 0 else float(mean <= 0)


def holm(p: Floats, level: float = 0.025) -> list[bool]:
    """Return which hypotheses are accepted when all are tested together.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.

    Args:
        p: one-sided p values, (C,).
        level: family-wise error rate.
    """
    order = np.argsort(p, kind="stable")
    accepted = np.zeros(len(p), np.bool_)
    for rank, index in enumerate(order):
        if p[index] > level / (len(p) - rank):
            break
        accepted[index] = True
    return [bool(a) for a in accepted]


def spearman_changes(
    triples: Sequence[tuple[Floats, Floats, Floats]], groups: Sequence[Ints], seed: int
) -> tuple[Interval | None, list[Interval | None]]:
    """Return intervals of the change in Spearman's correlation with the labels.

    Args:
        triples: of each criterion, the rankings before and after, and the labels, (n of the criterion,) each.
        groups: of each criterion, the group of each item.
        seed: of the bootstrap.

    Returns:
        The mean over criteria, and each criterion's; None for a criterion on which a side is constant.
    """
    estimates = [_spearman_change(*triple) for triple in triples]

    def resample(k: int, w: Floats) -> Floats:
        before, after, label = triples[k]
        ranked = weighted_ranks(label, w)
        new = _weighted_correlation(weighted_ranks(after, w), ranked, w)
        return np.asarray(new - _weighted_correlation(weighted_ranks(before, w), ranked, w))

    return _spearman_intervals(estimates, resample, groups, seed, 2.0)


def spearman_means(
    sides: Sequence[tuple[Sequence[Floats], Floats]], groups: Sequence[Ints], seed: int
) -> Interval | None:
    """Return the interval of the mean over criteria of Spearman's correlation, averaged over several rankings.

    Args:
        sides: of each criterion, the rankings, and the labels, (n of the criterion,) each.
        groups: of each criterion, the group of each item.
        seed: of the bootstrap.
    """

    def mean_spearman(rankings: Sequence[Floats], label: Floats) -> float | None:
        values = [value for ranking in rankings if (value := spearman(ranking, label)) is not None]
        return float(np.mean(values)) if values else None

    def resample(k: int, w: Floats) -> Floats:
        rankings, label = sides[k]
        ranked = weighted_ranks(label, w)
        each = np.stack([_weighted_correlation(weighted_ranks(ranking, w), ranked, w) for ranking in rankings])
        defined = ~np.isnan(each)
        mean = np.where(defined, each, 0.0).sum(0) / np.maximum(defined.sum(0), 1)
        return np.where(defined.any(0), mean, np.nan)

    return _spearman_intervals([mean_spearman(*side) for side in sides], resample, groups, seed, 1.0)[0]


def _spearman_intervals(
    estimates: Sequence[float | None],
    resample: Callable[[int, Floats], Floats],
    groups: Sequence[Ints],
    seed: int,
    limit: float,
) -> tuple[Interval | None, list[Interval | None]]:
    """Return the intervals of the mean over criteria and of each criterion.

    Args:
        estimates: of each criterion on the data; None where undefined.
        resample: called with a criterion and its items' weights (B, n); returns its values on the resamples, (B,).
        groups: of each criterion, the group of each item.
        seed: of the bootstrap.
        limit: largest possible size of an estimate.
    """
    names, parts = _number_groups(groups)
    total = sum(len(p) for p in parts)
    resamples = int(np.clip(MAX_WORK // max(1, total), MIN_RESAMPLES, RESAMPLES))
    known = [k for k, estimate in enumerate(estimates) if estimate is not None]
    if not known:
        return None, [None] * len(estimates)
    draws = np.full((resamples, len(estimates)), np.nan)
    start = 0
    for w in draw_group_counts(len(names), resamples, seed, max(len(p) for p in parts)):
        for k in known:
            draws[start : start + len(w), k] = resample(k, w[:, parts[k]])
        start += len(w)
    each: list[Interval | None] = [None] * len(estimates)
    for k in known:
        each[k] = bootstrap_interval(float(estimates[k] or 0.0), draws[:, k], len(np.unique(parts[k])), limit)
    relevant = draws[:, known]
    defined = ~np.isnan(relevant)
    mean = np.where(defined, relevant, 0.0).sum(1) / np.maximum(defined.sum(1), 1)
    estimate = float(np.mean([estimates[k] or 0.0 for k in known]))
    return bootstrap_interval(estimate, mean, len(names), limit), each


def _spearman_change(before: Floats, after: Floats, label: Floats) -> float | None:
    old, new = spearman(before, label), spearman(after, label)
    return None if old is None or new is None else new - old


def weighted_ranks(values: Floats, w: Floats) -> Floats:
    """Return the mid-ranks of n values when value i occurs w[b, i] times, (B, n)."""
    _, index = np.unique(values, return_inverse=True)
    order = np.argsort(index, kind="stable")
    last = np.flatnonzero(np.diff(index[order], append=index.max() + 1))  # the last of each run of ties
    up_to = np.cumsum(w[:, order], axis=1)[:, last]
    before = np.concatenate([np.zeros((len(w), 1)), up_to[:, :-1]], axis=1)
    return np.asarray(((before + up_to) / 2)[:, index])


def _weighted_correlation(a: Floats, b: Floats, w: Floats) -> Floats:
    """Return the weighted Pearson correlation of each row, (B,), NaN where a side is constant.

    Args:
        a: values of one side, (B, n).
        b: values of the other side, (B, n).
        w: weights, (B, n).
    """
    total = np.maximum(w.sum(1), 1e-12)
    a = a - ((w * a).sum(1) / total)[:, None]
    b = b - ((w * b).sum(1) / total)[:, None]
    size = np.sqrt((w * a * a).sum(1) * (w * b * b).sum(1))
    return np.where(size > 1e-9, (w * a * b).sum(1) / np.maximum(size, 1e-12), np.nan)
