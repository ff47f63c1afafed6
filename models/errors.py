"""Expected failures as data: a stable code, the path of the field concerned, and a sentence for people.

Field paths are in snake_case and relative to the request, such as ``("training_config", "learning_rate")``; the schema
turns them into GraphQL's names.
"""

from enum import StrEnum

from models.stored.evidence import Interval

FieldPath = tuple[str, ...]


class ErrorCode(StrEnum):
    """The reason for a rejection."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    INSUFFICIENT_FEEDBACK = "INSUFFICIENT_FEEDBACK"
    NOT_CANCELLABLE = "NOT_CANCELLABLE"
    NOT_STARTABLE = "NOT_STARTABLE"
    NOT_RETRYABLE = "NOT_RETRYABLE"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    NOT_AN_IMPROVEMENT = "NOT_AN_IMPROVEMENT"
    SELECTION_BIAS = "SELECTION_BIAS"
    NOTHING_TO_ROLL_BACK = "NOTHING_TO_ROLL_BACK"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"


class DomainError(Exception):
    """A request cannot be fulfilled; the message states the problem and the remedy.

    ``details`` holds the figures of a subclass, by which an error can be constructed again for another path.
    """

    code = ErrorCode.INVALID

    def __init__(self, message: str, field: FieldPath = (), **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details

    def within(self, *prefix: str) -> "DomainError":
        """Return the same error for an enclosing request: ``prefix`` leads to the part that the error concerns."""
        return type(self)(self.message, (*prefix, *self.field), **self.details)


class Invalid(DomainError):
    """A value is not allowed."""


class NotFound(DomainError):
    """The object does not exist or belongs to another workspace; callers cannot tell which."""

    code = ErrorCode.NOT_FOUND


class Conflict(DomainError):
    """Another object exists already, or the object changed in the meantime."""

    code = ErrorCode.CONFLICT


class InsufficientFeedback(DomainError):
    """There is less usable feedback than the job requires; both are numbers of items."""

    code = ErrorCode.INSUFFICIENT_FEEDBACK

    def __init__(self, message: str, field: FieldPath = (), *, usable: int, required: int) -> None:
        super().__init__(message, field, usable=usable, required=required)
        self.usable = usable
        self.required = required


class NotCancellable(DomainError):
    """The job has ended."""

    code = ErrorCode.NOT_CANCELLABLE


class NotStartable(DomainError):
    """Only a job in state CREATED can be started."""

    code = ErrorCode.NOT_STARTABLE


class NotRetryable(DomainError):
    """Only a failed or cancelled job can be retried."""

    code = ErrorCode.NOT_RETRYABLE


class IdempotencyMismatch(DomainError):
    """The idempotency key was used before, with another request."""

    code = ErrorCode.IDEMPOTENCY_MISMATCH


class NotAnImprovement(DomainError):
    """The version is not proven better than the active one; the changes are None if nothing was measured."""

    code = ErrorCode.NOT_AN_IMPROVEMENT

    def __init__(
        self,
        message: str,
        field: FieldPath = (),
        *,
        mae_change: Interval | None = None,
        squared_error_change: Interval | None = None,
    ) -> None:
        super().__init__(message, field, mae_change=mae_change, squared_error_change=squared_error_change)
        self.mae_change = mae_change
        self.squared_error_change = squared_error_change


class SelectionBias(NotAnImprovement):
    """The feedback was reported because the judge was wrong, so that it proves nothing."""

    code = ErrorCode.SELECTION_BIAS


class NothingToRollBack(DomainError):
    """There is no version to return to."""

    code = ErrorCode.NOTHING_TO_ROLL_BACK


class LimitExceeded(DomainError):
    """The request exceeds a limit of the server."""

    code = ErrorCode.LIMIT_EXCEEDED


class RequestRejected(Exception):
    """A request has one or more problems; nothing was changed."""

    def __init__(self, *errors: DomainError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Unauthenticated(Exception):
    """There is no API key, or it is unknown, expired or revoked."""


class Forbidden(Exception):
    """The key's role does not allow the request."""
