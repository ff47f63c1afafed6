"""One fit of a recipe on some rows of a label table; `trainer.fitting` describes its place in the protocol.

Steps of `fit`:

1. A warm start is discounted by the drift of people's strictness (`trainer.model.drift`).
2. Early stopping without validation rows holds out some groups of its own.
3. The calibrator is fitted by L-BFGS; with several raters it is fitted again with an estimated prior of their offsets.
4. The prior of the weights is estimated around the calibrator, unless a warm start brings its own.
5. The joint model is fitted, starting from the calibrator or the warm start, by L-BFGS or by Adam.
6. The result is stored in the checkpoint under the fit's name; a fit found there is returned without any of this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Floats
from trainer.fitting.checkpoint import Checkpoint
from trainer.folds import hold_out
from trainer.model import npz as archive
from trainer.model.drift import compute_retained_share, scale_line_precision
from trainer.model.label_table import LabelTable
from trainer.model.optimizers import AdamState, Schedule, adam, lbfgs
from trainer.model.ordinal import OFFSET_PRECISION, Anchor, Coefficients, LabelRows, Objective
from trainer.model.preconditioner import Whitening
from trainer.model.prior import Prior, estimate_prior
from trainer.model.rater_offsets import estimate_offset_precision

EpochCallback = Callable[[int, float, float | None, float], None]
"""Called with the epoch (from 1), the mean training and validation loss of a label, and the mean absolute error.

The error is a share (0..1) of the range, on the validation rows if there are any, else on the rows learned from.
"""

SAVE_INTERVAL_SECONDS = 0.5
"""Time between two checkpoints of a fit in progress, at least."""
STOPPING_SHARE = 0.15
"""Share of the groups that an early-stopped fit holds out if it was given no validation rows."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedModels:
    """Calibrator and joint model, the prior of the joint model's weights, and the epochs of its fit."""

    calibrator: Coefficients
    joint: Coefficients
    prior: Prior
    epochs: int

    def to_arrays(self) -> archive.Arrays:
        """Return named arrays for a checkpoint."""
        arrays: archive.Arrays = self.calibrator.to_arrays("calibrator") | self.joint.to_arrays("joint")
        numbers = {"epochs": self.epochs, **self.prior.to_record()}
        return arrays | {name: np.asarray(value) for name, value in numbers.items()}

    @classmethod
    def from_arrays(cls, arrays: archive.Arrays) -> FittedModels:
        """Return the models that `to_arrays` stored."""
        calibrator, joint = (Coefficients.from_arrays(arrays, name) for name in ("calibrator", "joint"))
        return cls(calibrator, joint, Prior.from_record(arrays), int(arrays["epochs"]))


@dataclass(frozen=True, slots=True, eq=False)
class WarmStart:
    """Anchors of both models at an older version, and the prior of its weights."""

    calibrator: Anchor
    joint: Anchor
    prior: Prior


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """Settings of a fit: Adam's schedule (None: L-BFGS until it converges), the seed, and the warm start if any."""

    schedule: Schedule | None
    seed: int
    warm: WarmStart | None = None


def fit(
    table: LabelTable,
    index: np.ndarray,
    recipe: Recipe,
    checkpoint: Checkpoint,
    name: str,
    *,
    validation: np.ndarray | None = None,
    on_epoch: EpochCallback | None = None,
) -> FittedModels:
    """Fit the rows at `index`, or return the fit that the checkpoint has.

    Args:
        table: label table.
        index: positions of the rows to learn from.
        recipe: settings.
        checkpoint: where the fit, finished or in progress, is stored.
        name: of the fit in the checkpoint.
        validation: positions of the rows to measure on after each epoch.
        on_epoch: called after each epoch of the joint model.
    """
    if (stored := checkpoint.find(name)) is not None:
        return FittedModels.from_arrays(stored)
    warm = None if recipe.warm is None else discount_warm_start(table, index, recipe.warm)
    index, validation = _hold_out_for_stopping(table, index, recipe, validation)
    if not len(index):
        return _fit_without_rows(table, index, warm)
    calibrator_loss, calibrator = _fit_calibrator(table, index, warm)
    if (prior := warm.prior if warm else None) is None:
        prior = estimate_prior(calibrator_loss, table.rows.features, calibrator, table.feature_block, recipe.seed)
    joint_loss = joint_objective(table, index, warm, prior)
    start = warm.joint.center if warm else calibrator.with_zero_weights(joint_loss.template.weights.shape[1])
    validation_rows = None if validation is None else table.rows.take(validation)
    reporter = _EpochReporter(joint_loss, validation_rows, on_epoch)
    if recipe.schedule is None:
        joint = lbfgs(joint_loss, start, build_whitening(table, joint_loss), reporter, validation_rows)
        epochs = reporter.epochs
    else:
        joint, epochs = _fit_by_adam(
            joint_loss, start, recipe.schedule, recipe.seed, validation_rows, reporter, checkpoint, name
        )
    fitted = FittedModels(calibrator, joint, prior, epochs)
    checkpoint.store(name, fitted.to_arrays())
    return fitted


def calibrator_objective(
    table: LabelTable, index: np.ndarray, warm: WarmStart | None, offset_precision: float = OFFSET_PRECISION
) -> Objective:
    """Return the loss of the calibrator, which has no features.

    Args:
        table: label table.
        index: positions of the rows to learn from.
        warm: warm start, which brings its own prior of the offsets.
        offset_precision: prior precision of the raters' offsets without a warm start.
    """
    rows = replace(table.rows.take(index), features=table.rows.features[:, :0])
    template = Coefficients.identity(len(table.scales), table.width, 0, table.rater_count)
    if warm is None:
        return Objective(rows, template, table.steps, offset_precision=offset_precision)
    return Objective(rows, template, table.steps, warm.calibrator, offset_precision=warm.prior.offset_precision)


