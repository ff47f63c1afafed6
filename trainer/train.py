"""Entry point of the trainer: `train` turns a task into a version and its evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trainer.arrays import Ints
from trainer.errors import Diverged
from trainer.evidence.report import Evidence, Predictions, PredictionSides, UnseenSources, build_evidence
from trainer.fitting.assemble import anchor_at_fit, build_version, selection_of, warm_start_from
from trainer.fitting.baseline import Baseline, predict_held_out
from trainer.fitting.cross_fit import (
    CrossFit,
    cross_fit,
    empty_predictions,
    fit_final,
    predict_constant,
    predict_out_of_fold,
)
from trainer.fitting.fit import FittedModels, Recipe
from trainer.fitting.reporting_bias import examine_selection
from trainer.fitting.selection import Selection, select
from trainer.fitting.setup import TrainingSetup, prepare
from trainer.fitting.unseen_sources import count_fits, measure_unseen_sources
from trainer.model.optimizers import MAX_ITERATIONS, Schedule
from trainer.task import (
    CheckpointCallback,
    Outcome,
    ProgressCallback,
    ResultWarning,
    Task,
    TrainingConfig,
    UsedSettings,
)

DEFAULT_LEARNING_RATE, DEFAULT_EPOCHS = 0.02, 100
"""Adam's settings if only other ones of them were given."""
REPEATS = 3
"""Times that the out-of-fold proof is made with other folds each, where this takes little time; losses are averaged."""
MAX_LABELS_TO_REPEAT = 100
"""Labels above which the folds are not repeated: the choice of folds then hardly moves the proof."""


def train(
    task: Task, report: ProgressCallback, checkpoint: bytes | None = None, save: CheckpointCallback | None = None
) -> Outcome:
    """Train a version, or validate the active one.

    Args:
        task: data and configuration.
        report: called after each fold and each epoch of the final fit.
        checkpoint: the last bytes that `save` received for the same task. The task resumes there and ends in the same
            bytes as without an interruption.
        save: called with a checkpoint after each fit and, at intervals, after epochs of Adam.

    Returns:
        The version, its evidence, the settings used, and warnings.

    Raises:
        Diverged: the training loss exploded.
        ValueError: there are no labels, or no targets to fine-tune.
    """
    config, warnings = task.config, []
    if config.training_type == "fine_tune" and not config.targets:
        raise ValueError("Fine-tuning needs target criteria.")
    if config.training_type == "incremental" and task.base is None:
        text = "There is no active version to continue from, so the version was trained from scratch."
        warnings.append(ResultWarning("NO_ACTIVE_VERSION", text))
    setup = prepare(task, checkpoint, save, report)
    if dropped := setup.table.dropped_count:
        labels = "1 label was" if dropped == 1 else f"{dropped} labels were"
        warnings.append(ResultWarning("NO_RAW_SCORE", f"{labels} left out: the judge gave no score to correct."))
    baseline = Baseline(setup)
    if config.training_type == "validation":
        return _validate(setup, baseline, warnings)
    return _train_version(setup, baseline, warnings)


def schedule_of(config: TrainingConfig) -> Schedule | None:
    """Return Adam's schedule if any of its settings was given; None for L-BFGS until it converges."""
    if config.learning_rate is None and config.max_epochs is None and config.early_stopping is None:
        return None
    stopping = config.max_epochs is None if config.early_stopping is None else config.early_stopping
    return Schedule(config.learning_rate or DEFAULT_LEARNING_RATE, config.max_epochs or DEFAULT_EPOCHS, stopping)


def _validate(setup: TrainingSetup, baseline: Baseline, warnings: list[ResultWarning]) -> Outcome:
    """Measure the active version.

    Args:
        setup: of the task.
        baseline: the active version.
        warnings: found so far.
    """
    setup.progress.set_steps(2 + (setup.folds if baseline.refitted else 0))
    evidence = _build_evidence(setup, baseline, baseline.predict())
    setup.progress.finish("Measured")
    return Outcome(None, evidence, _used_settings(setup.task.config, None, None), warnings)


