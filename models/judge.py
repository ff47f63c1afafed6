"""Judges, their criteria, their trained versions, and deployments."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigSerial, Id, UtcDateTime, enum_column
from models.stored.evidence import TrainingEvidence
from models.stored.json_column import JsonColumn, Stored
from models.stored.training_job import Lineage


class VersionStatus(StrEnum):
    """State of a judge version."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    BACKUP = "backup"
    ARCHIVED = "archived"


class Judge(Base):
    """A scorer of items. ``id`` is unique within a workspace, ``pk`` in the database."""

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
    counted: Mapped[int] = mapped_column(default=0)  # the edition of the rules that the judge's counters follow
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


class Criterion(Base):
    """One aspect that a judge scores, on its own scale. Lists of scores are indexed by ``ordinal``."""

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
    """A trained state of a judge; its parameters are in ``VersionContent``."""

    __tablename__ = "judge_versions"
    __table_args__ = (
        UniqueConstraint("judge_pk", "number"),
        Index(None, "judge_pk", "watermark"),
        Index(None, "judge_pk", "status", "number"),
        Index(None, "judge_pk", "status", "replaced_at", "number"),
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
    proven_against: Mapped[str | None] = mapped_column(String(40))  # the version that was active during training
    watermark: Mapped[int] = mapped_column(BigSerial)  # feedback up to this place in the order of ingestion was known
    lineage: Mapped[Stored[Lineage]] = mapped_column(JsonColumn(Lineage))
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it last stopped being active
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


class VersionContent(Base):
    """A version's parameters, as the trainer wrote them (npz), in a table of their own so that listings stay small."""

    __tablename__ = "version_contents"

    version_id: Mapped[str] = mapped_column(ForeignKey("judge_versions.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DeploymentAction(StrEnum):
    """Kind of a change of the active version."""

    DEPLOY = "deploy"
    FORCE = "force"
    ROLLBACK = "rollback"


class Deployment(Base):
    """One change of the active version, in an append-only history with actor and reason."""

    __tablename__ = "deployments"
    __table_args__ = (Index(None, "judge_pk", "version_id", "pk"),)

    pk: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), index=True)
    action: Mapped[DeploymentAction] = mapped_column(enum_column(DeploymentAction))
    version_id: Mapped[str | None] = mapped_column(String(40))  # None: the raw scores
    previous_id: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(ForeignKey("users.id"))
