"""What was wrong with a mutation's input, as data."""

import strawberry

from models.errors import DomainError, ErrorCode, FieldPath, InsufficientFeedback, NotAnImprovement, RequestRejected
from schema.decorators import interface_type, object_type
from schema.types.evidence import Interval

_OWN_NAMES = {"minimum": "min", "maximum": "max"}


@interface_type
class UserError:
    """Something in your input that can't be done, and what to do about it. Nothing of that part was changed."""

    message: str = strawberry.field(description="What is wrong, in a sentence for people.")
    field: list[str] | None = strawberry.field(
        description=(
            "Where it is wrong: the path from the mutation's `input` to the field, list indexes as text, such as "
            '`["evaluations", "3", "scores"]`. Null when no single field is to blame.'
        )
    )
    code: ErrorCode = strawberry.field(description="What kind of problem it is, for programs.")


@object_type
class RequestError(UserError):
    """A problem that its message, field and code say all about."""


@object_type
class InsufficientFeedbackError(UserError):
    """There is less usable feedback than the job asks for: collect more, or ask for less."""

    usable_count: int = strawberry.field(description="How many usable items of feedback there are.")
    required_count: int = strawberry.field(description="How many the job asks for.")


@object_type
class NotAnImprovementError(UserError):
    """The version is not proven better than what is active."""

    mae_change: Interval | None = strawberry.field(
        description=(
            "The version's change of the mean absolute error, as a share of the range; it would be proven better if "
            "the whole interval lay below 0. Null when the version has no proof."
        )
    )


ERROR_TYPES = (RequestError, InsufficientFeedbackError, NotAnImprovementError)


# Expected failures of a mutation become its payload's user errors; all others, such as a missing role, stay errors.
REJECTIONS = (RequestRejected, DomainError)


def user_errors(refusal: RequestRejected | DomainError) -> list[UserError]:
    """What a payload says about why nothing, or not all, was done."""
    return [user_error(error) for error in (refusal.errors if isinstance(refusal, RequestRejected) else (refusal,))]


def user_error(error: DomainError) -> UserError:
    """The GraphQL view of an expected failure."""
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
            change = Interval.of(error.mae_change)
            return NotAnImprovementError(message=message, field=field, code=code, mae_change=change)
        case _:
            return RequestError(message=message, field=field, code=code)


def field_path(path: FieldPath) -> list[str] | None:
    """A path in snake_case as clients know it; None when no field is meant."""
    return [_OWN_NAMES.get(part) or _camel(part) for part in path] or None


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
