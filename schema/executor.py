"""Execution of one event of a stream, without a memory of the ones before."""

from typing import Any, Self, cast

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class StreamExecutor(StrawberryGraphQLCoreExecutionContext):
    """Gives each event of a subscription a memo of its own.

    graphql-core 3.3 shares one among all events of a stream, keyed by the identity of lists that are new with each
    event: it would grow by some three kilobytes an event and subscriber for as long as a stream lasts.
    """

    def build_per_event_executor(self, payload: Any) -> Self:
        """An executor for one event."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return cast("Self", executor)
