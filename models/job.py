"""Training jobs, their events and checkpoints, and the notifications about them."""

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigSerial, Id, UtcDateTime, enum_column
from models.job_status import ACTIVE, JobStatus
from models.stored.evidence import TrainingEvidence
from models.stored.json_column import JsonColumn, Stored, StoredVariant, VariantJsonColumn
from models.stored.notification import CompletionMessage
from models.stored.training_job import (
    ChosenSettings,
    DeploymentDecision,
    FeedbackSnapshot,
    JobConfig,
    JobOptions,
    JobProgress,
)


class TrainingType(StrEnum):
    """Kind of a training job."""

    INCREMENTAL = "incremental"
    FULL_RETRAIN = "full_retrain"
    FINE_TUNE = "fine_tune"
    VALIDATION = "validation"


class Decoding(StrEnum):
    """Objective of a version's verdicts."""

    ERROR = "error"
    AGREEMENT = "agreement"


class Priority(IntEnum):
    """Order in which jobs are claimed; smaller is sooner."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


_ACTIVE_SQL = f"status IN ({', '.join(sorted(repr(status.value) for status in ACTIVE))})"


def _partial_index(name: str, where: str, *columns: str, unique: bool = False) -> Index:
    """Return an index of some rows. Only statements with ``store.database.rows.in_constants`` can use it.

    Args:
        name: the index's name.
        where: the condition of the rows, in SQL.
        columns: the indexed columns.
        unique: whether no two of the rows may have the same values.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class TrainingJob(Base):
    """One request to train a version from a judge's feedback, with its state and result."""

    __tablename__ = "training_jobs"
    __table_args__ = (
        UniqueConstraint("workspace_id", "idempotency_key"),
        # Lists of jobs, newest first: see ``store.job_list``.
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "judge_pk", "created_at", "id"),
        Index(None, "created_by", "created_at", "id"),
        Index("ix_training_jobs_workspace_status", "workspace_id", "status", "training_type", "created_at", "id"),
        Index("ix_training_jobs_judge_status", "judge_pk", "status", "training_type", "created_at", "id"),
        Index("ix_training_jobs_creator_status", "created_by", "status", "training_type", "created_at", "id"),
        _partial_index("ix_training_jobs_queue", "status = 'queued'", "judge_pk", "priority", "id", "status"),
        _partial_index("ix_training_jobs_completed", "status = 'completed'", "id"),
        # Guarantees one active job a judge when two workers claim at the same moment.
        _partial_index("uq_training_jobs_one_active", _ACTIVE_SQL, "judge_pk", unique=True),
    )

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"))
    training_type: Mapped[TrainingType] = mapped_column(enum_column(TrainingType))
    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus))
    priority: Mapped[int]
    config: Mapped[Stored[JobConfig]] = mapped_column(JsonColumn(JobConfig))  # as requested
    chosen: Mapped[Stored[ChosenSettings] | None] = mapped_column(JsonColumn(ChosenSettings))  # what the trainer used
    options: Mapped[Stored[JobOptions]] = mapped_column(JsonColumn(JobOptions))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_digest: Mapped[str] = mapped_column(String(64))
    # The snapshot: the feedback that the job learns from is fixed when the job is created.
    base_version_id: Mapped[str | None] = mapped_column(String(40))
    feedback_after: Mapped[int] = mapped_column(BigSerial, default=0)
    feedback_upto: Mapped[int] = mapped_column(BigSerial)
    summary: Mapped[Stored[FeedbackSnapshot]] = mapped_column(JsonColumn(FeedbackSnapshot))
    estimated_seconds: Mapped[float | None]
    retry_of: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The claim: it raises the fence, and every write of a worker carries the fence.
    fence: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claims: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    # Progress and result.
    event_seq: Mapped[int] = mapped_column(default=0)
    progress: Mapped[Stored[JobProgress] | None] = mapped_column(JsonColumn(JobProgress))
    error_code: Mapped[str | None] = mapped_column(String(40))
    error_message: Mapped[str | None] = mapped_column(Text)
    result_version_id: Mapped[str | None] = mapped_column(String(40))
    evidence: Mapped[Stored[TrainingEvidence] | None] = mapped_column(JsonColumn(TrainingEvidence))
    deployment: Mapped[Stored[DeploymentDecision] | None] = mapped_column(JsonColumn(DeploymentDecision))


class JobCheckpoint(Base):
    """The state from which a job's training resumes if its worker is lost."""

    __tablename__ = "job_checkpoints"

    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class EventKind(StrEnum):
    """Kind of an event."""

    STATUS = "status"
    EPOCH = "epoch"
    WARNING = "warning"
    NOTE = "note"
    VERSION = "version"
    DEPLOYMENT = "deployment"


class JobEvent(Base):
    """One entry of a job's append-only log. ``seq`` counts within the job, ``position`` in the order of commits."""

    __tablename__ = "job_events"
    __table_args__ = (
        UniqueConstraint("job_id", "seq"),
        Index(None, "workspace_id", "position"),
        Index(None, "judge_pk", "position"),
        {"sqlite_autoincrement": True},
    )

    position: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"))
    seq: Mapped[int]
    workspace_id: Mapped[str] = mapped_column(String(40))
    judge_pk: Mapped[int] = mapped_column(BigSerial)
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    message: Mapped[str] = mapped_column(Text)
    body: Mapped[StoredVariant] = mapped_column(VariantJsonColumn())  # of the type that belongs to ``kind``


class DeliveryStatus(StrEnum):
    """State of a notification."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(Base):
    """A notification in the outbox: written in the transaction of its event, and sent until it arrives."""

    __tablename__ = "deliveries"
    __table_args__ = (_partial_index("ix_deliveries_due", "status = 'pending'", "due_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(Text)
    payload: Mapped[Stored[CompletionMessage]] = mapped_column(JsonColumn(CompletionMessage))
    status: Mapped[DeliveryStatus] = mapped_column(enum_column(DeliveryStatus))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
