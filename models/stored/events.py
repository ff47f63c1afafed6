"""Bodies of job events: one struct for each kind of event."""

import msgspec


class StatusBody(msgspec.Struct, frozen=True):
    """A transition of the job; ``from_`` is None for the first event."""

    from_: str | None = msgspec.field(name="from")
    to: str


class EpochBody(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one epoch; losses are means over labels."""

    epoch: int
    max_epochs: int | None = None
    loss: float
    validation_loss: float | None = None
    mean_absolute_error: float | None = None


class WarningBody(msgspec.Struct, frozen=True):
    """The stable code of a warning."""

    code: str


class NoteBody(msgspec.Struct, frozen=True):
    """Nothing beyond the event's message."""


class VersionBody(msgspec.Struct, frozen=True):
    """The version that the job created."""

    version_id: str


class DeploymentBody(msgspec.Struct, frozen=True):
    """The decision about automatic deployment."""

    deployed: bool
    reason: str


EventBody = StatusBody | EpochBody | WarningBody | NoteBody | VersionBody | DeploymentBody
NOTE_BODY = NoteBody()
