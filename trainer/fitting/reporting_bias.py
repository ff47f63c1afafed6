"""Out-of-fold calibrators for the test of selectively reported feedback, and the coverage of the judge's scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trainer.arrays import Floats, Ints
from trainer.evidence.selective_reporting import (
    WINDOWS,
    SelectionTest,
    agrees_within,
    conclude,
    count_window,
    probability_within,
)
from trainer.fitting.fit import build_whitening
from trainer.fitting.setup import TrainingSetup
from trainer.folds import MAX_FOLDS, assign_folds
from trainer.model.label_table import LabelTable
from trainer.model.optimizers import lbfgs
from trainer.model.ordinal import Coefficients, LinePrior, Objective, exceedances, latent_scores

LOOSE_PRIOR = LinePrior(
    deviation={"slope": 50.0, "intercept": 0.5, "threshold_deltas": 2.0},
    common={"slope": 1.5, "intercept": 0.05},
)
"""Prior of the calibrators of this test: the usual one believes too much in the judge."""
MAX_LABELS = 5000
"""Labels that are tested at most, drawn at random."""
MIN_LABELS = 10
"""Labels below which nothing is tested."""


def examine_selection(setup: TrainingSetup) -> SelectionTest:
    """Test whether people reported mostly the judge's errors."""
    table, seed = setup.table, setup.task.config.seed
    coverage = measure_coverage(setup)
    rows = np.arange(len(table.rows))
    if len(rows) > MAX_LABELS:
        rows = np.sort(np.random.default_rng([seed, 9]).permutation(rows)[:MAX_LABELS])
    group = table.grouping.group[table.rows.item[rows]]
    folds = min(MAX_FOLDS, len(np.unique(group)))
    if len(rows) < MIN_LABELS or folds < 2:
        return conclude((), len(table.rows), coverage)
    fold = assign_folds(group, folds, seed)
    exceed = np.zeros((len(rows), table.width))
    for k in range(folds):
        exceed[fold == k] = _fit_and_predict(table, rows[fold != k], rows[fold == k])
    windows = []
    for steps in WINDOWS:
        agrees, probability = np.zeros(len(rows), np.bool_), np.zeros(len(rows))
        for c, scale in enumerate(table.scales):
            mine = table.rows.criterion[rows] == c
            at = rows[mine]
            agrees[mine] = agrees_within(scale, table.score[at], table.shown[at], steps)
            probability[mine] = probability_within(scale, exceed[mine], table.shown[at], steps)
        windows.append(count_window(steps, agrees, probability, group))
    return conclude(windows, len(table.rows), coverage)


def measure_coverage(setup: TrainingSetup) -> float | None:
    """Return the share of the judge's scores that have a label, among the evaluations of the period; None if unknown.

    Evaluations without feedback are taken to have as many scores as those with feedback.
    """
    table, count = setup.table, setup.task.evaluation_count
    if count is None:
        return None
    labelled = np.unique(table.pairs.item)
    scores = int(np.count_nonzero(~np.isnan(setup.task.items.raw[labelled])))
    return min(1.0, len(table.pairs) / scores * len(labelled) / max(count, len(labelled)))


def _fit_and_predict(table: LabelTable, learn: Ints, predict: Ints) -> Floats:
    """Return the distributions of some labels by a calibrator of others, without texts and raters.

    Args:
        table: label table.
        learn: positions of the rows to learn from.
        predict: positions of the rows to predict.
    """
    no_features = table.rows.features[:, :0]
    template = Coefficients.identity(len(table.scales), table.width, 0, 0)
    rows = replace(table.rows.take(learn), features=no_features)
    loss = Objective(rows, template, table.steps, line_prior=LOOSE_PRIOR)
    fitted = lbfgs(loss, template, build_whitening(table, loss))
    criterion = table.rows.criterion[predict]
    z = latent_scores(fitted, table.rows.raw_logit[predict], criterion, no_features, table.rows.item[predict])
    return exceedances(fitted, z, criterion, table.steps)
