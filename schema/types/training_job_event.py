"""What happens to a training job, as its log tells it."""

from datetime import datetime

import strawberry
from strawberry import ID

from models.job import EventKind, JobEvent
from models.job_status import JobStatus
from models.stored.events import DeploymentBody, EpochBody, StatusBody, VersionBody, WarningBody
from schema.decorators import field, interface_type, object_type
from schema.info import Info
from schema.types.judge_version import JudgeVersion, load_version


@interface_type
class TrainingJobEvent:
    """Something that happened to a training job. New kinds may be added: show the message of those you don't know."""

    id: ID = strawberry.field(description="Unique; begins with `evt_`. Opaque.")
    at: datetime = strawberry.field(description="When it happened.")
    message: str = strawberry.field(description="What happened, in a sentence for people.")


@object_type
class StatusChanged(TrainingJobEvent):
    """The job moved from one status to another. The move to its final status is always a job's last event."""

    from_: JobStatus | None = strawberry.field(
        name="from", description="The status before; null in the first event, which tells that the job was created."
    )
    to: JobStatus = strawberry.field(description="The status from now on.")


@object_type
class EpochCompleted(TrainingJobEvent):
    """A step of the training is done."""

    epoch: int = strawberry.field(description="Which step: 1, 2, 3, ... After a lost worker it goes on from there.")
    loss: float = strawberry.field(description="How badly the version fits what it learns from: smaller is better.")
    validation_loss: float | None = strawberry.field(
        description="The same on feedback kept apart from learning; null when none is."
    )
    mean_absolute_error: float | None = strawberry.field(
        description=(
            "How far its scores are from people's on average, as a share (0 to 1) of each criterion's range; null when "
            "it was not measured."
        )
    )


@object_type
class WarningRaised(TrainingJobEvent):
    """Something the job can live with, but you may want to know or change."""

    code: str = strawberry.field(description="What kind of warning it is, for programs.")


@object_type
class NoteAdded(TrainingJobEvent):
    """Something worth knowing about how the job goes: what was chosen, what was left out and why."""


@object_type
class VersionCreated(TrainingJobEvent):
    """The job made a version."""

    version_id: strawberry.Private[str]

    @field
    async def version(self, info: Info) -> JudgeVersion | None:
        """The version that was made; null should it be gone by now."""
        return await load_version(info, self.version_id)


@object_type
class DeploymentDecided(TrainingJobEvent):
    """Whether the version the job made was put to use."""

    deployed: bool = strawberry.field(description="Whether the version scores from now on.")
    reason: str = strawberry.field(description="Why, or why not, in a sentence for people.")


EVENT_TYPES = (StatusChanged, EpochCompleted, WarningRaised, NoteAdded, VersionCreated, DeploymentDecided)


def event_of(row: JobEvent) -> TrainingJobEvent:
    """The GraphQL view of a line of the log."""
    position, at, message = ID(f"evt_{row.position}"), row.at, row.message
    match row.kind:
        case EventKind.STATUS:
            status = row.body.read_as(StatusBody)
            from_ = None if status.from_ is None else JobStatus(status.from_)
            return StatusChanged(id=position, at=at, message=message, from_=from_, to=JobStatus(status.to))
        case EventKind.EPOCH:
            epoch = row.body.read_as(EpochBody)
            return EpochCompleted(
                id=position,
                at=at,
                message=message,
                epoch=epoch.epoch,
                loss=epoch.loss,
                validation_loss=epoch.validation_loss,
                mean_absolute_error=epoch.mean_absolute_error,
            )
        case EventKind.WARNING:
            return WarningRaised(id=position, at=at, message=message, code=row.body.read_as(WarningBody).code)
        case EventKind.NOTE:
            return NoteAdded(id=position, at=at, message=message)
        case EventKind.VERSION:
            return VersionCreated(
                id=position, at=at, message=message, version_id=row.body.read_as(VersionBody).version_id
            )
        case EventKind.DEPLOYMENT:
            decision = row.body.read_as(DeploymentBody)
            return DeploymentDecided(
                id=position, at=at, message=message, deployed=decision.deployed, reason=decision.reason
            )
