"""Documents that clients send: read, measured and validated once each, beside the event loop.

A document of two thousand tokens can keep a validator busy for a tenth of a second and more. While that runs in a
thread, the loop goes on with everybody else's requests.
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
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.execution.limits import Limits, Measure, problem

T = TypeVar("T")

# Our own operations and introspection need less than a hundredth of it; the library's half a million takes seconds.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 10_000

MAX_ERRORS = 20
KEPT = 30_000  # tokens: more than a hundred usual documents, and some 25 MB at most

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that may be executed, or what is wrong with it."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    introspects: bool = False  # it asks for the schema alone

    @property
    def size(self) -> int:
        """In tokens; of a text that could not be read, what reading it may have cost."""
        return self.document.token_count if self.document is not None else 1_000


class Documents:
    """What is known of documents, by their text: those of late are kept."""

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, *, introspection: bool = True, suggestions: bool = True
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._suggestions = suggestions
        self._rules = _RULES if introspection else (*_RULES, NoSchemaIntrospectionCustomRule)
        self._kept: OrderedDict[str, Checked] = OrderedDict()
        self._size = 0
        self._running: dict[str, asyncio.Task[Checked]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")

    async def check(self, text: str) -> Checked:
        """A document as it was checked before, or as it is now; many who ask at once wait for the same."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        if len(text) > self._limits.characters:
            return Checked(
                None,
                (
                    _too_much(
                        f"The document has {len(text):,} characters; the limit is {self._limits.characters:,}. "
                        "Send long texts as variables."
                    ),
                ),
            )
        running = self._running.get(text)
        if running is None:
            running = self._running[text] = asyncio.create_task(self._check_beside(text))
        return await asyncio.shield(running)

    async def _check_beside(self, text: str) -> Checked:
        try:
            checked = await self.beside(partial(self.check_now, text))
        finally:
            del self._running[text]
        self._kept[text] = checked
        self._size += checked.size
        while self._size > KEPT and len(self._kept) > 1:
            self._size -= self._kept.popitem(last=False)[1].size
        return checked

    async def beside(self, work: Callable[[], T]) -> T:
        """Do some work beside the loop: one at a time, so that the loop has no more than one rival."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def check_now(self, text: str) -> Checked:
        """Read, measure and validate a document; in this order, since each bounds what the next has to do."""
        try:
            document = parse(Source(text), max_tokens=self._limits.tokens)
            measure = Measure(self._schema, document, self._limits.page)
        except GraphQLError as error:
            return Checked(None, (error,))
        except RecursionError:
            return Checked(None, (_too_much("The document nests fragments too deeply."),))
        if sentence := problem(measure, self._limits):
            return Checked(document, (_too_much(sentence),))
        errors = validate(
            self._schema, document, self._rules, max_errors=MAX_ERRORS, hide_suggestions=not self._suggestions
        )
        if any(error.message == "Validation aborted." for error in errors):
            sentence = "The document repeats the same fields too often, or nests fragments too deeply, to be checked."
            return Checked(document, (_too_much(sentence),))
        return Checked(document, tuple(errors), introspects=measure.introspections > 0)


def _too_much(sentence: str) -> GraphQLError:
    return GraphQLError(sentence, extensions={"code": "LIMIT_EXCEEDED"})
