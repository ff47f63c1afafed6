"""Bring a database's tables up to date with Alembic, and tell how it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    command.upgrade(_config(connection), "head")


def current(connection: Connection) -> str | None:
    """The revision the database is at; None for a database without our tables."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The revision this version of Judgesmith needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head
