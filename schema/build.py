"""The schema, put together."""

from datetime import date, datetime

from strawberry.schema.config import StrawberryConfig

import schema.enums  # noqa: F401  (gives the enums their GraphQL names)
from schema.access import User, Workspace
from schema.doors import guarded
from schema.event import EVENT_TYPES
from schema.executor import StreamExecutor
from schema.limits import DEFAULTS, Limits
from schema.mutation import Mutation
from schema.operation import OneOperation
from schema.query import Query
from schema.scalars import DATE, DATE_TIME
from schema.serving import FromText, ServingSchema
from schema.subscription import Subscription
from schema.user_error import ERROR_TYPES


def build(limits: Limits = DEFAULTS, *, introspection: bool = True, suggestions: bool = True) -> ServingSchema:
    """The schema. Build it once for a server: what it keeps of documents is worth most of the speed.

    Without ``introspection`` nobody can ask what there is; without ``suggestions`` errors do not say what may have
    been meant.
    """
    schema = ServingSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # found through an interface only
        types=[*EVENT_TYPES, *ERROR_TYPES, User, Workspace],
        execution_context_class=StreamExecutor,
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME, date: DATE}),
        extensions=[OneOperation, FromText],
        limits=limits,
        introspection=introspection,
        suggestions=suggestions,
    )
    return guarded(schema)


def sdl() -> str:
    """The schema in GraphQL's own language, as it is printed into ``schema.graphql``."""
    return build().as_str() + "\n"
