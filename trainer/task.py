"""Training task: its configuration and data, the progress it reports, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

from trainer.data import Doubts, Items, Labels, Scale
from trainer.evidence.report import Evidence
from trainer.model.version import Version

TrainingType = Literal["incremental", "full_retrain", "fine_tune", "validation"]
Decoding = Literal["error", "agreement"]
"""Aim of the verdicts: the smallest error, or the highest quadratic weighted kappa."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Requested settings; None leaves the choice to the trainer.

    `validation_split`: share of the groups to hold out, 0..1. `targets`: positions in `Task.scales` of the criteria to
    fine-tune or to validate. The fields' names enter the fingerprint of checkpoints.
    """

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
    """Input of one training. The columns of `items.raw` are the criteria of `scales`, in that order.

    `evaluation_count`: evaluations recorded from the first to the last one with a label; None if unknown.
    """

    scales: tuple[Scale, ...]
    items: Items
    labels: Labels
    doubts: Doubts
    rater_count: int
    config: TrainingConfig
    base: Version | None = None
    evaluation_count: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a task: `fraction` (0..1) never falls; losses are means over labels.

    `mean_absolute_error`: as a share (0..1) of the range.
    """

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
    """Warning about a result that is valid nevertheless."""

    code: str
    message: str


class UsedSettings(TypedDict):
    """Settings that a training really used; None for those that its method does not have."""

    learning_rate: float | None
    max_epochs: int | None
    early_stopping: bool | None
    validation_split: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Result of a task: the version (None after a validation), its evidence, and the settings really used."""

    version: bytes | None
    evidence: Evidence
    chosen: UsedSettings
    warnings: list[ResultWarning]


ProgressCallback = Callable[[Progress], None]
CheckpointCallback = Callable[[bytes], None]
"""Called with the bytes of a checkpoint, which replaces the one before."""
