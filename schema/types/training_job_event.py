"""Events in the log of a training job."""

from datetime import datetime

import strawberry
from strawberry import ID

from models.job import EventKind, JobEvent
from models.job_codes import WarningCode
from models.job_status import JobStatus
from models.stored.events import DeploymentBody, EpochBody, StatusBody, VersionBody, WarningBody
from schema.decorators import deprecated_field, field, interface_type, object_type
from schema.info import Info
from schema.types.enums import parse_stored
from schema.types.judge_version import JudgeVersion, load_version


@interface_type
class TrainingJobEvent:
    """An event in the log of a training job. New types may be added; show the message of types you don't know."""

    id: ID = strawberry.field(description="A unique id: `evt_...`. Opaque.")
    occurred_at: datetime = strawberry.field(description="The moment of the event.")
    message: str = strawberry.field(description="A sentence for people about the event.")

    @deprecated_field("occurredAt")
    def at(self) -> datetime:
        """The moment of the event."""
        return self.occurred_at


@object_type
class StatusChanged(TrainingJobEvent):
    """The job's status changed. The change to its final status is always the last event of a job."""

    from_: JobStatus | None = strawberry.field(
        name="from", description="The previous status; null in the first event, which reports the creation of the job."
    )
    to: JobStatus = strawberry.field(description="The new status.")


@object_type
class EpochCompleted(TrainingJobEvent):
    """An epoch of the training was completed."""

    epoch: int = strawberry.field(
        description="The number of the epoch: 1, 2, 3, ... A job that is resumed continues the numbers."
    )
    loss: float = strawberry.field(description="The loss on the training data; smaller is better.")
    validation_loss: float | None = strawberry.field(
        description="The loss on feedback held out for validation; null if none is."
    )
    mean_absolute_error: float | None = strawberry.field(
        description=(
            "The mean absolute difference from people's scores, as a share (0 to 1) of each criterion's range; null if "
            "it was not measured."
        )
    )


@object_type
class WarningRaised(TrainingJobEvent):
    """A problem was found that does not stop the job."""

    warning_code: WarningCode | None = strawberry.field(
        description=(
            "The kind of warning, for programs; null if another version of the server recorded one that this version "
            "does not know."
        )
    )
    stored_code: strawberry.Private[str]

    @deprecated_field("warningCode")
    def code(self) -> str:
        """The kind of warning, as a text."""
        return self.stored_code


@object_type
class NoteAdded(TrainingJobEvent):
    """A note about the job was added, such as a choice of settings or the amount of excluded feedback."""


@object_type
class VersionCreated(TrainingJobEvent):
    """The job created a version."""

    version_id: strawberry.Private[str]

    @field
    def version(self, info: Info) -> JudgeVersion | None:
        """The version that was created; null if it no longer exists."""
        return load_version(info, self.version_id)


@object_type
class DeploymentDecided(TrainingJobEvent):
    """The server decided whether to deploy the version that the job created."""

    deployed: bool = strawberry.field(description="True if the version was deployed.")
    reason: str = strawberry.field(description="A sentence for people about the reason.")


EVENT_TYPES = (StatusChanged, EpochCompleted, WarningRaised, NoteAdded, VersionCreated, DeploymentDecided)


def to_event(row: JobEvent) -> TrainingJobEvent:
    """Return the GraphQL object of an entry of the log."""
    id_, at, message, body = ID(f"evt_{row.position}"), row.at, row.message, row.body
    match row.kind:
        case EventKind.STATUS:
            status = body.read_as(StatusBody)
            from_ = None if status.from_ is None else JobStatus(status.from_)
            return StatusChanged(id=id_, occurred_at=at, message=message, from_=from_, to=JobStatus(status.to))
        case EventKind.EPOCH:
            epoch = body.read_as(EpochBody)
            return EpochCompleted(
                id=id_,
                occurred_at=at,
                message=message,
                epoch=epoch.epoch,
                loss=epoch.loss,
                validation_loss=epoch.validation_loss,
                mean_absolute_error=epoch.mean_absolute_error,
            )
        case EventKind.WARNING:
            code = body.read_as(WarningBody).code
            known = parse_stored(WarningCode, code)
            return WarningRaised(id=id_, occurred_at=at, message=message, warning_code=known, stored_code=code)
        case EventKind.NOTE:
            return NoteAdded(id=id_, occurred_at=at, message=message)
        case EventKind.VERSION:
            version_id = body.read_as(VersionBody).version_id
            return VersionCreated(id=id_, occurred_at=at, message=message, version_id=version_id)
        case EventKind.DEPLOYMENT:
            decision = body.read_as(DeploymentBody)
            return DeploymentDecided(
                id=id_, occurred_at=at, message=message, deployed=decision.deployed, reason=decision.reason
            )
