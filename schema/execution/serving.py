"""The schema as a server runs it: documents are checked beside the loop, and nothing runs for ever."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from graphql import GraphQLError, OperationType, get_operation_ast
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types.execution import ExecutionResult, PreExecutionError

from models.errors import ErrorCode
from schema.execution.errors import Schema
from schema.execution.limits import Limits
from schema.execution.validation import Checked, Documents

_CONTAINERS = (list, dict)


class PrecheckedDocument(str):
    """The text of a document together with what it was read as."""

    __slots__ = ("checked",)
    checked: Checked


class PrecheckedDocumentExtension(SchemaExtension):
    """Hands on a document that was checked before; another is read and checked by Strawberry."""

    def on_parse(self) -> Iterator[None]:
        """The document as it was read."""
        text = self.execution_context.query
        if isinstance(text, PrecheckedDocument):
            self.execution_context.graphql_document = text.checked.document
        yield

    def on_validate(self) -> Iterator[None]:
        """It has no errors, else it would not be here."""
        if isinstance(self.execution_context.query, PrecheckedDocument):
            self.execution_context.pre_execution_errors = []
        yield


class ServingSchema(Schema):
    """Refuses what is too much before anything runs, and ends queries that take too long."""

    def __init__(self, *arguments: Any, limits: Limits, introspection: bool, suggestions: bool, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.suggestions = suggestions
        self._limits = limits
        self._documents = Documents(self._schema, limits, introspection=introspection, suggestions=suggestions)

    async def execute(self, query: str | None, *arguments: Any, **more: Any) -> Any:
        """One answer to a query or mutation."""
        if not query:
            return await super().execute(query, *arguments, **more)
        text = await self._checked(query, more.get("variable_values"))
        if not isinstance(text, PrecheckedDocument):
            return text
        if text.checked.introspects:
            return await self._introspect(text, *arguments, **more)
        try:
            async with asyncio.timeout(self._seconds(text.checked, more)):
                return await super().execute(text, *arguments, **more)
        except TimeoutError:
            return self._refused(self._too_slow())

    async def stream(self, query: str | None, *arguments: Any, **more: Any) -> Any:
        """All answers to a subscription; the one to a query or mutation."""
        if not query:
            return await super().stream(query, *arguments, **more)
        text = await self._checked(query, more.get("variable_values"))
        if not isinstance(text, PrecheckedDocument):
            return _only(text)
        if text.checked.introspects:
            with suppress(CannotGetOperationTypeError, InvalidOperationTypeError):  # a stream has its own words
                return _only(await self._introspect(text, *arguments, **more))
        results = await super().stream(text, *arguments, **more)
        return results if self._seconds(text.checked, more) is None else self._timed(results)

    async def _introspect(self, *arguments: Any, **more: Any) -> ExecutionResult:
        """Tell what there is: nobody's data, so a thread can do it; the whole of it takes a while."""
        return await self._documents.beside(partial(super().execute_sync, *arguments, **more))

    async def _checked(self, query: str, variables: Mapping[str, Any] | None) -> PrecheckedDocument | PreExecutionError:
        checked = await self._documents.check(query)
        if checked.errors:
            return self._refused(*checked.errors)
        if variables and (name := _too_long(variables, self._limits.items)):
            return self._refused(
                GraphQLError(
                    f"The variable {name!r} holds a list of more than {self._limits.items:,} items, which is the "
                    "limit. Send several requests.",
                    extensions={"code": ErrorCode.LIMIT_EXCEEDED.value},
                )
            )
        text = PrecheckedDocument(query)
        text.checked = checked
        return text

    def _refused(self, *errors: GraphQLError) -> PreExecutionError:
        shown = list(errors)
        self.process_errors(shown)
        return PreExecutionError(data=None, errors=shown)

    def _seconds(self, checked: Checked, request: Mapping[str, Any]) -> float | None:
        """How long the operation may take; a mutation that has begun is not cut off, for it may have happened."""
        assert checked.document is not None
        operation = get_operation_ast(checked.document, request.get("operation_name"))
        is_query = operation is not None and operation.operation is OperationType.QUERY
        return self._limits.seconds if is_query else None

    async def _timed(self, results: StreamResult) -> StreamResult:
        try:
            async with asyncio.timeout(self._limits.seconds):
                answers = [result async for result in results]
        except TimeoutError:
            answers = [self._refused(self._too_slow())]
        for answer in answers:
            yield answer

    def _too_slow(self) -> GraphQLError:
        return GraphQLError(
            f"The query took longer than {self._limits.seconds:g} seconds, which is the limit. Ask for less at once.",
            extensions={"code": ErrorCode.LIMIT_EXCEEDED.value},
        )


async def _only(answer: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield answer


def _too_long(variables: Mapping[str, Any], most: int) -> str | None:
    """The name of a variable that holds a longer list; None: none does."""
    for name, value in variables.items():
        waiting: list[list[Any] | dict[str, Any]] = [value] if type(value) in _CONTAINERS else []
        while waiting:
            found = waiting.pop()
            if isinstance(found, dict):
                inside: Collection[Any] = found.values()
            elif len(found) > most:
                return name
            else:
                inside = found
            waiting += [each for each in inside if type(each) in _CONTAINERS]
    return None
