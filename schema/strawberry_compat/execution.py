"""A schema that answers with a single result, and an executor for the events of a stream."""

from typing import Any, Self, cast

import strawberry
from strawberry.exceptions import MissingQueryError
from strawberry.http.types import HTTPMethod
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext, StreamResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

__all__ = [
    "OPERATION_ERRORS",
    "REQUEST_ERRORS",
    "EventExecutor",
    "PreExecutionError",
    "SingleResultSchema",
    "StreamResult",
    "SubscriptionNotAllowed",
]

# Errors that Strawberry raises before execution because the request names no operation, or one that is not allowed.
# None of them is exported from a documented module.
OPERATION_ERRORS = (CannotGetOperationTypeError, InvalidOperationTypeError)
REQUEST_ERRORS = (MissingQueryError, *OPERATION_ERRORS)


class SubscriptionNotAllowed(InvalidOperationTypeError):
    """A subscription was sent where a single result is expected."""

    def as_http_error_reason(self, method: HTTPMethod | None = None) -> str:  # type: ignore[override]
        """Return the text of the HTTP error.

        Strawberry's text only states that subscriptions are not allowed; this one lists the protocols that carry them.
        """
        return (
            "A subscription has more than one answer. Follow it over a WebSocket (graphql-transport-ws), or with the "
            "header Accept: text/event-stream, or Accept: multipart/mixed;subscriptionSpec=1.0."
        )


class SingleResultSchema(strawberry.Schema):
    """Schema whose ``execute`` rejects subscriptions.

    Overrides ``execute`` to remove ``OperationType.SUBSCRIPTION`` from ``allowed_operation_types``, which is an
    undocumented argument. Strawberry's HTTP view allows all operation types for POST, and graphql-core would execute a
    subscription as a query on the subscription type.
    """

    async def execute(self, *arguments: Any, **more: Any) -> Any:
        """Return the result of a query or mutation.

        Raises:
            SubscriptionNotAllowed: The operation is a subscription.
        """
        allowed = set(more.get("allowed_operation_types") or OperationType) - {OperationType.SUBSCRIPTION}
        try:
            return await super().execute(*arguments, **more | {"allowed_operation_types": allowed})
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise SubscriptionNotAllowed(error.operation_type) from None
            raise


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executor that gives each event of a stream its own memo of selected fields.

    Overrides ``build_per_event_executor`` and resets the private ``_relevant_sub_fields``. graphql-core 3.3 shares one
    memo among all events of a stream, keyed by the identity of lists that are created again for each event: it would
    grow by about three kilobytes per event and subscriber for as long as the stream lasts.
    """

    def build_per_event_executor(self, payload: Any) -> Self:
        """Return the executor of one event."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return cast("Self", executor)
