"""Optimisers of the loss: L-BFGS if the trainer chooses the settings, Adam if the user gave any of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from trainer.arrays import Floats
from trainer.errors import Diverged
from trainer.model.ordinal import MIN_SLOPE, Coefficients, LabelRows, Objective
from trainer.model.preconditioner import Whitening

IterationCallback = Callable[[int, float, float | None, Floats], None]
"""Called with the epoch (from 1), the mean training and validation loss of a label, and the flat parameters so far."""

MAX_ITERATIONS = 200
"""Iterations of L-BFGS at most."""
PATIENCE = 5
"""Epochs without a better loss after which early stopping ends a fit."""
MIN_IMPROVEMENT = 1e-4
"""Loss by which an epoch must beat the best one to count as better."""
MAX_LOSS_FACTOR = 3.0
"""Multiple of the loss before training (plus 1) above which an epoch has diverged."""
MAX_FINAL_LOSS_FACTOR = 1.1
"""Multiple of the loss before training above which the last epoch has diverged."""
MEAN_DECAY, SQUARE_DECAY = 0.9, 0.999
"""Decay rates of Adam's first and second moments."""


class ScheduleRecord(TypedDict):
    """Adam's settings as version files keep them; these keys must never change."""

    learning_rate: float
    max_epochs: int
    early_stopping: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """Adam's settings."""

    learning_rate: float
    max_epochs: int
    early_stopping: bool

    def to_record(self) -> ScheduleRecord:
        """Return plain values for a version's header."""
        return {
            "learning_rate": self.learning_rate,
            "max_epochs": self.max_epochs,
            "early_stopping": self.early_stopping,
        }


def lbfgs(
    objective: Objective,
    start: Coefficients,
    whitening: Whitening,
    on_iteration: IterationCallback | None = None,
    validation: LabelRows | None = None,
) -> Coefficients:
    """Minimise by L-BFGS-B (Byrd et al., A limited memory algorithm for bound constrained optimization, 1995).

    Args:
        objective: loss.
        start: parameters to start from.
        whitening: change of variables.
        on_iteration: called after each iteration, which counts as an epoch.
        validation: rows whose loss is reported to `on_iteration`; it does not influence the fit.

    Returns:
        The parameters at the minimum.

    Raises:
        Diverged: the loss is not finite.
    """
    # Kept in one piece: the two functions inside share the objective and the change of variables.
    from scipy.optimize import minimize  # only training needs scipy, scoring must not import it

    count, criteria = 0, len(start.slope)

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, gradient = objective(whitening.to_model(theta))
        return value, whitening.pull_back_gradient(gradient)

    def callback(intermediate_result: Any) -> None:
        nonlocal count
        count += 1
        if on_iteration is not None:
            theta = whitening.to_model(intermediate_result.x)
            rows = validation if validation is not None and len(validation) else None
            on_iteration(count, float(intermediate_result.fun), _mean_loss(objective, theta, rows), theta)

    x = whitening.to_optimizer(start.pack())
    bounds = [(MIN_SLOPE / whitening.slope, None)] * criteria + [(None, None)] * (x.size - criteria)
    found = minimize(
        loss, x, jac=True, method="L-BFGS-B", bounds=bounds, callback=callback,
        options={"maxiter": MAX_ITERATIONS, "maxcor": 10, "ftol": 1e-7, "gtol": 1e-6},
    )  # fmt: skip
    if not np.isfinite(found.fun):
        raise Diverged("The training loss is not a finite number; check the scores for extreme values.")
    return Coefficients.unpack(whitening.to_model(np.asarray(found.x, np.float64)), start)


