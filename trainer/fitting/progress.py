"""Progress of a task as one fraction that never falls."""

from __future__ import annotations

from typing import Literal

from trainer.task import Progress, Report


class Tracker:
    """Counts steps of equal length; the final fit's epochs divide its step."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._steps, self._done, self._fraction = 1, 0, 0.0

    def expect(self, steps: int) -> None:
        """Set how many steps there will be in all."""
        self._steps = max(1, steps)

    def step(self, message: str, phase: Literal["training", "validating"] = "training") -> None:
        """One step is done."""
        self._done += 1
        self._tell(phase, self._done / self._steps, message)

    def epoch(self, number: int, most: int, loss: float, validation_loss: float | None, error: float) -> None:
        """An epoch of the final fit is done; `error` is the mean absolute one, as a share (0..1) of the range."""
        fraction = (self._done + number / most) / self._steps
        message = f"Epoch {number}: loss {loss:.4f}"
        if validation_loss is not None:
            message += f", validation loss {validation_loss:.4f}"
        message += f", {error:.1%} of the range off"
        self._tell("training", fraction, message, number, most, loss, validation_loss, error)

    def _tell(
        self, phase: Literal["training", "validating"], fraction: float, message: str, epoch: int | None = None,
        most: int | None = None, loss: float | None = None, validation_loss: float | None = None,
        error: float | None = None,
    ) -> None:  # fmt: skip
        self._fraction = min(1.0, max(self._fraction, fraction))
        self._report(Progress(phase, self._fraction, message, epoch, most, loss, validation_loss, error))

    def finish(self, message: str) -> None:
        """All is done."""
        self._tell("validating", 1.0, message)
