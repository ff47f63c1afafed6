"""Top-level errors of a response: each gets a code, and unexpected errors are logged and masked."""

import re
from collections.abc import Iterator
from typing import Any

import structlog
from graphql import GraphQLEnumType, GraphQLError
from strawberry.types import ExecutionContext

from models.base import new_id
from models.errors import DomainError, ErrorCode, Forbidden, RequestRejected, Unauthenticated
from schema.strawberry_compat.execution import REQUEST_ERRORS, SingleResultSchema
from schema.types.user_error import field_path

_log = structlog.get_logger()
_UNKNOWN_VALUE = re.compile(r"does not exist in '(\w+)' enum|Enum '(\w+)' cannot represent")
_ALLOWED = " Allowed values: "


class CodedErrorSchema(SingleResultSchema):
    """Schema whose errors all carry ``extensions.code``."""

    suggestions = True  # whether messages may suggest similar names of the schema

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Replace errors by what clients may see of them."""
        errors[:] = [public for error in errors for public in _to_public(error)]
        change = self._with_allowed_values if self.suggestions else _without_suggestion
        errors[:] = [change(error) for error in errors]

    def _with_allowed_values(self, error: GraphQLError) -> GraphQLError:
        """Return an error about an unknown value of an enum with the enum's values."""
        match = _UNKNOWN_VALUE.search(error.message)
        enum = self._schema.get_type(match[1] or match[2]) if match and _ALLOWED not in error.message else None
        if not isinstance(enum, GraphQLEnumType):
            return error
        return _replace(error, f"{error.message}{_ALLOWED}{', '.join(enum.values)}.", **error.extensions or {})


def _to_public(error: GraphQLError) -> Iterator[GraphQLError]:
    if "code" in (error.extensions or {}):
        yield error  # processed before: errors of a cached validation come again
        return
    cause = error.original_error
    match cause:
        case RequestRejected():
            for rejection in cause.errors:
                yield _rejected(error, rejection)
        case DomainError():
            yield _rejected(error, cause)
        case Unauthenticated():
            yield _replace(error, str(cause) or "A valid API key is needed.", code="UNAUTHENTICATED")
        case Forbidden():
            yield _replace(error, str(cause) or "Your key's role does not allow this.", code="FORBIDDEN")
        case _ if error.message.endswith("Parsing aborted."):  # the document has too many tokens or nests too deeply
            yield _replace(error, error.message, code=ErrorCode.LIMIT_EXCEEDED.value)
        case _ if _is_about_the_request(error):
            yield _replace(error, error.message, code="BAD_REQUEST")
        case _:
            yield _masked(error)


def _without_suggestion(error: GraphQLError) -> GraphQLError:
    message, suggestion, _ = error.message.partition(" Did you mean ")
    return _replace(error, message, **error.extensions or {}) if suggestion else error


def _is_about_the_request(error: GraphQLError) -> bool:
    """Return whether the document or its variables caused the error, and not our code."""
    cause = error.original_error
    if cause is None or isinstance(cause, REQUEST_ERRORS):
        return True
    # A GraphQLError raised within a field: with a place in the document it is about an argument; without one, the
    # value of a resolver could not be serialized.
    return isinstance(cause, GraphQLError) and (error.path is None or bool(cause.nodes))


def _rejected(error: GraphQLError, rejection: DomainError) -> GraphQLError:
    return _replace(error, rejection.message, code=rejection.code.value, field=field_path(rejection.field))


def _masked(error: GraphQLError) -> GraphQLError:
    id_ = new_id("err")
    _log.error("Unexpected error in GraphQL", id=id_, path=error.path, exc_info=error.original_error or error)
    return _replace(error, f"An internal error occurred. It is logged under {id_}.", code="INTERNAL", id=id_)


def _replace(error: GraphQLError, message: str, **extensions: Any) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={name: value for name, value in extensions.items() if value is not None},
    )
