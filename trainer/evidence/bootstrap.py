"""Paired bootstrap over groups: how sure a change is, when items of one group belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats, Ints
from trainer.evidence.metrics import spearman

RESAMPLES = 1000
WORK = 20_000_000
"""Weights handled at a time, and the limit of ranks computed for a Spearman interval, for memory and time."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 95 % interval."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of MAE: the mean over criteria as a share of the range, and each in points.

    `below`, `above`: one-sided p values of each being below or above 0.
    """

    overall: Interval
    each: tuple[Interval, ...]
    below: Floats
    above: Floats


def weights(groups: int, resamples: int, seed: int, widest: int = 1) -> Iterator[Floats]:
    """Blocks of (resamples, groups) counts: how often each group was drawn, fit to spread over `widest` items."""
    block = max(1, min(resamples, WORK // (4 * max(groups, widest))))
    rng = np.random.default_rng([seed, 4])
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = rng.integers(0, groups, (rows, groups)) + np.arange(rows)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups).astype(np.float64)


def interval(estimate: float, draws: Floats, groups: int, limit: float) -> Interval:
    """Expanded percentile interval (Hesterberg 2015) from bootstrap draws, at least as wide as Student's t.

    With few groups the percentiles move out as far as Student's t and the n / (n - 1) of a variance ask for. No draw
    lies beyond the most extreme group, though: under six groups percentiles can't move out far enough, but t can.
    A single group tells nothing, so that the interval is all that is possible: -`limit` to `limit`.
    """
    from scipy.special import ndtr, stdtrit  # only training needs scipy

    known = draws[~np.isnan(draws)]
    if groups < 2 or not len(known):
        return Interval(estimate, -limit, limit)
    t = float(stdtrit(groups - 1, 0.025))
    widened = np.sqrt(groups / (groups - 1))
    tail = float(ndtr(widened * t))
    lower, upper = np.quantile(known, [tail, 1 - tail])
    reach = float(-t * widened * known.std())
    return Interval(
        estimate, max(-limit, min(float(lower), estimate - reach)), min(limit, max(float(upper), estimate + reach))
    )


def mae_changes(changes: Sequence[Floats], groups: Sequence[Ints], ranges: Floats, seed: int) -> Changes:
    """Intervals of the mean of `changes` (per criterion, per item, in points) and of their range-normalised mean."""
    names, place = np.unique(np.concatenate(groups), return_inverse=True)
    parts = np.split(place, np.cumsum([len(g) for g in groups])[:-1])
    sums = np.stack([np.bincount(p, c, len(names)) for p, c in zip(parts, changes, strict=True)], 1)
    counts = np.stack([np.bincount(p, minlength=len(names)) for p in parts], 1).astype(np.float64)
    draws = []
    for w in weights(len(names), RESAMPLES, seed):
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
        interval(float(np.mean(estimates / ranges)), overall, len(names), 1.0),
        tuple(interval(float(e), each[:, k], int(own_groups[k]), float(ranges[k])) for k, e in enumerate(estimates)),
        below,
        above,
    )


def _p_value(draws: Floats, groups: int, sign: int) -> float:
    """One-sided p value of 'the change has this sign': Student's t on the bootstrap's standard error."""
    from scipy.special import stdtr

    known = draws[~np.isnan(draws)]
    if groups < 2 or len(known) < 2:
        return 1.0
    error = float(known.std()) * np.sqrt(groups / (groups - 1))
    mean = float(known.mean()) * sign
    return float(stdtr(groups - 1, -mean / error)) if error > 0 else float(mean <= 0)


def holm(p: Floats, level: float = 0.025) -> list[bool]:
    """Which hypotheses stand when all are tested together (Holm 1979)."""
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
    """Intervals of the change in Spearman, (before, after, label) per criterion: their mean, and each.

    Criteria on which a side is constant are left out: None.
    """
    estimates = [_change(*triple) for triple in triples]

    def change(k: int, w: Floats) -> Floats:
        before, after, label = triples[k]
        ranked = weighted_ranks(label, w)
        new = _correlation(weighted_ranks(after, w), ranked, w)
        return np.asarray(new - _correlation(weighted_ranks(before, w), ranked, w))

    return _spearman_intervals(estimates, change, groups, seed, 2.0)


def spearman_means(
    sides: Sequence[tuple[Sequence[Floats], Floats]], groups: Sequence[Ints], seed: int
) -> Interval | None:
    """Interval of the mean over criteria of Spearman, (rankings, label) per criterion, averaged over the rankings."""

    def known(rankings: Sequence[Floats], label: Floats) -> float | None:
        values = [value for ranking in rankings if (value := spearman(ranking, label)) is not None]
        return float(np.mean(values)) if values else None

    def level(k: int, w: Floats) -> Floats:
        rankings, label = sides[k]
        ranked = weighted_ranks(label, w)
        each = np.stack([_correlation(weighted_ranks(ranking, w), ranked, w) for ranking in rankings])
        some = ~np.isnan(each)
        mean = np.where(some, each, 0.0).sum(0) / np.maximum(some.sum(0), 1)
        return np.where(some.any(0), mean, np.nan)

    return _spearman_intervals([known(*side) for side in sides], level, groups, seed, 1.0)[0]


def _spearman_intervals(
    estimates: Sequence[float | None],
    draw: Callable[[int, Floats], Floats],
    groups: Sequence[Ints],
    seed: int,
    limit: float,
) -> tuple[Interval | None, list[Interval | None]]:
    """Intervals of estimates that are known; `draw(k, w)`: the k-th with its items weighted by w (B, n), (B,).

    `limit`: the largest size an estimate could have.
    """
    names, place = np.unique(np.concatenate(groups), return_inverse=True)
    parts = np.split(place, np.cumsum([len(g) for g in groups])[:-1])
    total = sum(len(p) for p in parts)
    resamples = int(np.clip(WORK // max(1, total), 200, RESAMPLES))
    known = [k for k, estimate in enumerate(estimates) if estimate is not None]
    if not known:
        return None, [None] * len(estimates)
    draws = np.full((resamples, len(estimates)), np.nan)
    start = 0
    for w in weights(len(names), resamples, seed, max(len(p) for p in parts)):
        for k in known:
            draws[start : start + len(w), k] = draw(k, w[:, parts[k]])
        start += len(w)
    each: list[Interval | None] = [None] * len(estimates)
    for k in known:
        each[k] = interval(float(estimates[k] or 0.0), draws[:, k], len(np.unique(parts[k])), limit)
    relevant = draws[:, known]
    some = ~np.isnan(relevant)
    mean = np.where(some, relevant, 0.0).sum(1) / np.maximum(some.sum(1), 1)
    estimate = float(np.mean([estimates[k] or 0.0 for k in known]))
    return interval(estimate, mean, len(names), limit), each


def _change(before: Floats, after: Floats, label: Floats) -> float | None:
    old, new = spearman(before, label), spearman(after, label)
    return None if old is None or new is None else new - old


def weighted_ranks(values: Floats, w: Floats) -> Floats:
    """Mid-ranks of n values when value i occurs w[b, i] times, (B, n)."""
    _, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    last = np.flatnonzero(np.diff(place[order], append=place.max() + 1))  # the last of each run of ties
    upto = np.cumsum(w[:, order], axis=1)[:, last]
    before = np.concatenate([np.zeros((len(w), 1)), upto[:, :-1]], axis=1)
    return np.asarray(((before + upto) / 2)[:, place])


def _correlation(a: Floats, b: Floats, w: Floats) -> Floats:
    """Weighted Pearson correlation of each row, NaN where a side is constant."""
    total = np.maximum(w.sum(1), 1e-12)
    a = a - ((w * a).sum(1) / total)[:, None]
    b = b - ((w * b).sum(1) / total)[:, None]
    size = np.sqrt((w * a * a).sum(1) * (w * b * b).sum(1))
    return np.where(size > 1e-9, (w * a * b).sum(1) / np.maximum(size, 1e-12), np.nan)