def _train_version(setup: TrainingSetup, baseline: Baseline, warnings: list[ResultWarning]) -> Outcome:
    """Train a version and measure it.

    Args:
        setup: of the task.
        baseline: what the version is compared with.
        warnings: found so far.
    """
    task, table, config = setup.task, setup.table, setup.task.config
    repeats = _count_repeats(setup, baseline)
    setup.progress.set_steps(5 + setup.folds * (repeats + baseline.refitted) + count_fits(setup))
    before = baseline.predict()
    warm_base = task.base if _starts_warm(setup) else None
    warm = None if warm_base is None else warm_start_from(warm_base, table)
    old = None if warm_base is None else selection_of(warm_base, table)
    recipe = Recipe(schedule_of(config), config.seed, warm)
    everything = np.ones(len(table.rows), np.bool_)
    fold_warm_starts = None if warm is None else baseline.fold_warm_starts(warm)
    crossed = cross_fit(setup, recipe, "proof", everything, fold_warm_starts)
    index = np.flatnonzero(setup.learnable).astype(np.int32)
    final = _fit_version(setup, index, recipe, crossed)
    selection = select(table, crossed.out, crossed.fold >= 0, final.prior.log_bayes_factor, old)
    setup.progress.complete_step("The new version is fitted")
    if setup.held_out.any():
        after = _predict_held_out(setup, baseline, recipe, crossed, final, old)
    else:
        after = _predict_repeatedly(setup, recipe, crossed, repeats, old)
    version = build_version(task, table, index, setup.encoder, final, selection, recipe)
    evidence = _build_evidence(setup, baseline, before, after)
    if warm is None:
        evidence = replace(evidence, unseen_sources=_try_unseen_sources(setup, recipe, crossed, warnings))
    setup.progress.finish("Measured")
    return Outcome(version.dumps(), evidence, _used_settings(config, recipe.schedule, final), warnings)


def _count_repeats(setup: TrainingSetup, baseline: Baseline) -> int:
    """Return how often the out-of-fold proof is made, each time with other folds.

    A base version that is refitted, or that the training starts from, is tied to one set of folds.
    """
    tied = baseline.refitted or _starts_warm(setup) or setup.held_out.any() or setup.folds < 2
    cheap = len(setup.table.rows) <= MAX_LABELS_TO_REPEAT and schedule_of(setup.task.config) is None
    return REPEATS if cheap and not tied else 1


def _predict_repeatedly(
    setup: TrainingSetup, recipe: Recipe, crossed: CrossFit, repeats: int, old: Selection | None
) -> Predictions:
    """Return out-of-fold scores; their expected scores once for each repeat of the folds.

    Args:
        setup: of the task.
        recipe: settings of the version.
        crossed: fits of the first folds.
        repeats: number of repeats, the first included.
        old: selection of the base.
    """
    first = predict_out_of_fold(setup.table, crossed, old)
    expected = [first.expected]
    for repeat in range(1, repeats):
        other = setup.with_other_folds(repeat)
        everything = np.ones(len(setup.table.rows), np.bool_)
        label = f"Repeat {repeat + 1} of {repeats}"
        again = cross_fit(other, recipe, f"proof, repeat {repeat},", everything, label=label)
        expected.append(predict_out_of_fold(setup.table, again).expected)
    return replace(first, expected=np.concatenate(expected))


def _try_unseen_sources(
    setup: TrainingSetup, recipe: Recipe, crossed: CrossFit, warnings: list[ResultWarning]
) -> UnseenSources | None:
    """Return the agreement on unseen sources; None, with a warning, if a fit of these folds fails.

    The figure is optional: the version is already trained and proven without it.

    Args:
        setup: of the task.
        recipe: settings of the version.
        crossed: its fits on the folds.
        warnings: found so far.
    """
    try:
        return measure_unseen_sources(setup, recipe, crossed)
    except (Diverged, ArithmeticError, ValueError) as error:
        text = f"The effect on unseen sources was not measured, because a fit of its folds failed: {error}"
        warnings.append(ResultWarning("UNSEEN_SOURCES_NOT_MEASURED", text))
        return None


def _starts_warm(setup: TrainingSetup) -> bool:
    """Return whether the training starts from the base version.

    Incremental training does; so does fine-tuning if the base learned from none of the feedback.
    """
    training_type = setup.task.config.training_type
    return training_type == "incremental" or (training_type == "fine_tune" and not bool(setup.table.seen.any()))


