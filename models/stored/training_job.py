"""Contents of a training job's JSON columns.

Moments are ISO 8601 texts, in the form in which they have always been written.
"""

from datetime import datetime
from typing import Literal

import msgspec

DecodingName = Literal["error", "agreement"]
PriorityName = Literal["HIGH", "NORMAL", "LOW"]


class JobConfig(msgspec.Struct, frozen=True):
    """The training configuration as requested; None leaves a setting to the trainer."""

    feedback_cutoff_date: str | None
    minimum_feedback_count: int
    validation_split: float | None
    learning_rate: float | None
    max_epochs: int | None
    early_stopping: bool | None
    target_criteria: list[str] | None  # ids in the database; in a request's digest as requested
    seed: int
    decoding: DecodingName = "error"  # missing in older rows

    @property
    def cutoff(self) -> datetime | None:
        """The cutoff date as a moment."""
        return None if self.feedback_cutoff_date is None else datetime.fromisoformat(self.feedback_cutoff_date)


class ChosenSettings(msgspec.Struct, frozen=True):
    """The settings that the trainer used; None if a setting does not apply to the job."""

    learning_rate: float | None = None
    max_epochs: int | None = None
    early_stopping: bool | None = None
    validation_split: float | None = None


class JobOptions(msgspec.Struct, frozen=True):
    """The execution options as requested."""

    priority: PriorityName = "NORMAL"
    auto_deploy: bool = False
    backup_current_version: bool = True
    notification_email: str | None = None
    webhook_url: str | None = None
    auto_start: bool = True


class FeedbackSnapshot(msgspec.Struct, frozen=True):
    """Figures of the feedback that a job learns from, as of the job's creation."""

    total: int
    corrections: int
    ratings: int
    usable: int
    earliest: str | None
    latest: str | None


class JobProgress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Progress of a running job; ``fraction`` is the share of work done, from 0 to 1."""

    fraction: float = msgspec.field(default_factory=float)  # a factory, so that 0.0 is written too
    epoch: int | None = None
    max_epochs: int | None = None
    loss: float | None = None
    validation_loss: float | None = None


class DeploymentDecision(msgspec.Struct, frozen=True):
    """The decision about automatic deployment of a job's version."""

    deployed: bool
    reason: str
    decided_at: str


class Lineage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The origin of a judge version; of an imported one only the file is known."""

    labels: int | None = None
    items: int | None = None
    doubts: int | None = None  # missing in older rows
    feedback_digest: str | None = None
    feedback_after: int | None = None  # missing in older rows
    seed: int | None = None
    code: str | None = None  # version of the program
    training_type: str | None = None
    config: JobConfig | None = None
    chosen: ChosenSettings | None = None
    file_digest: str | None = None  # SHA-256, in hexadecimal digits
    imported: bool = False
