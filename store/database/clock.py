"""The database's clock, by which leases run: all who share a database share it."""

from datetime import datetime

from sqlalchemy import Connection, text

from models.base import now


def database_now(connection: Connection) -> datetime:
    """This moment by the clock of the database; SQLite's is the machine's own."""
    if connection.dialect.name == "sqlite":
        return now()
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment
