"""A recipe carried out in full on some rows: out-of-fold fits, the choices they prove, and the fit on everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Bools, Floats, Ints
from trainer.evidence.report import Predictions
from trainer.fitting.checkpoint import Journal
from trainer.fitting.fit import Fit, Recipe, Told, WarmStart, fit
from trainer.fitting.progress import Tracker
from trainer.fitting.selection import Choice, OutOfFold, choose, pool
from trainer.folds import FOLDS, assign
from trainer.model.label_table import Table
from trainer.model.ordinal import Coefficients, exceedances, latent
from trainer.model.version import readings
from trainer.scales import to_grid

Warmth = Callable[[int], WarmStart | None]
"""The warm start of a fold."""


@dataclass(frozen=True, slots=True, eq=False)
class CrossFit:
    """Fits of each fold without its rows, and what they say about its pairs; `fold` (P,): -1 where a pair has none."""

    fits: tuple[Fit, ...]
    fold: Ints
    out: OutOfFold


def fold_rows(table: Table, index: np.ndarray, seed: int) -> tuple[Ints, int]:
    """The fold of each row of the table (-1 outside `index`), and the number of folds."""
    group = table.grouping.group[table.rows.item[index]]
    folds = max(1, min(FOLDS, len(np.unique(group))))
    fold = np.full(len(table.rows), -1, np.int32)
    fold[index] = assign(group, folds, seed)
    return fold, folds


def cross_fit(
    table: Table, fold: Ints, folds: int, learn: Bools, recipe: Recipe, journal: Journal, name: str, track: Tracker,
    warm: Warmth | None = None,
) -> CrossFit:  # fmt: skip
    """Fit each fold on the rows of the others that are in `learn`, and predict all its pairs."""
    pair_fold = np.full(len(table.pairs), -1, np.int32)
    pair_fold[table.pair] = fold
    out = OutOfFold(*(np.zeros((len(table.pairs), table.width)) for _ in range(2)))
    fits = []
    for k in range(folds):
        index = np.flatnonzero(learn & (fold >= 0) & (fold != k))
        one = recipe if warm is None else replace(recipe, warm=warm(k))
        fits.append(fit(table, index, one, journal, f"{name} {k}"))
        predict(table, fits[-1], pair_fold == k, out)
        track.step(f"{name.capitalize()}: fold {k + 1} of {folds} fitted")
    return CrossFit(tuple(fits), pair_fold, out)


def predict(table: Table, fitted: Fit, where: Bools, out: OutOfFold) -> None:
    """Fill in the distributions of the pairs in `where`."""
    at = np.flatnonzero(where)
    pairs = table.pairs
    for coefficients, into in ((fitted.calibrator, out.calibrator), (fitted.joint, out.joint)):
        items, place = np.unique(pairs.item[at], return_inverse=True)
        features = table.rows.features[items] if coefficients.weights.shape[1] else table.rows.features[:0]
        z = latent(coefficients, pairs.line[at], pairs.criterion[at], features, place.astype(np.int32))
        into[at] = exceedances(coefficients, z, pairs.criterion[at], table.steps)


def score(table: Table, out: OutOfFold, choice: Choice, where: Bools, into: Predictions) -> None:
    """Turn distributions of the pairs in `where` into scores."""
    pooled = pool(table, out, choice.gate)
    for c, scale in enumerate(table.scales):
        at = np.flatnonzero(where & (table.pairs.criterion == c))
        raw = table.pairs.raw[at]
        if choice.learned[c]:
            spread = (float(choice.stretch[c]), float(choice.centre[c]))
            expected, point, verdict, _, _ = readings(
                scale, pooled[at], raw, int(choice.point[c]), float("nan"), spread
            )
        else:
            expected, point, verdict = raw, raw, to_grid(scale, raw)
        into.ranking[at], into.point[at], into.verdict[at] = expected, point, verdict


def honest_scores(
    table: Table, crossed: CrossFit, old: Choice | None = None, among: Bools | None = None
) -> Predictions:
    """Out-of-fold scores of all pairs with a fold; the choices for a fold are made on the others, `among` these pairs.

    `among` (P,): the pairs whose labels were learned from; left out, all.
    """
    scores = blank(table)
    for k in range(len(crossed.fits)):
        mine = crossed.fold == k
        others = (crossed.fold >= 0) & ~mine
        worth = crossed.fits[k].prior.log_bayes_factor
        choice = choose(table, crossed.out, others if among is None else others & among, worth, old)
        score(table, crossed.out, choice, mine, scores)
        place(table, crossed.fits[k], choice, mine, mine | others, scores.ranking)
    return scores


def place(table: Table, fitted: Fit, choice: Choice, mine: Bools, among: Bools, ranking: Floats) -> None:
    """Replace the means of the pairs in `mine` by their place among the model's means of all pairs in `among`."""
    everywhere = OutOfFold(*(np.zeros((len(table.pairs), table.width)) for _ in range(2)))
    predict(table, fitted, among, everywhere)
    means = pool(table, everywhere, choice.gate).sum(1)
    for c in range(len(table.scales)):
        own = table.pairs.criterion == c
        values = means if choice.learned[c] else table.pairs.raw
        others, at = np.sort(values[among & own]), mine & own
        ranking[at] = np.searchsorted(others, values[at], "left") + np.searchsorted(others, values[at], "right")


def blank(table: Table) -> Predictions:
    """Scores of all pairs, not known yet."""
    return Predictions(*(np.full(len(table.pairs), np.nan) for _ in range(3)))


def refit(
    table: Table, index: np.ndarray, recipe: Recipe, crossed: CrossFit, journal: Journal, name: str,
    validation: np.ndarray | None = None, epoch: Told | None = None,
) -> Fit:  # fmt: skip
    """Fit all rows at `index`; an early-stopped recipe stops where its folds stopped.

    `validation` rows are only watched: when to stop must not be chosen on what a proof is measured on.
    """
    schedule = recipe.schedule
    if schedule is not None and schedule.early_stopping:
        epochs = int(np.median([fitted.epochs for fitted in crossed.fits]))
        recipe = replace(recipe, schedule=replace(schedule, max_epochs=max(1, epochs), early_stopping=False))
    return fit(table, index, recipe, journal, name, validation=validation, epoch=epoch)


def strip(c: Coefficients) -> Coefficients:
    """Without the offsets of raters: for the average one."""
    return replace(c, offsets=np.zeros(0))


def constant(table: Table, fold: Ints, folds: int, train: Bools) -> Floats:
    """The best constant of each pair (the median label of its criterion), learned outside the pair's fold."""
    out = np.zeros(len(table.pairs))
    pair_fold = np.full(len(table.pairs), -1, np.int32)
    pair_fold[table.pair] = fold
    for k in range(-1, folds):
        for c, scale in enumerate(table.scales):
            mine = (pair_fold == k) & (table.pairs.criterion == c)
            known = table.score[train & (fold != k) & (table.rows.criterion == c)]
            out[mine] = np.median(known) if len(known) else (scale.minimum + scale.maximum) / 2
    return out
