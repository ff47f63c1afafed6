"""Judges, the criteria they score on, and their trained versions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigSerial, Id, UtcDateTime, enum_column
from models.stored.evidence import TrainingEvidence
from models.stored.json_column import JsonColumn, Stored
from models.stored.training_job import Lineage


class VersionStatus(StrEnum):
    """Where a judge version stands."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    BACKUP = "backup"
    ARCHIVED = "archived"


class Judge(Base):
    """What scores items. ``id`` is the workspace's own, so two workspaces may hold the same; ``pk`` is ours."""

    __tablename__ = "judges"
    __table_args__ = (UniqueConstraint("workspace_id", "id"), Index(None, "workspace_id", "pk"))

    pk: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    id: Mapped[str] = mapped_column(Id(80))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    active_version_id: Mapped[str | None] = mapped_column(String(40))
    feedback_seq: Mapped[int] = mapped_column(BigSerial, default=0)  # the last feedback's place in order of ingestion
    evaluation_seq: Mapped[int] = mapped_column(BigSerial, default=0)  # the last evaluation's place
    version_seq: Mapped[int] = mapped_column(default=0)  # the last version's number
    counted: Mapped[int] = mapped_column(default=0)  # which edition of the rules its counters follow
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


class Criterion(Base):
    """One thing a judge scores, on a scale of its own. Scores are stored as lists, by ``ordinal``."""

    __tablename__ = "criteria"
    __table_args__ = (UniqueConstraint("judge_pk", "key"), UniqueConstraint("judge_pk", "ordinal"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"))
    ordinal: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    minimum: Mapped[float]
    maximum: Mapped[float]
    step: Mapped[float]
    weight: Mapped[float]


class JudgeVersion(Base):
    """A trained state of a judge; what it learned is in ``VersionContent``."""

    __tablename__ = "judge_versions"
    __table_args__ = (
        UniqueConstraint("judge_pk", "number"),
        Index(
            "uq_judge_versions_one_active",
            "judge_pk",
            unique=True,
            sqlite_where=text("status = 'active'"),
            postgresql_where=text("status = 'active'"),
        ),
    )

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"))
    number: Mapped[int]
    status: Mapped[VersionStatus] = mapped_column(enum_column(VersionStatus))
    job_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("judge_versions.id"))
    evidence: Mapped[Stored[TrainingEvidence] | None] = mapped_column(JsonColumn(TrainingEvidence))
    proven_against: Mapped[str | None] = mapped_column(String(40))  # the active version the proof was measured against
    watermark: Mapped[int] = mapped_column(BigSerial)  # feedback up to this place in order of ingestion was known
    lineage: Mapped[Stored[Lineage]] = mapped_column(JsonColumn(Lineage))
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it last stopped being active
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


class VersionContent(Base):
    """What a version learned, as the trainer wrote it (npz). Apart, so that listings never carry it."""

    __tablename__ = "version_contents"

    version_id: Mapped[str] = mapped_column(ForeignKey("judge_versions.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DeploymentAction(StrEnum):
    """Why another version counts now."""

    DEPLOY = "deploy"
    FORCE = "force"
    ROLLBACK = "rollback"


class Deployment(Base):
    """One change of the version that counts: append-only, so it can always be told who did what and why."""

    __tablename__ = "deployments"

    pk: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), index=True)
    action: Mapped[DeploymentAction] = mapped_column(enum_column(DeploymentAction))
    version_id: Mapped[str | None] = mapped_column(String(40))  # None: the raw scores
    previous_id: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(ForeignKey("users.id"))
