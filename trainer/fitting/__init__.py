"""Fitting: the protocol by which a task becomes fitted models, selections and out-of-fold predictions.

Key objects:

- `setup.TrainingSetup`: label table, encoder, folds and held-out rows, fixed before the first fit.
- `fit.Recipe`: how to fit (Adam's schedule or L-BFGS, the seed, a warm start). `fit.FittedModels`: the result.
- `cross_fit.CrossFit`: the models of each fold, fitted without its rows, and their predictions for its pairs.
- `selection.Selection`: per criterion the gate, the point estimator, the interval's mass and the spread of verdicts.
- `baseline.Baseline`: the scores that a new version is compared with.
- `checkpoint.Checkpoint`: finished fits by name.

Protocol, carried out by `trainer.train`:

1. `setup.prepare` encodes the items, lays out the labels, holds out a share of the groups if requested, and divides the
   other groups into up to five folds.
2. `Baseline.predict` scores the pairs with the active version. If that version learned from too many of them, its
   recipe is fitted again out of fold.
3. `cross_fit.cross_fit` fits the new recipe once for each fold on the rows of the other folds.
4. `cross_fit.fit_final` fits it on all rows that may be learned from; an early-stopped recipe stops after the median
   epoch of its folds.
5. `selection.select` chooses the settings of the new version from the out-of-fold predictions of all folds.
6. The new version's scores for the evidence are computed: `cross_fit.predict_out_of_fold` selects again for each fold
   on the other folds; `baseline.predict_held_out` scores held-out rows with models that never saw them.
7. `assemble.build_version` puts models, selection and recipe together. A recipe that started from scratch is also
   measured on unseen sources (`unseen_sources`).

A fit has two stages, because the raw score carries most of the information: the calibrator, a line through the raw
score, and the joint model, which adds a residual of text features and starts from the calibrator. Selections decide
after the fact how much of the residual is used, because whether it helps can only be seen out of fold.

Invariants:

- No score that enters the evidence comes from a model, or from a selection, that learned from its group.
- The same task and seed give the same bytes. Every random choice has a generator of its own, seeded by the task's seed
  and a constant of the choice; a resumed task repeats no draw.
- A checkpoint never changes a result. It is ignored if its fingerprint is that of another task, or if it is damaged.
- Floating-point operations keep their order; changing it changes versions.
- Names of fits and arrays in checkpoints, and keys in version files, never change.
"""
