"""A training task: its configuration and data, the progress it reports, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trainer.data import Doubts, Items, Labels, Scale
from trainer.evidence.report import Evidence
from trainer.model.version import Version

TrainingType = Literal["incremental", "full_retrain", "fine_tune", "validation"]
Decoding = Literal["error", "agreement"]
"""What verdicts aim at: the least error, or the highest quadratic weighted kappa."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What was asked for; None leaves the choice to the trainer. `targets` are positions in `Task.scales`."""

    training_type: TrainingType
    seed: int = 0
    learning_rate: float | None = None
    max_epochs: int | None = None
    early_stopping: bool | None = None
    validation_split: float | None = None
    targets: tuple[int, ...] | None = None
    decoding: Decoding = "error"


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One job of learning. The columns of `items.raw` are the criteria of `scales`, in that order."""

    scales: tuple[Scale, ...]
    items: Items
    labels: Labels
    doubts: Doubts
    rater_count: int
    config: TrainingConfig
    base: Version | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is: `fraction` (0..1) never falls; losses are means over labels."""

    phase: Literal["training", "validating"]
    fraction: float
    message: str
    epoch: int | None = None
    max_epochs: int | None = None
    loss: float | None = None
    validation_loss: float | None = None
    mean_absolute_error: float | None = None


@dataclass(frozen=True, slots=True)
class ResultWarning:
    """Something a person should know about a result that stands all the same."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a task leaves: the version (None after a validation), its proof, and the settings really used."""

    version: bytes | None
    evidence: Evidence
    chosen: dict[str, float | int | bool | None]
    warnings: list[ResultWarning]


Report = Callable[[Progress], None]
Save = Callable[[bytes], None]
