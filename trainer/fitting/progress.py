"""Progress of a task as one fraction that never falls."""

from __future__ import annotations

from typing import Literal

from trainer.task import Progress, ProgressCallback


class ProgressTracker:
    """Count steps of equal length; the epochs of the final fit divide its step."""

    def __init__(self, report: ProgressCallback) -> None:
        self._report = report
        self._steps, self._done, self._fraction = 1, 0, 0.0

    def set_steps(self, steps: int) -> None:
        """Set the number of steps of the whole task."""
        self._steps = max(1, steps)

    def complete_step(self, message: str, phase: Literal["training", "validating"] = "training") -> None:
        """Report that a step is done."""
        self._done += 1
        self._report(Progress(phase, self._advance(self._done / self._steps), message))

    def complete_epoch(
        self, number: int, max_epochs: int, loss: float, validation_loss: float | None, error: float
    ) -> None:
        """Report that an epoch of the final fit is done.

        Args:
            number: of the epoch, from 1.
            max_epochs: epochs of the fit at most.
            loss: mean training loss of a label.
            validation_loss: mean validation loss of a label.
            error: mean absolute error, as a share (0..1) of the range.
        """
        message = f"Epoch {number}: loss {loss:.4f}"
        if validation_loss is not None:
            message += f", validation loss {validation_loss:.4f}"
        message += f", {error:.1%} of the range off"
        fraction = self._advance((self._done + number / max_epochs) / self._steps)
        self._report(Progress("training", fraction, message, number, max_epochs, loss, validation_loss, error))

    def finish(self, message: str) -> None:
        """Report that the task is done."""
        self._report(Progress("validating", self._advance(1.0), message))

    def _advance(self, fraction: float) -> float:
        """Return the fraction, but at most 1 and never below an earlier one."""
        self._fraction = min(1.0, max(self._fraction, fraction))
        return self._fraction
