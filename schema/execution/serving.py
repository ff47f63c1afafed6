"""The schema as a server runs it: documents are checked off the event loop, and queries have a time limit."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from graphql import GraphQLError, OperationType, get_operation_ast
from strawberry.types import ExecutionResult

from models.errors import ErrorCode
from schema.execution.errors import CodedErrorSchema
from schema.execution.limits import Limits
from schema.execution.validation import CheckedDocument, DocumentCache
from schema.strawberry_compat.core_schema import core_schema
from schema.strawberry_compat.documents import PrecheckedDocument
from schema.strawberry_compat.execution import OPERATION_ERRORS, PreExecutionError, StreamResult

_CONTAINERS = (list, dict)


class ServingSchema(CodedErrorSchema):
    """Schema that rejects excessive documents before execution and ends queries that take too long.

    A mutation that has begun is not cut off: its change may have been committed already.
    """

    def __init__(self, *arguments: Any, limits: Limits, introspection: bool, suggestions: bool, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.suggestions = suggestions
        self._limits = limits
        self._documents = DocumentCache(core_schema(self), limits, introspection=introspection, suggestions=suggestions)

    async def execute(self, query: str | None, *arguments: Any, **more: Any) -> Any:
        """Return the result of a query or mutation."""
        if not query:
            return await super().execute(query, *arguments, **more)
        checked = await self._check(query, more.get("variable_values"))
        if isinstance(checked, PreExecutionError):
            return checked
        text = PrecheckedDocument.of(query, checked.document)
        if checked.introspects:
            return await self._introspect(text, *arguments, **more)
        try:
            async with asyncio.timeout(self._time_limit_seconds(checked, more)):
                return await super().execute(text, *arguments, **more)
        except TimeoutError:
            return self._reject(self._timed_out())

    async def stream(self, query: str | None, *arguments: Any, **more: Any) -> Any:
        """Return the results of a subscription, or the single result of a query or mutation."""
        if not query:
            return await super().stream(query, *arguments, **more)
        checked = await self._check(query, more.get("variable_values"))
        if isinstance(checked, PreExecutionError):
            return _stream_one(checked)
        text = PrecheckedDocument.of(query, checked.document)
        if checked.introspects:
            with suppress(*OPERATION_ERRORS):  # ``stream`` reports these with a text of its own
                return _stream_one(await self._introspect(text, *arguments, **more))
        results = await super().stream(text, *arguments, **more)
        return results if self._time_limit_seconds(checked, more) is None else self._limit_time(results)

    async def _introspect(self, *arguments: Any, **more: Any) -> ExecutionResult:
        """Execute an introspection query in the thread: it takes long and reads no data."""
        return await self._documents.run_in_thread(partial(super().execute_sync, *arguments, **more))

    async def _check(self, query: str, variables: Mapping[str, Any] | None) -> CheckedDocument | PreExecutionError:
        checked = await self._documents.check(query)
        if checked.errors:
            return self._reject(*checked.errors)
        if variables and (name := _find_long_list(variables, self._limits.items)):
            return self._reject(
                GraphQLError(
                    f"The variable {name!r} holds a list of more than {self._limits.items:,} items, which is the "
                    "limit. Send several requests.",
                    extensions={"code": ErrorCode.LIMIT_EXCEEDED.value},
                )
            )
        return checked

    def _reject(self, *errors: GraphQLError) -> PreExecutionError:
        public = list(errors)
        self.process_errors(public)
        return PreExecutionError(data=None, errors=public)

    def _time_limit_seconds(self, checked: CheckedDocument, request: Mapping[str, Any]) -> float | None:
        """Return the time limit of the operation; None for mutations and subscriptions, which have none."""
        assert checked.document is not None
        operation = get_operation_ast(checked.document, request.get("operation_name"))
        is_query = operation is not None and operation.operation is OperationType.QUERY
        return self._limits.seconds if is_query else None

    async def _limit_time(self, results: StreamResult) -> StreamResult:
        try:
            async with asyncio.timeout(self._limits.seconds):
                collected = [result async for result in results]
        except TimeoutError:
            collected = [self._reject(self._timed_out())]
        for result in collected:
            yield result

    def _timed_out(self) -> GraphQLError:
        return GraphQLError(
            f"The query took longer than {self._limits.seconds:g} seconds, which is the limit. Ask for less at once.",
            extensions={"code": ErrorCode.LIMIT_EXCEEDED.value},
        )


async def _stream_one(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result


def _find_long_list(variables: Mapping[str, Any], max_items: int) -> str | None:
    """Return the name of a variable that holds a list of more than ``max_items`` items, at any depth, or None."""
    for name, value in variables.items():
        # Any: variables are JSON of any shape.
        pending: list[list[Any] | dict[str, Any]] = [value] if type(value) in _CONTAINERS else []
        while pending:
            container = pending.pop()
            if isinstance(container, dict):
                inside: Collection[Any] = container.values()
            elif len(container) > max_items:
                return name
            else:
                inside = container
            pending += [each for each in inside if type(each) in _CONTAINERS]
    return None
