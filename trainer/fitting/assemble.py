"""Conversions between fits and versions: a version from a fit, and a warm start or a selection from a version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.evidence.report import Predictions
from trainer.features.encoder import Encoder
from trainer.fitting.fit import (
    FittedModels,
    Recipe,
    WarmStart,
    calibrator_objective,
    discount_warm_start,
    joint_objective,
)
from trainer.fitting.selection import Selection
from trainer.model.label_table import LabelTable
from trainer.model.ordinal import Anchor, Coefficients, Objective
from trainer.model.prior import Prior
from trainer.model.version import RAW, Version
from trainer.task import Task


def anchor_at_fit(
    table: LabelTable, index: np.ndarray, fitted: FittedModels, old: WarmStart | None = None
) -> WarmStart:
    """Return a warm start at a fit, with the precision that the labels gave its parameters.

    Args:
        table: label table.
        index: positions of the rows that the fit learned from.
        fitted: models.
        old: warm start that the fit itself came from, whose precision is added.
    """

    def anchor(loss: Objective, center: Coefficients, before: Anchor | None) -> Anchor:
        precision = loss.fisher_information(center.pack())
        if before is not None:
            precision = Coefficients.unpack(precision.pack() + before.precision.pack(), precision)
        return Anchor(center, precision)

    return WarmStart(
        anchor(calibrator_objective(table, index, None), fitted.calibrator, None if old is None else old.calibrator),
        anchor(joint_objective(table, index, None, fitted.prior), fitted.joint, None if old is None else old.joint),
        fitted.prior,
    )


def warm_start_from(base: Version, table: LabelTable) -> WarmStart:
    """Return a warm start at a version for the criteria that it learned; the others start at the identity."""
    identity = Coefficients.identity(len(table.scales), table.width, 0, table.rater_count)
    no_precision = replace(identity, slope=np.zeros_like(identity.slope))
    places = [base.find_criterion(scale) for scale in table.scales]
    known = [(column, place) for column, place in enumerate(places) if place is not None and base.learned[place]]

    def carry_over(part: Coefficients, onto: Coefficients) -> Coefficients:
        out = onto.with_zero_weights(part.weights.shape[1])
        out = replace(
            out,
            slope=out.slope.copy(),
            intercept=out.intercept.copy(),
            threshold_deltas=out.threshold_deltas.copy(),
        )
        for column, place in known:
            width = min(out.threshold_deltas.shape[1], part.threshold_deltas.shape[1])
            out.slope[column] = part.slope[place]
            out.intercept[column] = part.intercept[place]
            out.threshold_deltas[column, :width] = part.threshold_deltas[place, :width]
            out.weights[column] = part.weights[place]
        return out

    return WarmStart(
        Anchor(carry_over(base.calibrator, identity), carry_over(base.calibrator_precision, no_precision)),
        Anchor(carry_over(base.joint, identity), carry_over(base.joint_precision, no_precision)),
        Prior.from_record(base.recipe["prior"]),
    )


def selection_of(base: Version, table: LabelTable) -> Selection:
    """Return a version's selection for the criteria of the table."""
    places = [base.find_criterion(scale) for scale in table.scales]
    known = np.array([place is not None for place in places])
    at = np.array([place or 0 for place in places])
    return Selection(
        learned=base.learned[at] & known,
        gate=base.gate[at] * known,
        estimator=base.estimator[at],
        interval_mass=base.interval_mass[at],
        spread_factor=base.spread_factor[at],
        spread_center=base.spread_center[at],
    )


def predict_with(base: Version, task: Task, table: LabelTable) -> Predictions:
    """Return a version's scores of all pairs.

    Args:
        base: version.
        task: whose items to score.
        table: label table of the task.
    """
    scores = base.score(task.items, task.scales)
    at = (table.pairs.item, table.pairs.criterion)
    keeps_raw = selection_of(base, table).estimator[table.pairs.criterion] == RAW
    claimed = np.where(keeps_raw, scores.point[at], scores.expected[at])
    return Predictions(scores.expected[at], scores.point[at], scores.verdict[at], claimed[None])


