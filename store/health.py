"""Query for health checks; it names no workspace."""

from sqlalchemy import Connection, select

from models.access import Workspace


def check_readable(connection: Connection) -> None:
    """Read one row, which fails if the database cannot be reached."""
    connection.execute(select(Workspace.id).limit(1)).first()
