"""What the new version is compared with: the active version on labels it did not learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trainer.evidence.report import Predictions
from trainer.fitting.assemble import anchors, base_scores
from trainer.fitting.cross_fit import CrossFit, Warmth, cross_fit, honest_scores, predict, refit, score
from trainer.fitting.fit import Fit, Recipe, WarmStart
from trainer.fitting.selection import Choice, OutOfFold, choose
from trainer.fitting.setup import Study
from trainer.model.optimizers import Schedule
from trainer.model.version import Version

ENOUGH_PAIRS, ENOUGH_GROUPS = 30, 5
"""From here on the unseen labels alone carry a proof."""


class Before:
    """The base version's scores, never of pairs it learned from; raw scores where there is no base.

    `measured`: mask of the pairs the proof is about. `refitted`: the base saw too many of them, so its recipe is
    fitted again out of fold.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        config, table, base = study.task.config, study.table, study.task.base
        measured = study.pairs_of(study.held_out if study.held_out.any() else study.learnable)
        if config.targets and config.training_type in ("fine_tune", "validation"):
            measured &= np.isin(table.pairs.criterion, config.targets)
        unseen = measured & ~table.pairs.seen
        enough = np.count_nonzero(unseen) >= ENOUGH_PAIRS and len(np.unique(table.pairs.group[unseen])) >= ENOUGH_GROUPS
        self.refitted = base is not None and not enough and bool(np.any(measured & table.pairs.seen))
        self.measured = unseen if base is not None and not self.refitted else measured
        self.crossed: CrossFit | None = None
        self.final: Fit | None = None

    def scores(self) -> Predictions:
        """Scores of all pairs, NaN where not measured."""
        study, base = self.study, self.study.task.base
        if base is None:
            return study.unchanged(study.table.pairs.raw)
        if not self.refitted:
            return base_scores(base, study.task, study.table)
        table = study.table
        if (agreement := bool(np.any(base.spread_factor != 1.0))) != table.agreement:
            table = replace(table, agreement=agreement)
        recipe = Recipe(_stored(base), study.task.config.seed)
        self.crossed = cross_fit(
            table, study.fold, study.folds, table.seen, recipe, study.journal, "active version again", study.track
        )
        scores = honest_scores(table, self.crossed)
        if study.held_out.any():
            index = np.flatnonzero(study.learnable & table.seen)
            self.final = refit(table, index, recipe, self.crossed, study.journal, "active version again")
            score_held_out(study, self.crossed, self.final, scores)
        return scores

    def warmth(self, own: WarmStart) -> Warmth:
        """What each fold of a warm-started recipe starts from: the base, or its refit where the base saw too much."""
        if self.crossed is None:
            return lambda _: own
        study, crossed = self.study, self.crossed

        def of(k: int) -> WarmStart:
            rows = np.flatnonzero(study.table.seen & (study.fold >= 0) & (study.fold != k))
            return anchors(study.table, rows, crossed.fits[k])

        return of


def _stored(base: Version) -> Schedule | None:
    stored = base.recipe.get("schedule")
    return None if stored is None else Schedule(**stored)


def score_held_out(
    study: Study, crossed: CrossFit, fitted: Fit, scores: Predictions, old: Choice | None = None
) -> None:
    """Fill in the scores of the held-out pairs: predicted by `fitted`, decoded as the folds proved best."""
    where = study.pairs_of(study.held_out)
    out = OutOfFold(crossed.out.calibrator.copy(), crossed.out.joint.copy())
    predict(study.table, fitted, where, out)
    score(
        study.table,
        out,
        choose(study.table, crossed.out, crossed.fold >= 0, fitted.prior.log_bayes_factor, old),
        where,
        scores,
    )