def build_version(
    task: Task,
    table: LabelTable,
    index: np.ndarray,
    encoder: Encoder,
    fitted: FittedModels,
    selection: Selection,
    recipe: Recipe,
) -> Version:
    """Return the version of a fit; after fine-tuning, other criteria keep the parameters of the base.

    Args:
        task: that was trained.
        table: its label table.
        index: positions of the rows that the fit learned from.
        encoder: of the features.
        fitted: models.
        selection: settings of each criterion.
        recipe: settings of the fit.
    """
    old = None if recipe.warm is None else discount_warm_start(table, index, recipe.warm)
    information = anchor_at_fit(table, index, fitted, old)
    version = Version(
        scales=table.scales,
        encoder=encoder,
        calibrator=fitted.calibrator.without_offsets(),
        joint=fitted.joint.without_offsets(),
        calibrator_precision=information.calibrator.precision.without_offsets(),
        joint_precision=information.joint.precision.without_offsets(),
        learned=selection.learned,
        gate=selection.gate,
        estimator=selection.estimator,
        interval_mass=selection.interval_mass,
        spread_factor=selection.spread_factor,
        spread_center=selection.spread_center,
        recipe={
            "schedule": None if recipe.schedule is None else recipe.schedule.to_record(),
            "training_type": task.config.training_type,
            "prior": fitted.prior.to_record(),
        },
    )
    return _restrict_to_targets(task, version) if task.config.training_type == "fine_tune" else version


def _restrict_to_targets(task: Task, version: Version) -> Version:
    """Return `version` with what it learned about the targets of a fine-tuning alone."""
    targets = np.isin(np.arange(len(version.scales)), task.config.targets or ())
    version = replace(version, learned=version.learned & targets)
    return version if task.base is None else _keep_other_criteria(task.base, version, targets)


def _keep_other_criteria(base: Version, version: Version, targets: NDArray[np.bool_]) -> Version:
    """Return `version` with the base's parameters for all criteria but the targets.

    Args:
        base: version that was fine-tuned.
        version: result of the fine-tuning.
        targets: mask of the criteria that were fine-tuned, (C,).
    """
    places = [
        None if target else base.find_criterion(scale) for scale, target in zip(version.scales, targets, strict=True)
    ]
    kept = [(column, place) for column, place in enumerate(places) if place is not None]

    def merge(field: str) -> NDArray[Any]:
        return _merge_rows(getattr(version, field), getattr(base, field), kept)

    def merge_model(field: str) -> Coefficients:
        new: Coefficients = getattr(version, field)
        old: Coefficients = getattr(base, field)
        names = ("slope", "intercept", "threshold_deltas", "weights")
        return replace(new, **{name: _merge_rows(getattr(new, name), getattr(old, name), kept) for name in names})

    return replace(
        version,
        calibrator=merge_model("calibrator"),
        joint=merge_model("joint"),
        calibrator_precision=merge_model("calibrator_precision"),
        joint_precision=merge_model("joint_precision"),
        learned=merge("learned"),
        gate=merge("gate"),
        estimator=merge("estimator"),
        interval_mass=merge("interval_mass"),
        spread_factor=merge("spread_factor"),
        spread_center=merge("spread_center"),
    )


def _merge_rows(new: NDArray[Any], old: NDArray[Any], kept: list[tuple[int, int]]) -> NDArray[Any]:
    """Return `new` with some rows of `old`, as wide as the wider of the two and zero where a row is narrower.

    Args:
        new: (C, ...).
        old: (C of the base, ...).
        kept: rows of `new`, each with the row of `old` that replaces it.
    """
    shape = new.shape[:1] + tuple(max(a, b) for a, b in zip(new.shape[1:], old.shape[1:], strict=True))
    out = np.zeros(shape, new.dtype)
    out[(slice(None), *(slice(s) for s in new.shape[1:]))] = new
    for column, place in kept:
        out[column] = 0
        row = out[column : column + 1]
        row[(slice(None), *(slice(s) for s in old.shape[1:]))] = old[place : place + 1]
    return out
