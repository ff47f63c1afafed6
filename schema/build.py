"""The schema, put together."""

from datetime import date, datetime

import strawberry
from graphql import ASTValidationRule
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ValidationCache
from strawberry.schema.config import StrawberryConfig

import schema.enums  # noqa: F401  (gives the enums their GraphQL names)
from schema.access import User, Workspace
from schema.errors import Schema
from schema.event import EVENT_TYPES
from schema.executor import StreamExecutor
from schema.limits import DEFAULTS, Limits, limit_rule
from schema.mutation import Mutation
from schema.operation import DocumentCache, OneOperation
from schema.query import Query
from schema.scalars import DATE, DATE_TIME
from schema.subscription import Subscription
from schema.user_error import ERROR_TYPES

# Parsed and validated documents that are kept; clients send the same few again and again.
_DOCUMENTS = 256


def build(limits: Limits = DEFAULTS) -> strawberry.Schema:
    """The schema. Build it once for a server: what it keeps of documents is worth most of the speed."""
    rules: list[type[ASTValidationRule]] = [limit_rule(limits)]
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # found through an interface only
        types=[*EVENT_TYPES, *ERROR_TYPES, User, Workspace],
        execution_context_class=StreamExecutor,
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME, date: DATE}),
        extensions=[
            OneOperation,
            lambda: MaxTokensLimiter(max_token_count=limits.tokens),
            lambda: AddValidationRules(rules),
            lambda: DocumentCache(maxsize=_DOCUMENTS),
            lambda: ValidationCache(maxsize=_DOCUMENTS),
        ],
    )


def sdl() -> str:
    """The schema in GraphQL's own language, as it is printed into ``schema.graphql``."""
    return build().as_str() + "\n"
