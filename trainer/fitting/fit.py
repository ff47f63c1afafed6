"""One fit of a recipe: the calibrator by itself, then the joint model from there, on some rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Floats
from trainer.fitting.checkpoint import Journal, pack, unpack
from trainer.folds import hold_out
from trainer.model.drift import lessen, remembered
from trainer.model.label_table import Table
from trainer.model.optimizers import AdamState, Schedule, adam, lbfgs
from trainer.model.ordinal import OFFSET, Anchor, Coefficients, Objective
from trainer.model.preconditioner import Whitening
from trainer.model.prior import Prior, estimate
from trainer.model.rater_offsets import offset_precision

Told = Callable[[int, float, float | None, float], None]
"""Called with the epoch (from 1), the mean training and validation loss of a label, and the mean absolute error.

The error is a share (0..1) of the range, on the validation rows where there are any, else on what is learned from.
"""

PAUSE = 0.5
"""Seconds between checkpoints of a fit under way."""
STOPPING_SHARE = 0.15
"""Share of the groups an early-stopped fit holds out to stop on, where it was given nothing to stop on."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Calibrator and joint model, the prior of the joint one's weights, and the epochs it took."""

    calibrator: Coefficients
    joint: Coefficients
    prior: Prior
    epochs: int


@dataclass(frozen=True, slots=True, eq=False)
class WarmStart:
    """Anchors of both models at an older version, and the prior its weights had."""

    calibrator: Anchor
    joint: Anchor
    prior: Prior


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How to fit: Adam's schedule (None: L-BFGS until it converges), where to start from, and the seed."""

    schedule: Schedule | None
    seed: int
    warm: WarmStart | None = None


def calibration(table: Table, index: np.ndarray, warm: WarmStart | None, offset: float = OFFSET) -> Objective:
    """Loss of the calibrator on the rows at `index`; `offset`: precision of raters' offsets, if not a warm start's."""
    rows = replace(table.rows.take(index), features=table.rows.features[:, :0])
    start = Coefficients.start(len(table.scales), table.width, 0, table.rater_count)
    if warm is None:
        return Objective(rows, start, table.steps, offset=offset)
    return Objective(rows, start, table.steps, warm.calibrator, offset=warm.prior.offset_precision)


def objective(table: Table, index: np.ndarray, warm: WarmStart | None, prior: Prior) -> Objective:
    """Loss of the joint model on the rows at `index`."""
    start = Coefficients.start(len(table.scales), table.width, table.rows.features.shape[1], table.rater_count)
    anchor, precision = None if warm is None else warm.joint, prior.block_precision[table.block]
    return Objective(
        table.rows.take(index), start, table.steps, anchor, precision, prior.deviation_precision, prior.offset_precision
    )


def recall(table: Table, index: np.ndarray, warm: WarmStart) -> WarmStart:
    """A warm start held as firmly as the rows at `index` leave reason to: less where people changed."""
    share = remembered(calibration(table, index, warm), warm.calibrator)
    return replace(warm, calibrator=lessen(warm.calibrator, share), joint=lessen(warm.joint, share))


def fit(
    table: Table,
    index: np.ndarray,
    recipe: Recipe,
    journal: Journal,
    name: str,
    *,
    validation: np.ndarray | None = None,
    epoch: Told | None = None,
) -> Fit:
    """Fit the rows at `index`, or take the fit from the journal.

    Where early stopping has no `validation` rows, it holds out some groups of its own.
    """
    if (done := journal.find(name)) is not None:
        prior = Prior.restore({name: done[name] for name in ("precision", "apart", "worth", "offset")})
        return Fit(unpack(done, "calibrator"), unpack(done, "joint"), prior, int(done["epochs"]))
    schedule, warm = recipe.schedule, None if recipe.warm is None else recall(table, index, recipe.warm)
    if schedule is not None and schedule.early_stopping and validation is None:
        group = table.grouping.group[table.rows.item[index]]
        if len(np.unique(group)) > 1:
            out = hold_out(group, STOPPING_SHARE, recipe.seed)
            index, validation = index[~out], index[out]
    plain = calibration(table, index, warm)
    if not len(index):
        prior = warm.prior if warm else Prior.standard(int(table.block.max(initial=-1)) + 1)
        full = objective(table, index, warm, prior)
        calibrator = warm.calibrator.center if warm else plain.like
        return Fit(calibrator, warm.joint.center if warm else full.like, prior, 0)
    each = len(index) / max(1, len(np.unique(plain.rows.criterion)))

    def whitened(loss: Objective) -> Whitening:
        return Whitening.of(table.moments, loss.own_precision, loss.offset, loss.like, each)

    calibrator = lbfgs(plain, warm.calibrator.center if warm else plain.like, whitened(plain))
    if warm is None and table.rater_count > 1:
        plain = calibration(table, index, None, offset_precision(plain, calibrator))
        calibrator = lbfgs(plain, calibrator, whitened(plain))
    prior = warm.prior if warm else estimate(plain, table.rows.features, calibrator, table.block, recipe.seed)
    full = objective(table, index, warm, prior)
    start = warm.joint.center if warm else calibrator.widen(full.like.weights.shape[1])
    epochs = 0
    watched = None if validation is None else table.rows.take(validation)
    measured = watched if watched is not None and len(watched) else full.rows

    def counted(number: int, loss: float, held_out: float | None, theta: Floats) -> None:
        nonlocal epochs
        epochs = number
        if epoch is not None:
            epoch(number, loss, held_out, full.error(theta, measured))

    if schedule is None:
        joint = lbfgs(full, start, whitened(full), counted, watched)
    else:
        kept = journal.find(f"{name} under way")
        save: Callable[[AdamState], None] = lambda state: journal.keep(f"{name} under way", state.arrays(), pause=PAUSE)  # noqa: E731
        joint, epochs = adam(
            full, start, schedule, seed=[recipe.seed, 3],
            validation=watched,
            state=AdamState.restore(kept) if kept is not None else None, epoch=counted, save=save,
        )  # fmt: skip
        journal.drop(f"{name} under way")
    journal.keep(name, pack({"calibrator": calibrator, "joint": joint}, epochs=epochs, **prior.arrays()))
    return Fit(calibrator, joint, prior, epochs)
