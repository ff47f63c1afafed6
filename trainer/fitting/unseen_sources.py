"""Agreement on sources that a version has not learned from, measured by folds over sources and groups."""

from __future__ import annotations

import numpy as np

from trainer.arrays import Bools, Ints
from trainer.evidence.report import Predictions, PredictionSides, UnseenSources, build_evidence
from trainer.fitting.cross_fit import (
    CrossFit,
    empty_predictions,
    predict_distributions,
    predict_scores,
    rank_within_model,
)
from trainer.fitting.fit import Recipe, fit
from trainer.fitting.selection import select
from trainer.fitting.setup import TrainingSetup
from trainer.folds import MAX_FOLDS, assign_folds

SHIFTS = 2
"""Group folds that each source fold is measured on."""
MAX_LABELS = 5000
"""Labels that a model of these folds learns from at most, drawn at random."""
MIN_PAIRS = 20
"""Pairs below which nothing is measured."""


def count_fits(setup: TrainingSetup) -> int:
    """Return an upper bound of the number of fits that `measure_unseen_sources` makes."""
    used = {setup.task.items.sources[i] for i in np.unique(setup.table.rows.item)} - {None}
    return SHIFTS * min(MAX_FOLDS, len(used)) if len(used) > 1 else 0


def measure_unseen_sources(setup: TrainingSetup, recipe: Recipe, crossed: CrossFit) -> UnseenSources | None:
    """Measure a recipe that starts from scratch on sources it has not seen.

    Sources are divided into up to five folds, as groups are. A model learns from the rows outside of a fold of sources
    and outside of a fold of groups. It is measured on the rows in both folds: an unseen source and unseen groups.

    Args:
        setup: table and folds of groups.
        recipe: settings.
        crossed: fits of the same recipe on the folds of groups.

    Returns:
        The agreement; None if no such split is possible or too few pairs are measured.
    """
    table, seed = setup.table, setup.task.config.seed
    row_source = _number_sources(setup)[table.rows.item]
    usable = (row_source >= 0) & (setup.fold >= 0)
    source_count = len(np.unique(row_source[usable]))
    if source_count < 2 or setup.folds < 2:
        return None
    source_fold = np.full(len(table.rows), -1, np.int32)
    source_folds = min(MAX_FOLDS, source_count)
    source_fold[usable] = assign_folds(row_source[usable], source_folds, seed)
    scores = empty_predictions(table)
    for shift in range(min(SHIFTS, setup.folds)):
        for k in range(source_folds):
            group_fold = (k + shift) % setup.folds
            held_out = usable & (source_fold == k) & (setup.fold == group_fold)
            learn = usable & (source_fold != k) & (setup.fold != group_fold)
            if held_out.any() and learn.any():
                index, where = _sample_rows(learn, seed), setup.pairs_of(held_out)
                _predict_fold(setup, recipe, crossed, f"source {shift} {k}", index, where, scores)
    at = np.flatnonzero(~np.isnan(scores.point)).astype(np.int32)
    if len(at) < MIN_PAIRS:
        return None
    raw = setup.predict_points(table.pairs.raw)
    sides = PredictionSides(raw=raw, before=raw, after=scores, constant=raw)
    found = build_evidence(table, at, sides, compare=True, method="", seed=seed)
    if found.after is None or found.mae_change is None:
        return None
    return UnseenSources(found.raw, found.after, found.mae_change, found.spearman_change, source_count, len(at))


def _number_sources(setup: TrainingSetup) -> Ints:
    """Return the number of each item's source, -1 for items without one, (n,)."""
    names: dict[str, int] = {}
    sources = setup.task.items.sources
    return np.array([-1 if source is None else names.setdefault(source, len(names)) for source in sources], np.int32)


def _sample_rows(learn: Bools, seed: int) -> Ints:
    """Return the positions of at most MAX_LABELS rows of a mask, in order."""
    rows = np.flatnonzero(learn)
    if len(rows) > MAX_LABELS:
        rows = np.sort(np.random.default_rng([seed, 8]).permutation(rows)[:MAX_LABELS])
    return rows.astype(np.int32)


def _predict_fold(
    setup: TrainingSetup, recipe: Recipe, crossed: CrossFit, name: str, index: Ints, where: Bools, scores: Predictions
) -> None:
    """Write the scores of some pairs by a model of other rows; the selection rests on the pairs of those rows.

    Args:
        setup: table and checkpoint.
        recipe: settings.
        crossed: fits of the same recipe on the folds of groups.
        name: of the fit in the checkpoint.
        index: positions of the rows to learn from.
        where: mask of the pairs to predict, (P,).
        scores: predictions to write to.
    """
    table = setup.table
    fitted = fit(table, index, recipe, setup.checkpoint, name)
    setup.progress.complete_step("Unseen sources: a fold is fitted", "validating")
    out = crossed.out.copy()
    predict_distributions(table, fitted, where, out)
    learned = np.zeros(len(table.rows), np.bool_)
    learned[index] = True
    use = setup.pairs_of(learned) & ~where
    selection = select(table, crossed.out, use, fitted.prior.log_bayes_factor)
    predict_scores(table, out, selection, where, scores)
    rank_within_model(table, fitted, selection, where, crossed.fold >= 0, scores.ranking)
