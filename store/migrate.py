"""Bring a database's tables up to date with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.counters import recount


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction, and count what is not counted yet."""
    command.upgrade(_config(connection), "head")
    recount.rebuild_stale(connection)


def newest_revision() -> str:
    """The revision that the newest migration leads to."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head
