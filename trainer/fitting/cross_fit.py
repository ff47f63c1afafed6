"""Cross-fitting of a recipe: out-of-fold fits and predictions, the selections they support, and the final fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Bools, Floats, Ints
from trainer.evidence.report import Predictions
from trainer.fitting.fit import EpochCallback, FittedModels, Recipe, WarmStart, fit
from trainer.fitting.gates import OutOfFold, pool_distributions
from trainer.fitting.selection import Selection, select
from trainer.fitting.setup import TrainingSetup
from trainer.model.label_table import LabelTable
from trainer.model.ordinal import exceedances, latent_scores
from trainer.model.version import RAW, point_estimates
from trainer.scales import to_grid

FoldWarmStart = Callable[[int], WarmStart | None]
"""Return the warm start of a fold."""


@dataclass(frozen=True, slots=True, eq=False)
class CrossFit:
    """Fits of each fold without its rows, and their predictions; `fold` (P,): -1 for pairs without a fold."""

    fits: tuple[FittedModels, ...]
    fold: Ints
    out: OutOfFold


def cross_fit(
    setup: TrainingSetup,
    recipe: Recipe,
    name: str,
    learn: Bools,
    fold_warm_start: FoldWarmStart | None = None,
    *,
    label: str = "New version",
) -> CrossFit:
    """Fit each fold on the rows of the others, and predict all its pairs.

    Args:
        setup: table and folds.
        recipe: settings.
        name: of the fits in the checkpoint, before the number of the fold.
        learn: mask of the rows to learn from, (m,).
        fold_warm_start: replaces the warm start of the recipe.
        label: of the fits in progress messages.
    """
    pair_fold, out = setup.pair_fold, OutOfFold.empty(setup.table)
    fits = []
    for k in range(setup.folds):
        index = np.flatnonzero(learn & (setup.fold >= 0) & (setup.fold != k))
        fold_recipe = recipe if fold_warm_start is None else replace(recipe, warm=fold_warm_start(k))
        fits.append(fit(setup.table, index, fold_recipe, setup.checkpoint, f"{name} {k}"))
        predict_distributions(setup.table, fits[-1], pair_fold == k, out)
        setup.progress.complete_step(f"{label}: fold {k + 1} of {setup.folds} fitted")
    return CrossFit(tuple(fits), pair_fold, out)


def predict_distributions(table: LabelTable, fitted: FittedModels, where: Bools, out: OutOfFold) -> None:
    """Write the distributions of some pairs.

    Args:
        table: label table.
        fitted: models to predict with.
        where: mask of the pairs, (P,).
        out: distributions to write to.
    """
    at = np.flatnonzero(where)
    pairs = table.pairs
    for coefficients, into in ((fitted.calibrator, out.calibrator), (fitted.joint, out.joint)):
        items, row = np.unique(pairs.item[at], return_inverse=True)
        features = table.rows.features[items] if coefficients.weights.shape[1] else table.rows.features[:0]
        z = latent_scores(coefficients, pairs.raw_logit[at], pairs.criterion[at], features, row.astype(np.int32))
        into[at] = exceedances(coefficients, z, pairs.criterion[at], table.steps)


def predict_scores(table: LabelTable, out: OutOfFold, selection: Selection, where: Bools, into: Predictions) -> None:
    """Write the scores of some pairs, given their distributions; the expected score is written as the ranking.

    Where the raw score was clearly closer to people's scores than the model's, it is also what the proof is about.

    Args:
        table: label table.
        out: distributions.
        selection: settings of each criterion.
        where: mask of the pairs, (P,).
        into: predictions to write to.
    """
    pooled = pool_distributions(table, out, selection.gate)
    for c, scale in enumerate(table.scales):
        at = np.flatnonzero(where & (table.pairs.criterion == c))
        raw = table.pairs.raw[at]
        if selection.learned[c]:
            spread = (float(selection.spread_factor[c]), float(selection.spread_center[c]))
            found = point_estimates(scale, pooled[at], raw, int(selection.estimator[c]), float("nan"), spread)
            expected, point, verdict = found.expected, found.point, found.verdict
            claimed = raw if selection.estimator[c] == RAW else expected
        else:
            expected, claimed, point, verdict = raw, raw, raw, to_grid(scale, raw)
        into.expected[:, at], into.ranking[at], into.point[at], into.verdict[at] = claimed, expected, point, verdict


def predict_out_of_fold(
    table: LabelTable, crossed: CrossFit, old: Selection | None = None, among: Bools | None = None
) -> Predictions:
    """Return out-of-fold scores of all pairs that have a fold; selections for a fold rest on the other folds.

    Args:
        table: label table.
        crossed: fits of all folds.
        old: selection of the version that a warm start comes from.
        among: mask of the pairs whose labels were learned from, (P,); None for all.
    """
    scores = empty_predictions(table)
    for k, fitted in enumerate(crossed.fits):
        mine = crossed.fold == k
        others = (crossed.fold >= 0) & ~mine
        use = others if among is None else others & among
        selection = select(table, crossed.out, use, fitted.prior.log_bayes_factor, old)
        predict_scores(table, crossed.out, selection, mine, scores)
        rank_within_model(table, fitted, selection, mine, mine | others, scores.ranking)
    return scores


def rank_within_model(
    table: LabelTable, fitted: FittedModels, selection: Selection, mine: Bools, among: Bools, ranking: Floats
) -> None:
    """Replace the ranking of some pairs by their ranks among the model's means of more pairs.

    Args:
        table: label table.
        fitted: model.
        selection: settings of each criterion.
        mine: mask of the pairs to rank, (P,).
        among: mask of the pairs to rank them among, (P,).
        ranking: to write to, (P,).
    """
    out = OutOfFold.empty(table)
    predict_distributions(table, fitted, among, out)
    means = pool_distributions(table, out, selection.gate).sum(1)
    for c in range(len(table.scales)):
        own = table.pairs.criterion == c
        values = means if selection.learned[c] else table.pairs.raw
        others, at = np.sort(values[among & own]), mine & own
        ranking[at] = np.searchsorted(others, values[at], "left") + np.searchsorted(others, values[at], "right")


def empty_predictions(table: LabelTable) -> Predictions:
    """Return predictions of all pairs that are NaN, to be filled in."""
    ranking, point, verdict, expected = (np.full(len(table.pairs), np.nan) for _ in range(4))
    return Predictions(ranking, point, verdict, expected[None])


def fit_final(
    setup: TrainingSetup,
    index: np.ndarray,
    recipe: Recipe,
    crossed: CrossFit,
    name: str,
    validation: np.ndarray | None = None,
    on_epoch: EpochCallback | None = None,
) -> FittedModels:
    """Fit all rows at `index`; an early-stopped recipe stops after the median epoch of its folds.

    Args:
        setup: table and checkpoint.
        index: positions of the rows to learn from.
        recipe: settings.
        crossed: fits of the same recipe on the folds.
        name: of the fit in the checkpoint.
        validation: positions of rows that are measured after each epoch but do not decide when to stop, because
            evidence is measured on them.
        on_epoch: called after each epoch.
    """
    schedule = recipe.schedule
    if schedule is not None and schedule.early_stopping:
        epochs = int(np.median([fitted.epochs for fitted in crossed.fits]))
        recipe = replace(recipe, schedule=replace(schedule, max_epochs=max(1, epochs), early_stopping=False))
    return fit(setup.table, index, recipe, setup.checkpoint, name, validation=validation, on_epoch=on_epoch)


def predict_constant(setup: TrainingSetup) -> Predictions:
    """Return the best constants of each pair: the median and the mean label of its criterion outside its fold."""
    table, pair_fold = setup.table, setup.pair_fold
    points, means = np.zeros(len(table.pairs)), np.zeros(len(table.pairs))
    for k in range(-1, setup.folds):
        for c, scale in enumerate(table.scales):
            mine = (pair_fold == k) & (table.pairs.criterion == c)
            known = table.score[setup.learnable & (setup.fold != k) & (table.rows.criterion == c)]
            middle = (scale.minimum + scale.maximum) / 2
            points[mine], means[mine] = (np.median(known), np.mean(known)) if len(known) else (middle, middle)
    return replace(setup.predict_points(points), expected=means[None])