@dataclass(slots=True)
class AdamState:
    """Everything that Adam needs to resume after an epoch. Checkpoints use the fields' names as keys.

    `theta`: parameters. `mean`, `square`: moments of the gradient. `best`: parameters of the best epoch so far.
    `first_loss`: mean loss of a label before training.
    """

    epoch: int
    theta: Floats
    mean: Floats
    square: Floats
    best_epoch: int
    best_loss: float
    best: Floats
    first_loss: float

    @classmethod
    def begin(cls, objective: Objective, start: Coefficients) -> AdamState:
        """Return the state before the first epoch."""
        theta = start.pack()
        first = objective.data_loss(theta, objective.rows)[0] / len(objective.rows)
        return cls(0, theta, np.zeros_like(theta), np.zeros_like(theta), 0, np.inf, theta.copy(), first)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the fields as arrays for a checkpoint."""
        return {name: np.asarray(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> AdamState:
        """Return the state that `to_arrays` stored."""
        return cls(
            epoch=int(arrays["epoch"]),
            theta=arrays["theta"],
            mean=arrays["mean"],
            square=arrays["square"],
            best_epoch=int(arrays["best_epoch"]),
            best_loss=float(arrays["best_loss"]),
            best=arrays["best"],
            first_loss=float(arrays["first_loss"]),
        )

    def take_step(self, gradient: Floats, step: int, learning_rate: float, criteria: int) -> None:
        """Update the parameters in place.

        Args:
            gradient: of the mean loss; its memory is overwritten.
            step: number of this step, from 1.
            learning_rate: Adam's step size.
            criteria: C; the first C parameters are slopes, which stay at or above their bound.
        """
        self.mean *= MEAN_DECAY
        self.mean += 0.1 * gradient
        self.square *= SQUARE_DECAY
        self.square += 0.001 * np.square(gradient, out=gradient)
        rate = learning_rate * math.sqrt(1 - SQUARE_DECAY**step) / (1 - MEAN_DECAY**step)
        np.sqrt(self.square, out=gradient)
        gradient += 1e-8
        self.theta -= rate * np.divide(self.mean, gradient, out=gradient)
        slopes = self.theta[:criteria]
        np.maximum(slopes, MIN_SLOPE, out=slopes)

    def note_best(self, loss: float) -> None:
        """Keep the parameters if `loss` is the best so far."""
        if loss < self.best_loss - MIN_IMPROVEMENT:
            self.best_loss, self.best_epoch, self.best = loss, self.epoch, self.theta.copy()


def adam(
    objective: Objective,
    start: Coefficients,
    schedule: Schedule,
    *,
    seed: list[int],
    validation: LabelRows | None = None,
    state: AdamState | None = None,
    on_epoch: IterationCallback | None = None,
    save: Callable[[AdamState], None] | None = None,
) -> tuple[Coefficients, int]:
    """Minimise by mini-batch Adam (Kingma & Ba, Adam: a method for stochastic optimization, 2015).

    With early stopping and validation rows, the fit ends after PATIENCE epochs without a better validation loss, and
    the best epoch's parameters are returned. Without validation rows, the training loss decides when to stop.

    Args:
        objective: loss.
        start: parameters to start from.
        schedule: settings.
        seed: of the random order of the rows.
        validation: rows for early stopping, at least one.
        state: state to resume from.
        on_epoch: called after each epoch.
        save: called with the state after each epoch.

    Returns:
        The parameters and the number of the epoch they are from.

    Raises:
        Diverged: the loss is not finite, far above the loss before training, or above it still after the last epoch.
    """
    state = AdamState.begin(objective, start) if state is None else state
    patience = PATIENCE if schedule.early_stopping else schedule.max_epochs
    while state.epoch < schedule.max_epochs and state.epoch - state.best_epoch < patience:
        loss = _run_epoch(objective, state, schedule, seed, len(start.slope))
        held_out = _mean_loss(objective, state.theta, validation)
        state.note_best(loss if held_out is None else held_out)
        if on_epoch is not None:
            on_epoch(state.epoch, loss, held_out, state.theta)
        if save is not None:
            save(state)
    if schedule.early_stopping and validation is not None and state.best_epoch:
        return Coefficients.unpack(state.best, start), state.best_epoch
    return Coefficients.unpack(state.theta, start), state.epoch


def _mean_loss(objective: Objective, theta: Floats, rows: LabelRows | None) -> float | None:
    """Return the mean loss of a label of other rows.

    Args:
        objective: loss.
        theta: parameters.
        rows: to measure on; None for no measurement.
    """
    return None if rows is None else objective.data_loss(theta, rows)[0] / len(rows)


def _run_epoch(objective: Objective, state: AdamState, schedule: Schedule, seed: list[int], criteria: int) -> float:
    """Take one step a mini-batch over all rows in a random order.

    Args:
        objective: loss.
        state: updated in place.
        schedule: settings.
        seed: of the random order, with the epoch.
        criteria: C.

    Returns:
        The mean loss of a label during the epoch.

    Raises:
        Diverged: the loss is too far above its value before training.
    """
    rows = objective.rows
    m = len(rows)
    size = int(np.clip(m // 8, 8, 512))
    shuffled = rows.take(np.random.default_rng([*seed, state.epoch]).permutation(m))
    step, total = state.epoch * -(-m // size), 0.0
    for at in range(0, m, size):
        batch = shuffled.take(slice(at, at + size))  # views
        loss, gradient = objective.data_loss(state.theta, batch)
        total += loss
        gradient /= len(batch)
        prior_gradient = objective.prior_gradient(state.theta)
        gradient += np.divide(prior_gradient, m, out=prior_gradient)
        step += 1
        state.take_step(gradient, step, schedule.learning_rate, criteria)
    state.epoch += 1
    _check_convergence(state, total / m, schedule)
    return total / m


def _check_convergence(state: AdamState, loss: float, schedule: Schedule) -> None:
    """Check that the loss is not too far above its value before training.

    Args:
        state: after the epoch.
        loss: mean loss of a label during the epoch.
        schedule: settings.

    Raises:
        Diverged: it is.
    """
    if state.epoch == schedule.max_epochs:
        limit = MAX_FINAL_LOSS_FACTOR * state.first_loss
    else:
        limit = MAX_LOSS_FACTOR * state.first_loss + 1.0
    if not np.isfinite(loss) or loss > limit:
        raise Diverged(
            f"The training loss rose from {state.first_loss:.3g} to {loss:.3g} in epoch {state.epoch}; "
            f"the learning rate {schedule.learning_rate:g} is too high: try {schedule.learning_rate / 10:g}."
        )