def joint_objective(table: LabelTable, index: np.ndarray, warm: WarmStart | None, prior: Prior) -> Objective:
    """Return the loss of the joint model.

    Args:
        table: label table.
        index: positions of the rows to learn from.
        warm: warm start.
        prior: of the weights and the offsets.
    """
    features = table.rows.features.shape[1]
    template = Coefficients.identity(len(table.scales), table.width, features, table.rater_count)
    return Objective(
        table.rows.take(index),
        template,
        table.steps,
        None if warm is None else warm.joint,
        prior.block_precision[table.feature_block],
        prior.deviation_precision,
        prior.offset_precision,
    )


def discount_warm_start(table: LabelTable, index: np.ndarray, warm: WarmStart) -> WarmStart:
    """Return a warm start with less precision where the rows at `index` show that people's strictness changed.

    Args:
        table: label table.
        index: positions of the new rows.
        warm: warm start with the precision of the old labels.
    """
    share = compute_retained_share(calibrator_objective(table, index, warm), warm.calibrator)
    return replace(
        warm,
        calibrator=scale_line_precision(warm.calibrator, share),
        joint=scale_line_precision(warm.joint, share),
    )


class _EpochReporter:
    """Iteration callback that keeps the number of the last epoch and reports each with its mean absolute error."""

    def __init__(self, objective: Objective, validation: LabelRows | None, on_epoch: EpochCallback | None) -> None:
        self._objective, self._on_epoch = objective, on_epoch
        self._measured = validation if validation is not None and len(validation) else objective.rows
        self.epochs = 0

    def __call__(self, number: int, loss: float, validation_loss: float | None, theta: Floats) -> None:
        self.epochs = number
        if self._on_epoch is not None:
            error = self._objective.mean_absolute_error(theta, self._measured)
            self._on_epoch(number, loss, validation_loss, error)


def _hold_out_for_stopping(
    table: LabelTable, index: np.ndarray, recipe: Recipe, validation: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the rows to learn from and to validate on: early stopping without validation rows holds out some groups.

    Args:
        table: label table.
        index: positions of the rows given to learn from.
        recipe: settings.
        validation: positions of the rows given to validate on.
    """
    if recipe.schedule is not None and recipe.schedule.early_stopping and validation is None:
        group = table.grouping.group[table.rows.item[index]]
        if len(np.unique(group)) > 1:
            out = hold_out(group, STOPPING_SHARE, recipe.seed)
            return index[~out], index[out]
    return index, validation


def _fit_without_rows(table: LabelTable, index: np.ndarray, warm: WarmStart | None) -> FittedModels:
    """Return the models of a fit without rows: those of the warm start, or the identity.

    Args:
        table: label table.
        index: positions of no rows.
        warm: warm start.
    """
    if warm is not None:
        return FittedModels(warm.calibrator.center, warm.joint.center, warm.prior, 0)
    prior = Prior.standard(int(table.feature_block.max(initial=-1)) + 1)
    calibrator, joint = calibrator_objective(table, index, None), joint_objective(table, index, None, prior)
    return FittedModels(calibrator.template, joint.template, prior, 0)


def _fit_calibrator(table: LabelTable, index: np.ndarray, warm: WarmStart | None) -> tuple[Objective, Coefficients]:
    """Fit the calibrator, and return its loss and its parameters.

    Args:
        table: label table.
        index: positions of the rows to learn from.
        warm: warm start.
    """
    loss = calibrator_objective(table, index, warm)
    start = warm.calibrator.center if warm else loss.template
    calibrator = lbfgs(loss, start, build_whitening(table, loss))
    if warm is None and table.rater_count > 1:
        loss = calibrator_objective(table, index, None, estimate_offset_precision(loss, calibrator))
        calibrator = lbfgs(loss, calibrator, build_whitening(table, loss))
    return loss, calibrator


def build_whitening(table: LabelTable, loss: Objective) -> Whitening:
    """Return the change of variables in which the loss is well conditioned."""
    labels = len(loss.rows) / max(1, len(np.unique(loss.rows.criterion)))
    return Whitening.build(table.second_moments, loss.deviation_precision, loss.offset_precision, loss.template, labels)


def _fit_by_adam(
    loss: Objective,
    start: Coefficients,
    schedule: Schedule,
    seed: int,
    validation: LabelRows | None,
    reporter: _EpochReporter,
    checkpoint: Checkpoint,
    name: str,
) -> tuple[Coefficients, int]:
    """Fit by Adam from the start or from the checkpoint of the same fit in progress.

    Args:
        loss: of the joint model.
        start: parameters to start from.
        schedule: Adam's settings.
        seed: of the recipe.
        validation: rows for early stopping.
        reporter: called after each epoch.
        checkpoint: where the state is stored.
        name: of the fit in the checkpoint.

    Returns:
        The parameters and the epoch they are from.
    """
    in_progress = f"{name} under way"
    stored = checkpoint.find(in_progress)

    def save(state: AdamState) -> None:
        checkpoint.store(in_progress, state.to_arrays(), min_interval_seconds=SAVE_INTERVAL_SECONDS)

    state = None if stored is None else AdamState.from_arrays(stored)
    found = adam(
        loss, start, schedule, seed=[seed, 3], validation=validation, state=state, on_epoch=reporter, save=save
    )
    checkpoint.remove(in_progress)
    return found
