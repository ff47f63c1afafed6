"""The database's clock. Leases run by it, because all processes that share a database share its clock."""

from datetime import datetime

from sqlalchemy import Connection, text

from models.base import now


def database_now(connection: Connection) -> datetime:
    """Return the current time by the database's clock. SQLite's clock is the machine's."""
    if connection.dialect.name == "sqlite":
        return now()
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment
