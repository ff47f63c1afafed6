"""Messages from a training process to its supervisor: one JSON object a line, with one key."""

import msgspec

from models.job_codes import FailureCode
from models.stored.evidence import TrainingEvidence
from models.stored.training_job import ChosenSettings, Lineage


class LoadedReport(msgspec.Struct, frozen=True):
    """Numbers of labels, items, doubts, and of excluded feedback by reason."""

    labels: int
    items: int
    doubts: int = 0
    excluded: dict[str, int] = msgspec.field(default_factory=dict)


class ProgressReport(msgspec.Struct, frozen=True):
    """Progress of the training; see ``trainer.task.Progress``."""

    phase: str
    fraction: float
    message: str
    epoch: int | None = None
    max_epochs: int | None = None
    loss: float | None = None
    validation_loss: float | None = None
    mean_absolute_error: float | None = None


class WarningReport(msgspec.Struct, frozen=True):
    """A warning about the result: a stable code and a sentence."""

    code: str
    message: str


class OutcomeReport(msgspec.Struct, frozen=True):
    """The result: the version as bytes, None for a validation, and everything that is stored with it."""

    version: bytes | None
    evidence: TrainingEvidence
    chosen: ChosenSettings
    warnings: tuple[WarningReport, ...]
    lineage: Lineage


class FailureReport(msgspec.Struct, frozen=True):
    """The reason for which the job fails: a stable code and a sentence."""

    code: FailureCode
    message: str


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message; exactly one field is set. Bytes are base64 texts in JSON."""

    loaded: LoadedReport | None = None
    progress: ProgressReport | None = None
    checkpoint: bytes | None = None
    outcome: OutcomeReport | None = None
    failed: FailureReport | None = None


INTERNAL_ERROR = FailureReport(FailureCode.INTERNAL, "Something went wrong on our side; see the server's log.")
