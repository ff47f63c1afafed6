"""Cache of client documents: each is parsed, measured and validated once, off the event loop.

A document of two thousand tokens can occupy the validator for a tenth of a second and more. Validation runs in a
thread, so that the event loop serves other requests meanwhile.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    Source,
    parse,
    validate,
)

from models.errors import ErrorCode
from schema.execution.limits import DocumentMeasure, Limits, describe_excess
from schema.strawberry_compat.documents import VALIDATION_RULES, limit_overlap_checks

T = TypeVar("T")

# Our own operations and introspection need less than a hundredth of it.
limit_overlap_checks(10_000)

MAX_ERRORS = 20  # of one document that are reported
MAX_CACHED_TOKENS = 30_000  # of all cached documents: more than a hundred usual documents, about 25 MB at most
_UNPARSED_TOKENS = 1_000  # what a text that cannot be parsed counts as


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A document that may be executed, or the errors that forbid it.

    ``introspects`` is true if it queries the schema and nothing else.
    """

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    introspects: bool = False

    @property
    def tokens(self) -> int:
        """The size in tokens."""
        return self.document.token_count if self.document is not None else _UNPARSED_TOKENS


class DocumentCache:
    """Least recently used cache of checked documents by their text.

    Args:
        schema: The schema to validate against.
        limits: How large a document may be.
        introspection: Whether documents may query the schema.
        suggestions: Whether errors may suggest similar names of the schema.
    """

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, *, introspection: bool = True, suggestions: bool = True
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._suggestions = suggestions
        self._rules = VALIDATION_RULES if introspection else (*VALIDATION_RULES, NoSchemaIntrospectionCustomRule)
        self._cached: OrderedDict[str, CheckedDocument] = OrderedDict()
        self._cached_tokens = 0
        self._running: dict[str, asyncio.Task[CheckedDocument]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")

    async def check(self, text: str) -> CheckedDocument:
        """Return a document as it was checked before, or check it; concurrent callers share one check."""
        cached = self._cached.get(text)
        if cached is not None:
            self._cached.move_to_end(text)
            return cached
        if len(text) > self._limits.characters:
            error = _limit_exceeded(
                f"The document has {len(text):,} characters; the limit is {self._limits.characters:,}. "
                "Send long texts as variables."
            )
            return CheckedDocument(None, (error,))
        running = self._running.get(text)
        if running is None:
            running = self._running[text] = asyncio.create_task(self._check_in_thread(text))
        return await asyncio.shield(running)

    async def _check_in_thread(self, text: str) -> CheckedDocument:
        try:
            checked = await self.run_in_thread(partial(self.check_now, text))
        finally:
            del self._running[text]
        self._cached[text] = checked
        self._cached_tokens += checked.tokens
        while self._cached_tokens > MAX_CACHED_TOKENS and len(self._cached) > 1:
            self._cached_tokens -= self._cached.popitem(last=False)[1].tokens
        return checked

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """Run work off the event loop, one piece at a time, so that at most one thread competes with the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def check_now(self, text: str) -> CheckedDocument:
        """Parse, measure and validate a document, in this order: each step bounds the work of the next."""
        try:
            document = parse(Source(text), max_tokens=self._limits.tokens)
            measure = DocumentMeasure(self._schema, document, self._limits.page)
        except GraphQLError as error:
            return CheckedDocument(None, (error,))
        except RecursionError:
            return CheckedDocument(None, (_limit_exceeded("The document nests fragments too deeply."),))
        if excess := describe_excess(measure, self._limits):
            return CheckedDocument(document, (_limit_exceeded(excess),))
        errors = validate(
            self._schema, document, self._rules, max_errors=MAX_ERRORS, hide_suggestions=not self._suggestions
        )
        if any(error.message == "Validation aborted." for error in errors):
            message = "The document repeats the same fields too often, or nests fragments too deeply, to be checked."
            return CheckedDocument(document, (_limit_exceeded(message),))
        return CheckedDocument(document, tuple(errors), introspects=measure.introspections > 0)


def _limit_exceeded(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.LIMIT_EXCEEDED.value})
