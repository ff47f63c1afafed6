"""How a version does on items of writers it has not learned from: folds over sources."""

from __future__ import annotations

import numpy as np

from trainer.arrays import Bools, Ints
from trainer.evidence.report import Predictions, UnseenSources, gather
from trainer.fitting.cross_fit import CrossFit, blank, place, predict, score
from trainer.fitting.fit import Recipe, fit
from trainer.fitting.selection import OutOfFold, choose
from trainer.fitting.setup import Study
from trainer.folds import FOLDS, assign

SHIFTS = 2
"""Pairs of a fold of sources and a fold of groups that each source fold is measured on."""
MOST = 5000
"""Labels a model of these folds learns from at most."""
FEWEST = 20
"""Scores below which there is nothing to measure."""


def steps(study: Study) -> int:
    """Fits it takes."""
    used = {study.task.items.sources[i] for i in np.unique(study.table.rows.item)} - {None}
    return SHIFTS * min(FOLDS, len(used)) if len(used) > 1 else 0


def unseen_sources(study: Study, recipe: Recipe, crossed: CrossFit) -> UnseenSources | None:
    """Measure a recipe that starts from scratch on sources it has not seen; None where no such split is possible.

    Sources are divided into up to five folds, as groups are. A model learns from the rows outside of a fold of sources
    and outside of a fold of groups, and is measured where the two folds meet: an unseen writer on unseen questions.
    """
    table, seed = study.table, study.task.config.seed
    names: dict[str, int] = {}
    sources = np.array(
        [-1 if source is None else names.setdefault(source, len(names)) for source in study.task.items.sources],
        np.int32,
    )
    row_source = sources[table.rows.item]
    usable = (row_source >= 0) & (study.fold >= 0)
    count = len(np.unique(row_source[usable]))
    if count < 2 or study.folds < 2:
        return None
    source_fold = np.full(len(table.rows), -1, np.int32)
    folds = min(FOLDS, count)
    source_fold[usable] = assign(row_source[usable], folds, seed)
    scores = blank(table)
    for shift in range(min(SHIFTS, study.folds)):
        for k in range(folds):
            group_fold = (k + shift) % study.folds
            held = usable & (source_fold == k) & (study.fold == group_fold)
            learn = usable & (source_fold != k) & (study.fold != group_fold)
            if held.any() and learn.any():
                _measure(
                    study, recipe, crossed, f"source {shift} {k}", _some(learn, seed), study.pairs_of(held), scores
                )
    at = np.flatnonzero(~np.isnan(scores.point)).astype(np.int32)
    if len(at) < FEWEST:
        return None
    raw = study.unchanged(table.pairs.raw)
    sides = {"raw": raw, "before": raw, "after": scores, "constant": raw}
    found = gather(table, at, sides, compare=True, method="", seed=seed)
    if found.after is None or found.mae_change is None:
        return None
    return UnseenSources(found.raw, found.after, found.mae_change, found.spearman_change, count, len(at))


def _some(learn: Bools, seed: int) -> Ints:
    rows = np.flatnonzero(learn)
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng([seed, 8]).permutation(rows)[:MOST])
    return rows.astype(np.int32)


def _measure(
    study: Study, recipe: Recipe, crossed: CrossFit, name: str, index: Ints, where: Bools, scores: Predictions
) -> None:
    """Fill in the scores of the pairs in `where` by a model of the rows at `index`; its choices rest on their pairs."""
    table = study.table
    fitted = fit(table, index, recipe, study.journal, name)
    study.track.step("Unseen sources: a fold is fitted", "validating")
    out = OutOfFold(crossed.out.calibrator.copy(), crossed.out.joint.copy())
    predict(table, fitted, where, out)
    learned = np.zeros(len(table.rows), np.bool_)
    learned[index] = True
    choice = choose(table, crossed.out, study.pairs_of(learned) & ~where, fitted.prior.log_bayes_factor)
    score(table, out, choice, where, scores)
    place(table, fitted, choice, where, crossed.fold >= 0, scores.ranking)