def _fit_version(setup: TrainingSetup, index: Ints, recipe: Recipe, crossed: CrossFit) -> FittedModels:
    """Fit the new version on the rows at `index`, reporting each epoch.

    Args:
        setup: of the task.
        index: positions of the rows to learn from.
        recipe: settings.
        crossed: fits of the same recipe on the folds.
    """
    max_epochs = MAX_ITERATIONS if recipe.schedule is None else recipe.schedule.max_epochs
    validation = np.flatnonzero(setup.held_out) if setup.held_out.any() else None

    def on_epoch(number: int, loss: float, validation_loss: float | None, error: float) -> None:
        setup.progress.complete_epoch(number, max_epochs, loss, validation_loss, error)

    return fit_final(setup, index, recipe, crossed, "final", validation, on_epoch)


def _predict_held_out(
    setup: TrainingSetup,
    baseline: Baseline,
    recipe: Recipe,
    crossed: CrossFit,
    final: FittedModels,
    old: Selection | None,
) -> Predictions:
    """Return the new version's scores of the held-out pairs.

    If the base learned from held-out rows, a version trained from it indirectly did, too. A second fit, which starts
    from the base refitted without them, then takes the version's place.

    Args:
        setup: of the task.
        baseline: with the refit of the base, if there was one.
        recipe: settings of the version.
        crossed: its fits on the folds.
        final: its fit on all rows that may be learned from.
        old: selection of the base.
    """
    scores, fitted = empty_predictions(setup.table), final
    if recipe.warm is not None and baseline.refit is not None:
        seen = np.flatnonzero(setup.learnable & setup.table.seen)
        recipe_without_held_out = replace(recipe, warm=anchor_at_fit(setup.table, seen, baseline.refit))
        fitted = fit_final(setup, np.flatnonzero(setup.learnable), recipe_without_held_out, crossed, "shadow")
    predict_held_out(setup, crossed, fitted, scores, old)
    return scores


def _used_settings(config: TrainingConfig, schedule: Schedule | None, final: FittedModels | None) -> UsedSettings:
    """Return the settings that were really used.

    Args:
        config: requested settings.
        schedule: Adam's settings; None if L-BFGS was used.
        final: fit of the version; None after a validation.
    """
    epochs = None if final is None else final.epochs
    return {
        "learning_rate": None if schedule is None else schedule.learning_rate,
        "max_epochs": epochs if schedule is None else schedule.max_epochs,
        "early_stopping": None if schedule is None else schedule.early_stopping,
        "validation_split": config.validation_split,
    }


def _build_evidence(
    setup: TrainingSetup, baseline: Baseline, before: Predictions, after: Predictions | None = None
) -> Evidence:
    """Return the evidence of a task.

    Args:
        setup: of the task.
        baseline: names the pairs to measure.
        before: scores of the baseline.
        after: scores of the new version; None in a validation.
    """
    setup.progress.complete_step("Measuring agreement with people on held-out labels", "validating")
    sides = PredictionSides(
        raw=setup.predict_points(setup.table.pairs.raw),
        before=before,
        after=before if after is None else after,
        constant=predict_constant(setup),
    )
    evidence = build_evidence(
        setup.table,
        np.flatnonzero(baseline.measured).astype(np.int32),
        sides,
        compare=after is not None,
        method=_describe_method(setup, baseline),
        seed=setup.task.config.seed,
    )
    return evidence.with_selection(examine_selection(setup))


def _describe_method(setup: TrainingSetup, baseline: Baseline) -> str:
    """Return a sentence for people about how the evidence was obtained."""
    config, base = setup.task.config, setup.task.base
    if config.training_type == "validation" and base is None:
        return f"the judge's raw scores, split {setup.table.grouping.description}; nothing was learned."
    if setup.held_out.any():
        text = f"{config.validation_split:.0%} of the feedback held out"
    elif setup.folds > 1:
        text = f"{setup.folds}-fold out-of-fold predictions"
    else:
        text = "too little feedback to hold any out"
    text += f", split {setup.table.grouping.description}"
    if base is None:
        return text + "; compared with the judge's raw scores."
    if baseline.refitted:
        return text + "; the active version's recipe refitted out of fold, since it learned from this feedback."
    return text + "; the active version on feedback it never saw."
