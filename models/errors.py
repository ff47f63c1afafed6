"""Expected failures, as data: each has a stable code, the path of the field that is meant, and a sentence for people.

Field paths are in snake_case and relative to the request, e.g. ``("training_config", "learning_rate")``; the schema
turns them into GraphQL's names.
"""

from enum import StrEnum

FieldPath = tuple[str, ...]


class ErrorCode(StrEnum):
    """Why something was refused."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    INSUFFICIENT_FEEDBACK = "INSUFFICIENT_FEEDBACK"
    NOT_CANCELLABLE = "NOT_CANCELLABLE"
    NOT_STARTABLE = "NOT_STARTABLE"
    NOT_RETRYABLE = "NOT_RETRYABLE"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    NOT_AN_IMPROVEMENT = "NOT_AN_IMPROVEMENT"
    NOTHING_TO_ROLL_BACK = "NOTHING_TO_ROLL_BACK"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"


class DomainError(Exception):
    """Something a caller asked for can't be done; the message says what is wrong and what to do."""

    code = ErrorCode.INVALID

    def __init__(self, message: str, field: FieldPath = (), **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details

    def within(self, *prefix: str) -> "DomainError":
        """The same error, seen from a request that holds the one it is about."""
        return type(self)(self.message, (*prefix, *self.field), **self.details)


class Invalid(DomainError):
    """A value is not allowed."""


class NotFound(DomainError):
    """There is no such thing, or it belongs to another workspace: the two can't be told apart."""

    code = ErrorCode.NOT_FOUND


class Conflict(DomainError):
    """Something else is there already, or changed in the meantime."""

    code = ErrorCode.CONFLICT


class InsufficientFeedback(DomainError):
    """There is less usable feedback than the job asks for."""

    code = ErrorCode.INSUFFICIENT_FEEDBACK


class NotCancellable(DomainError):
    """The job has ended."""

    code = ErrorCode.NOT_CANCELLABLE


class NotStartable(DomainError):
    """Only a job in state CREATED can be started."""

    code = ErrorCode.NOT_STARTABLE


class NotRetryable(DomainError):
    """Only a failed or cancelled job can be tried again."""

    code = ErrorCode.NOT_RETRYABLE


class IdempotencyMismatch(DomainError):
    """The idempotency key was used before, with another request."""

    code = ErrorCode.IDEMPOTENCY_MISMATCH


class NotAnImprovement(DomainError):
    """The version is not proven better than what is active."""

    code = ErrorCode.NOT_AN_IMPROVEMENT


class NothingToRollBack(DomainError):
    """There is no version to go back to."""

    code = ErrorCode.NOTHING_TO_ROLL_BACK


class LimitExceeded(DomainError):
    """More than the server takes at once."""

    code = ErrorCode.LIMIT_EXCEEDED


class RequestRejected(Exception):
    """One or more things are wrong with a request; nothing was changed."""

    def __init__(self, *errors: DomainError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Unauthenticated(Exception):
    """No API key, or one that is unknown, expired or revoked."""


class Forbidden(Exception):
    """The key's role does not allow this."""
