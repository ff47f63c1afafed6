"""Execution of job updates that are shared: one execution serves all subscribers that asked for the same."""

import asyncio
from typing import Any, cast

from schema.strawberry_compat.execution import EventExecutor
from schema.types.training_job import TrainingJobUpdate

MAX_CACHED_RESULTS = 4  # of one update: they stay in memory as long as the update is in the tail of the log


class SharedResultExecutor(EventExecutor):
    """Executor that resolves an update of a job once for all subscribers with the same document, variables and rights.

    A thousand dashboards that follow a job send the same document. Without sharing, each event would be resolved a
    thousand times, and requests and running jobs would have to wait.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Return the result, or an awaitable of it."""
        if not isinstance(self.root_value, TrainingJobUpdate):
            return super().execute_operation(serially)
        viewer = self.context_value.viewer
        key = (id(self.operation), repr(self.variable_values.coerced), viewer.workspace_id, viewer.role)
        cache = self.root_value.result_cache
        if key not in cache:
            if len(cache) >= MAX_CACHED_RESULTS:
                return super().execute_operation(serially)
            result = super().execute_operation(serially)
            if self.is_awaitable(result):
                result = asyncio.ensure_future(cast("Any", result))
            cache[key] = (result, self.operation)  # holds the operation, so that its id is not reused
        result = cache[key][0]
        # Shielded: a subscriber that disconnects must not cancel the execution for the others.
        return asyncio.shield(result) if isinstance(result, asyncio.Future) else result
