"""Alembic's entry: migrations run on the connection the store hands over, in its transaction."""

from typing import Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

import models.access
import models.audit
import models.counters.tables
import models.evaluation
import models.feedback
import models.job
import models.judge  # noqa: F401
from models.base import Base


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Migrations name the database's own types, so that they outlive ours."""
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
