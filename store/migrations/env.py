"""Alembic's environment: migrations run on the store's connection, within its transaction."""

from typing import Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

import models.access
import models.audit
import models.counters.tables
import models.counters.totals
import models.evaluation
import models.feedback
import models.job
import models.judge  # noqa: F401
from models.base import Base


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Render our column types as the database's own types, so that migrations do not depend on our classes.

    Args:
        kind: the kind of the object.
        item: the object.
    """
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=render,
)
context.run_migrations()
