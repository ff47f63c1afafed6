"""The schema revision of a database. Alembic is not used here, because its import would slow every start."""

from sqlalchemy import Connection, inspect, text

NEWEST_REVISION = "0005"  # a test compares it with the newest file in migrations/versions


def read_revision(connection: Connection) -> str | None:
    """Return the database's revision, or None if it has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found
