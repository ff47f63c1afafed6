"""Two ways to the minimum: L-BFGS where the settings are ours to choose, Adam where a person gave them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.arrays import Floats
from trainer.errors import Diverged
from trainer.model.ordinal import LEAST_SLOPE, Coefficients, Objective, Rows
from trainer.model.preconditioner import Whitening

Epoch = Callable[[int, float, float | None, Floats], None]
"""Called with the epoch (from 1), the mean training and validation loss of a label, and the parameters so far."""

PATIENCE = 5
EXPLODED, WORSE = 3.0, 1.1
"""Multiples of the loss before training: above the first an epoch, above the second the last one, has diverged."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Settings of Adam."""

    learning_rate: float
    max_epochs: int
    early_stopping: bool


LIMIT = 200
"""Most iterations of L-BFGS."""


def lbfgs(
    objective: Objective,
    start: Coefficients,
    whitening: Whitening,
    epoch: Epoch | None = None,
    validation: Rows | None = None,
) -> Coefficients:
    """Minimise by L-BFGS-B (Byrd et al. 1995); an epoch is an iteration, `validation` rows are only watched.

    Raises:
        Diverged: the loss is not finite.
    """
    from scipy.optimize import minimize  # only training needs scipy, scoring must not pay for it

    count, criteria = 0, len(start.slope)

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, gradient = objective(whitening.forward(theta))
        return value, whitening.pull(gradient)

    def iterated(intermediate_result: Any) -> None:
        nonlocal count
        count += 1
        if epoch is not None:
            theta, held_out = whitening.forward(intermediate_result.x), None
            if validation is not None and len(validation):
                held_out = objective.data(theta, validation)[0] / len(validation)
            epoch(count, float(intermediate_result.fun), held_out, theta)

    found = minimize(
        loss,
        whitening.backward(start.pack()),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST_SLOPE / whitening.slope, None)] * criteria + [(None, None)] * (start.pack().size - criteria),
        callback=iterated,
        options={"maxiter": LIMIT, "maxcor": 10, "ftol": 1e-7, "gtol": 1e-6},
    )
    if not np.isfinite(found.fun):
        raise Diverged("The training loss is not a finite number; check the scores for extreme values.")
    return Coefficients.unpack(whitening.forward(np.asarray(found.x, np.float64)), start)


@dataclass(slots=True)
class AdamState:
    """Everything Adam needs to go on after an epoch."""

    epoch: int
    theta: Floats
    mean: Floats
    square: Floats
    best_epoch: int
    best_loss: float
    best: Floats
    first_loss: float

    def arrays(self) -> dict[str, np.ndarray]:
        """For a checkpoint."""
        return {name: np.asarray(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def restore(cls, arrays: dict[str, np.ndarray]) -> AdamState:
        """The state `arrays()` came from."""
        plain: dict[str, Any] = {name: value if value.ndim else value.item() for name, value in arrays.items()}
        return cls(**plain)


def adam(
    objective: Objective,
    start: Coefficients,
    schedule: Schedule,
    *,
    seed: list[int],
    validation: Rows | None = None,
    state: AdamState | None = None,
    epoch: Epoch | None = None,
    save: Callable[[AdamState], None] | None = None,
) -> tuple[Coefficients, int]:
    """Minimise by mini-batch Adam (Kingma & Ba 2015); returns the parameters and the number of their epoch.

    With early stopping and `validation` rows: stops after PATIENCE epochs without a better validation loss and takes
    the best epoch's parameters; without validation rows the training loss decides when to stop.

    Raises:
        Diverged: the loss is not finite, far above where it began, or above it still after the last epoch.
    """
    rows = objective.rows
    m = len(rows)
    size = int(np.clip(m // 8, 8, 512))
    if state is None:
        theta = start.pack()
        first = objective.data(theta, rows)[0] / m
        state = AdamState(0, theta, np.zeros_like(theta), np.zeros_like(theta), 0, np.inf, theta.copy(), first)
    while state.epoch < schedule.max_epochs:
        if schedule.early_stopping and state.epoch - state.best_epoch >= PATIENCE:
            break
        shuffled = rows.take(np.random.default_rng([*seed, state.epoch]).permutation(m))
        step, total = state.epoch * -(-m // size), 0.0
        for at in range(0, m, size):
            batch = shuffled.take(slice(at, at + size))  # views
            loss, gradient = objective.data(state.theta, batch)
            total += loss
            gradient /= len(batch)
            gradient += np.divide(pull := objective.pull(state.theta), m, out=pull)
            step += 1
            state.mean *= 0.9
            state.mean += 0.1 * gradient
            state.square *= 0.999
            state.square += 0.001 * np.square(gradient, out=gradient)
            rate = schedule.learning_rate * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            np.sqrt(state.square, out=gradient)
            gradient += 1e-8
            state.theta -= rate * np.divide(state.mean, gradient, out=gradient)
            np.maximum(slopes := state.theta[: len(start.slope)], LEAST_SLOPE, out=slopes)
        state.epoch += 1
        mean = total / m
        over = state.epoch == schedule.max_epochs
        if not np.isfinite(mean) or mean > (WORSE if over else EXPLODED) * state.first_loss + (0.0 if over else 1.0):
            raise Diverged(
                f"The training loss rose from {state.first_loss:.3g} to {mean:.3g} in epoch {state.epoch}; "
                f"the learning rate {schedule.learning_rate:g} is too high: try {schedule.learning_rate / 10:g}."
            )
        held_out = objective.data(state.theta, validation)[0] / len(validation) if validation is not None else None
        watched = mean if held_out is None else held_out
        if watched < state.best_loss - 1e-4:
            state.best_loss, state.best_epoch, state.best = watched, state.epoch, state.theta.copy()
        if epoch is not None:
            epoch(state.epoch, mean, held_out, state.theta)
        if save is not None:
            save(state)
    if schedule.early_stopping and validation is not None and state.best_epoch:
        return Coefficients.unpack(state.best, start), state.best_epoch
    return Coefficients.unpack(state.theta, start), state.epoch
