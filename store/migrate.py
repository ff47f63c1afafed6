"""Migration of a database's tables with Alembic.

Alembic is imported within the functions that use it, because its import would slow every start.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from store.counters import recount
from store.database.store import Store

if TYPE_CHECKING:
    from alembic.config import Config


async def migrate_store(store: Store) -> None:
    """Bring a database's tables to this version's state, whatever state they are in."""
    await store.run_migration(upgrade)


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in the connection's transaction, and count the feedback that is not counted yet."""
    from alembic import command

    command.upgrade(_config(connection), "head")
    recount.rebuild_stale(connection)


def newest_revision() -> str:
    """Return the revision to which the newest migration leads."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
