"""Baseline of the evidence: the active version on labels that it did not learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trainer.evidence.report import Predictions
from trainer.fitting.assemble import anchor_at_fit, predict_with
from trainer.fitting.cross_fit import (
    CrossFit,
    FoldWarmStart,
    cross_fit,
    fit_final,
    predict_distributions,
    predict_out_of_fold,
    predict_scores,
)
from trainer.fitting.fit import FittedModels, Recipe, WarmStart
from trainer.fitting.selection import Selection, select
from trainer.fitting.setup import TrainingSetup
from trainer.model.optimizers import Schedule
from trainer.model.version import Version

MIN_UNSEEN_PAIRS, MIN_UNSEEN_GROUPS = 30, 5
"""Unseen pairs, and groups of them, from which the evidence rests on unseen labels alone."""

_REFIT_NAME = "active version again"
"""Name of the refits in checkpoints; it must never change."""


class Baseline:
    """Scores of the base version, never of pairs that it learned from; raw scores if there is no base.

    `measured` (P,): mask of the pairs that the evidence is about. `refitted`: the base learned from too many of them,
    so that its recipe is fitted again out of fold. `refit`: that recipe fitted on all labels the base had seen, if rows
    are held out.
    """

    def __init__(self, setup: TrainingSetup) -> None:
        """Decide which pairs are measured, and whether the base has to be refitted."""
        self.setup = setup
        config, table, base = setup.task.config, setup.table, setup.task.base
        measured = setup.pairs_of(setup.held_out if setup.held_out.any() else setup.learnable)
        if config.targets and config.training_type in ("fine_tune", "validation"):
            measured &= np.isin(table.pairs.criterion, config.targets)
        unseen = measured & ~table.pairs.seen
        enough_pairs = np.count_nonzero(unseen) >= MIN_UNSEEN_PAIRS
        enough = enough_pairs and len(np.unique(table.pairs.group[unseen])) >= MIN_UNSEEN_GROUPS
        self.refitted = base is not None and not enough and bool(np.any(measured & table.pairs.seen))
        self.measured = unseen if base is not None and not self.refitted else measured
        self.refit: FittedModels | None = None
        self._crossed: CrossFit | None = None

    def predict(self) -> Predictions:
        """Return scores of all pairs, NaN for pairs that are not measured; this refits the base if necessary."""
        setup, base = self.setup, self.setup.task.base
        if base is None:
            return setup.predict_points(setup.table.pairs.raw)
        if not self.refitted:
            return predict_with(base, setup.task, setup.table)
        maximized_agreement = bool(np.any(base.spread_factor != 1.0))
        if maximized_agreement != setup.table.maximize_agreement:
            setup = replace(setup, table=replace(setup.table, maximize_agreement=maximized_agreement))
        seen, recipe = setup.table.seen, Recipe(_schedule_of(base), setup.task.config.seed)
        self._crossed = cross_fit(setup, recipe, _REFIT_NAME, seen, label="Refit of the active version")
        scores = predict_out_of_fold(setup.table, self._crossed)
        if setup.held_out.any():
            index = np.flatnonzero(setup.learnable & seen)
            self.refit = fit_final(setup, index, recipe, self._crossed, _REFIT_NAME)
            predict_held_out(self.setup, self._crossed, self.refit, scores)
        return scores

    def fold_warm_starts(self, warm: WarmStart) -> FoldWarmStart:
        """Return the warm start of each fold: the base's, or that of its refit without the fold if it was refitted."""
        if self._crossed is None:
            return lambda _: warm
        setup, crossed = self.setup, self._crossed

        def warm_start(k: int) -> WarmStart:
            rows = np.flatnonzero(setup.table.seen & (setup.fold >= 0) & (setup.fold != k))
            return anchor_at_fit(setup.table, rows, crossed.fits[k])

        return warm_start


def _schedule_of(base: Version) -> Schedule | None:
    stored = base.recipe.get("schedule")
    return None if stored is None else Schedule(**stored)


def predict_held_out(
    setup: TrainingSetup, crossed: CrossFit, fitted: FittedModels, scores: Predictions, old: Selection | None = None
) -> None:
    """Write the scores of the held-out pairs; the selection rests on the folds.

    Args:
        setup: table and held-out rows.
        crossed: fits of the same recipe on the folds.
        fitted: models that predict the held-out pairs.
        scores: predictions to write to.
        old: selection of the version that a warm start comes from.
    """
    table, where = setup.table, setup.pairs_of(setup.held_out)
    out = crossed.out.copy()
    predict_distributions(table, fitted, where, out)
    selection = select(table, crossed.out, crossed.fold >= 0, fitted.prior.log_bayes_factor, old)
    predict_scores(table, out, selection, where, scores)
