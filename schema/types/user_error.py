"""User errors: expected failures of a mutation as data, with stable codes and field paths."""

import strawberry

from models.errors import DomainError, ErrorCode, FieldPath, InsufficientFeedback, NotAnImprovement, RequestRejected
from models.specs.checks import to_camel_case
from schema.decorators import interface_type, object_type
from schema.types.evidence import Interval

# Fields whose names differ between GraphQL and the specs of ``models``.
_GRAPHQL_NAMES = {"minimum": "min", "maximum": "max"}


@interface_type
class UserError:
    """A problem with the input of a mutation. Nothing of the affected part was changed."""

    message: str = strawberry.field(description="A sentence for people about the problem and its solution.")
    field: list[str] | None = strawberry.field(
        description=(
            "The path from the mutation's `input` to the field that causes the problem, list indexes as text, such as "
            '`["evaluations", "3", "scores"]`. Null if no single field causes it.'
        )
    )
    code: ErrorCode = strawberry.field(description="The kind of problem, for programs.")


@object_type
class RequestError(UserError):
    """A problem without details beyond message, field and code."""


@object_type
class InsufficientFeedbackError(UserError):
    """There is less usable feedback than the job requires. Collect more feedback or require less."""

    usable_count: int = strawberry.field(description="The number of usable items of feedback.")
    required_count: int = strawberry.field(description="The number that the job requires.")


@object_type
class NotAnImprovementError(UserError):
    """The version is not proven better than the active one."""

    mae_change: Interval | None = strawberry.field(
        description=(
            "The version's change of the mean absolute error, as a share of the range. Null if the version has no "
            "proof."
        )
    )
    squared_error_change: Interval | None = strawberry.field(
        description=(
            "The version's change of the squared error, as a share of the squared range. It would be proven better if "
            "the whole interval were below 0. Null if the version has no proof, or an older one."
        )
    )


ERROR_TYPES = (RequestError, InsufficientFeedbackError, NotAnImprovementError)

# The exceptions that become user errors in a mutation's payload. All others, such as a missing role, become top-level
# errors.
REJECTIONS = (RequestRejected, DomainError)


def to_user_errors(rejection: RequestRejected | DomainError) -> list[UserError]:
    """Return the user errors of a rejected request."""
    errors = rejection.errors if isinstance(rejection, RequestRejected) else (rejection,)
    return [to_user_error(error) for error in errors]


def to_user_error(error: DomainError) -> UserError:
    """Return the user error for an expected failure."""
    message, field, code = error.message, field_path(error.field), error.code
    match error:
        case InsufficientFeedback():
            return InsufficientFeedbackError(
                message=message,
                field=field,
                code=code,
                usable_count=error.usable,
                required_count=error.required,
            )
        case NotAnImprovement():
            return NotAnImprovementError(
                message=message,
                field=field,
                code=code,
                mae_change=Interval.of(error.mae_change),
                squared_error_change=Interval.of(error.squared_error_change),
            )
        case _:
            return RequestError(message=message, field=field, code=code)


def field_path(path: FieldPath) -> list[str] | None:
    """Return a snake_case path in GraphQL's names; None for an empty path."""
    return [_GRAPHQL_NAMES.get(part) or to_camel_case(part) for part in path] or None
