"""Errors on top of a response: each gets a code, and what is nobody's business but ours is masked."""

from collections.abc import Iterator
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.http.types import HTTPMethod
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from models.base import new_id
from models.errors import DomainError, ErrorCode, Forbidden, RequestRejected, Unauthenticated
from schema.types.user_error import field_path

_log = structlog.get_logger()
_ABOUT_THE_REQUEST = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


class NoSubscription(InvalidOperationTypeError):
    """A subscription was sent where one answer is expected."""

    def as_http_error_reason(self, method: HTTPMethod | None = None) -> str:  # type: ignore[override]
        """How it can be followed instead."""
        return (
            "A subscription has more than one answer. Follow it over a WebSocket (graphql-transport-ws), or with the "
            "header Accept: text/event-stream, or Accept: multipart/mixed;subscriptionSpec=1.0."
        )


class Schema(strawberry.Schema):
    """A schema whose errors all carry ``extensions.code``."""

    suggestions = True  # whether errors say what may have been meant

    async def execute(self, *arguments: Any, **more: Any) -> Any:
        """One answer, which a subscription does not fit into: that is refused here, and streamed elsewhere."""
        allowed = set(more.get("allowed_operation_types") or OperationType) - {OperationType.SUBSCRIPTION}
        try:
            return await super().execute(*arguments, **more | {"allowed_operation_types": allowed})
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise NoSubscription(error.operation_type) from None
            raise

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Put what clients may see in the place of the errors that happened."""
        errors[:] = [shown for error in errors for shown in _shown(error)]
        if not self.suggestions:
            errors[:] = [_without_suggestion(error) for error in errors]


def _shown(error: GraphQLError) -> Iterator[GraphQLError]:
    if "code" in (error.extensions or {}):
        yield error  # seen before: errors of a cached validation come again
        return
    cause = error.original_error
    match cause:
        case RequestRejected():
            for refusal in cause.errors:
                yield _refused(error, refusal)
        case DomainError():
            yield _refused(error, cause)
        case Unauthenticated():
            yield _told(error, str(cause) or "A valid API key is needed.", code="UNAUTHENTICATED")
        case Forbidden():
            yield _told(error, str(cause) or "Your key's role does not allow this.", code="FORBIDDEN")
        case _ if error.message.endswith("Parsing aborted."):  # too many tokens, or too deep to be read
            yield _told(error, error.message, code=ErrorCode.LIMIT_EXCEEDED.value)
        case _ if _is_about_the_request(error):
            yield _told(error, error.message, code="BAD_REQUEST")
        case _:
            yield _masked(error)


def _without_suggestion(error: GraphQLError) -> GraphQLError:
    message, suggestion, _ = error.message.partition(" Did you mean ")
    return _told(error, message, **error.extensions or {}) if suggestion else error


def _is_about_the_request(error: GraphQLError) -> bool:
    """Whether the document or its variables are to blame, and not our code."""
    cause = error.original_error
    if cause is None or isinstance(cause, _ABOUT_THE_REQUEST):
        return True
    # A GraphQLError within a field: with a place in the document it is about an argument; without one, a resolver's
    # value could not be written.
    return isinstance(cause, GraphQLError) and (error.path is None or bool(cause.nodes))


def _refused(error: GraphQLError, refusal: DomainError) -> GraphQLError:
    return _told(error, refusal.message, code=refusal.code.value, field=field_path(refusal.field))


def _masked(error: GraphQLError) -> GraphQLError:
    id_ = new_id("err")
    _log.error("Unexpected error in GraphQL", id=id_, path=error.path, exc_info=error.original_error or error)
    return _told(error, f"Something went wrong on our side; it is logged under {id_}.", code="INTERNAL", id=id_)


def _told(error: GraphQLError, message: str, **extensions: Any) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={name: value for name, value in extensions.items() if value is not None},
    )
