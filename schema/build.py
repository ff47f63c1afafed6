"""Assembly of the schema."""

from datetime import date, datetime

from strawberry.schema.config import StrawberryConfig

import schema.types.enums  # noqa: F401  (registers the enums with their GraphQL names)
from schema.execution.authorization import enforce_permissions
from schema.execution.limits import DEFAULTS, Limits
from schema.execution.operation_name import RequireOperationName
from schema.execution.serving import ServingSchema
from schema.execution.shared_results import SharedResultExecutor
from schema.mutation import Mutation
from schema.query import Query
from schema.strawberry_compat import coercion
from schema.strawberry_compat.documents import PrecheckedDocumentExtension
from schema.subscription import Subscription
from schema.types.access import User, Workspace
from schema.types.scalars import DATE, DATE_TIME
from schema.types.training_job_event import EVENT_TYPES
from schema.types.user_error import ERROR_TYPES


def build_schema(limits: Limits = DEFAULTS, *, introspection: bool = True, suggestions: bool = True) -> ServingSchema:
    """Build the schema. Call it once per server: the cache of checked documents belongs to the result.

    Args:
        limits: How large a document may be, and how long a query may take.
        introspection: Whether clients may query the schema itself.
        suggestions: Whether error messages may suggest similar names of the schema.
    """
    coercion.install()
    schema = ServingSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # Types that are found through an interface only.
        types=[*EVENT_TYPES, *ERROR_TYPES, User, Workspace],
        execution_context_class=SharedResultExecutor,
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME, date: DATE}),
        extensions=[RequireOperationName, PrecheckedDocumentExtension],
        limits=limits,
        introspection=introspection,
        suggestions=suggestions,
    )
    return enforce_permissions(schema)


def print_sdl() -> str:
    """Return the schema in GraphQL's schema definition language, as in ``schema.graphql``."""
    return build_schema().as_str() + "\n"
