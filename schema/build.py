"""The schema, put together."""

from datetime import date, datetime

from strawberry.schema.config import StrawberryConfig

import schema.types.enums  # noqa: F401  (gives the enums their GraphQL names)
from schema.execution.authorization import enforce_permissions
from schema.execution.limits import DEFAULTS, Limits
from schema.execution.operation_name import OneOperation
from schema.execution.serving import PrecheckedDocumentExtension, ServingSchema
from schema.execution.shared_results import StreamExecutor
from schema.mutation import Mutation
from schema.query import Query
from schema.subscription import Subscription
from schema.types.access import User, Workspace
from schema.types.scalars import DATE, DATE_TIME
from schema.types.training_job_event import EVENT_TYPES
from schema.types.user_error import ERROR_TYPES


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
        extensions=[OneOperation, PrecheckedDocumentExtension],
        limits=limits,
        introspection=introspection,
        suggestions=suggestions,
    )
    return enforce_permissions(schema)


def sdl() -> str:
    """The schema in GraphQL's own language, as it is printed into ``schema.graphql``."""
    return build().as_str() + "\n"
