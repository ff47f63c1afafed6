"""Learning from feedback, start to end: `train` turns a task into a version and its proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from trainer.evidence.report import Evidence, Predictions, gather
from trainer.fitting.assemble import anchors, assemble, base_choice, warm_start
from trainer.fitting.baseline import Before, score_held_out
from trainer.fitting.cross_fit import blank, constant, cross_fit, honest_scores, refit
from trainer.fitting.fit import Fit, Recipe, WarmStart
from trainer.fitting.selection import choose
from trainer.fitting.setup import Study, prepare
from trainer.fitting.unseen_sources import steps, unseen_sources
from trainer.model.label_table import Table
from trainer.model.optimizers import LIMIT, Schedule
from trainer.task import Outcome, Report, ResultWarning, Save, Task, TrainingConfig

LEARNING_RATE, EPOCHS = 0.02, 100
"""Adam's settings where only the other ones were given."""


def train(task: Task, report: Report, checkpoint: bytes | None = None, save: Save | None = None) -> Outcome:
    """Carry out a task.

    `report` hears of each fold and of each epoch of the final fit. `save` gets a checkpoint after each fit and each
    epoch of Adam; given the last one as `checkpoint`, the same task goes on from there and ends in the same bytes.

    Raises:
        Diverged: the training loss exploded.
        ValueError: the task makes no sense (no labels, no targets to fine-tune).
    """
    config, warnings = task.config, []
    if config.training_type == "fine_tune" and not config.targets:
        raise ValueError("Fine-tuning needs target criteria.")
    if config.training_type == "incremental" and task.base is None:
        warnings.append(ResultWarning("NO_ACTIVE_VERSION", "There is no active version to go on from: a full retrain."))
    study = prepare(task, checkpoint, save, report)
    if study.table.dropped:
        warnings.append(
            ResultWarning(
                "NO_RAW_SCORE", f"{study.table.dropped} labels were left out: the judge gave no score to correct."
            )
        )
    before = Before(study)
    if config.training_type == "validation":
        study.track.expect(2 + (study.folds if before.refitted else 0))
        evidence = _evidence(study, before, before.scores())
        study.track.finish("Measured")
        return Outcome(None, evidence, _chosen(config, None, None), warnings)
    return _learn(study, before, warnings)


def schedule_of(config: TrainingConfig) -> Schedule | None:
    """Adam's schedule if any of its settings was given; None: L-BFGS until it converges."""
    if config.learning_rate is None and config.max_epochs is None and config.early_stopping is None:
        return None
    stopping = config.max_epochs is None if config.early_stopping is None else config.early_stopping
    return Schedule(config.learning_rate or LEARNING_RATE, config.max_epochs or EPOCHS, stopping)


def _learn(study: Study, before: Before, warnings: list[ResultWarning]) -> Outcome:
    task, table, config, journal, track = study.task, study.table, study.task.config, study.journal, study.track
    split = bool(study.held_out.any())
    track.expect(5 + study.folds * (1 + before.refitted) + steps(study))
    old = before.scores()
    schedule = schedule_of(config)
    own = warm_start(task.base, table) if _is_warm(task, table) and task.base is not None else None
    recipe = Recipe(schedule, config.seed, own)
    warmth: Callable[[int], WarmStart | None] | None = None if own is None else before.warmth(own)
    everything = np.ones(len(table.rows), np.bool_)
    crossed = cross_fit(table, study.fold, study.folds, everything, recipe, journal, "proof", track, warmth)
    kept = base_choice(task.base, table) if own is not None and task.base is not None else None
    most = schedule.max_epochs if schedule is not None else LIMIT
    index = np.flatnonzero(study.learnable)
    validation = np.flatnonzero(study.held_out) if split else None
    final = refit(
        table, index, recipe, crossed, journal, "final", validation,
        lambda number, loss, held_out, error: track.epoch(number, most, loss, held_out, error),
    )  # fmt: skip
    choice = choose(table, crossed.out, crossed.fold >= 0, final.prior.log_bayes_factor, kept)
    track.step("The new version is fitted")
    if not split:
        new = honest_scores(table, crossed, kept)
    else:
        new = blank(table)
        proof = final
        if own is not None and before.final is not None:
            seen = np.flatnonzero(study.learnable & table.seen)
            shadow = replace(recipe, warm=anchors(table, seen, before.final))
            proof = refit(table, index, shadow, crossed, journal, "shadow")
        score_held_out(study, crossed, proof, new, kept)
    chosen = _chosen(config, schedule, final)
    settings = {"schedule": None if schedule is None else _plain(schedule), "training_type": config.training_type}
    version = assemble(task, table, index, study.encoder, final, choice, recipe, settings)
    evidence = _evidence(study, before, old, new)
    if own is None:
        evidence = replace(evidence, unseen_sources=unseen_sources(study, recipe, crossed))
    study.track.finish("Measured")
    return Outcome(version.dumps(), evidence, chosen, warnings)


def _is_warm(task: Task, table: Table) -> bool:
    """Incremental training goes on from the base; so does fine-tuning on feedback that is all new to it."""
    return task.config.training_type == "incremental" or (
        task.config.training_type == "fine_tune" and not bool(table.seen.any())
    )


def _plain(schedule: Schedule) -> dict[str, float | int | bool]:
    return {name: getattr(schedule, name) for name in schedule.__slots__}


def _chosen(
    config: TrainingConfig, schedule: Schedule | None, final: Fit | None
) -> dict[str, float | int | bool | None]:
    return {
        "learning_rate": None if schedule is None else schedule.learning_rate,
        "max_epochs": schedule.max_epochs if schedule is not None else final.epochs if final is not None else None,
        "early_stopping": None if schedule is None else schedule.early_stopping,
        "validation_split": config.validation_split,
    }


def _evidence(study: Study, before: Before, old: Predictions, new: Predictions | None = None) -> Evidence:
    table, config = study.table, study.task.config
    study.track.step("Measuring agreement with people on held-out labels", "validating")
    flat = constant(table, study.fold, study.folds, study.learnable)
    sides = {
        "raw": study.unchanged(table.pairs.raw),
        "before": old,
        "after": old if new is None else new,
        "constant": study.unchanged(flat),
    }
    return gather(
        table, np.flatnonzero(before.measured).astype(np.int32), sides,
        compare=new is not None, method=_method(study, before), seed=config.seed,
    )  # fmt: skip


def _method(study: Study, before: Before) -> str:
    """How the proof came about, in a sentence for people."""
    config, base = study.task.config, study.task.base
    if study.held_out.any():
        text = f"{config.validation_split:.0%} of the feedback held out"
    elif study.folds > 1:
        text = f"{study.folds}-fold out-of-fold predictions"
    else:
        text = "too little feedback to hold any out"
    text += f", split {study.table.grouping.description}"
    if base is None:
        return text + "; compared with the judge's raw scores."
    if before.refitted:
        return text + "; the active version's recipe refitted out of fold, since it learned from this feedback."
    return text + "; the active version on feedback it never saw."
