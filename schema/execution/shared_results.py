"""Execution of one event of a stream: once for all who ask alike, and without a memory of the events before."""

import asyncio
from typing import Any, Self, cast

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.types.training_job import TrainingJobUpdate

KINDS = 4  # of answers that are kept of one update, at most: they stay as long as the tail of the log does


class StreamExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes an update of a job once for all subscribers with the same document, variables and rights.

    A thousand dashboards that watch a job ask for the same; without this, each event would be resolved a thousand
    times, and requests and running jobs would have to wait.

    Each event also gets a memo of its own. graphql-core 3.3 shares one among all events of a stream, keyed by the
    identity of lists that are new with each event: it would grow by some three kilobytes an event and subscriber for
    as long as a stream lasts.
    """

    def build_per_event_executor(self, payload: Any) -> Self:
        """An executor for one event."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return cast("Self", executor)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The answer, or an awaitable of it."""
        if not isinstance(self.root_value, TrainingJobUpdate):
            return super().execute_operation(serially)
        viewer = self.context_value.viewer
        alike = (id(self.operation), repr(self.variable_values.coerced), viewer.workspace_id, viewer.role)
        results = self.root_value.result_cache
        if alike not in results:
            if len(results) >= KINDS:
                return super().execute_operation(serially)
            answer = super().execute_operation(serially)
            if self.is_awaitable(answer):
                answer = asyncio.ensure_future(cast("Any", answer))
            results[alike] = (answer, self.operation)  # which is kept, so that its id is not given again
        answer = results[alike][0]
        # shielded: whoever goes away meanwhile takes it from nobody else
        return asyncio.shield(answer) if isinstance(answer, asyncio.Future) else answer
