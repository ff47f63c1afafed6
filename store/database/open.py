"""Selection of the store class by the database address."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from store.database.store import Store


def open_store(url: str) -> Store:
    """Return the store for a database address, ``sqlite+aiosqlite:///PATH`` or ``postgresql+asyncpg://...``.

    Raises:
        ValueError: the address is malformed or names a database that Judgesmith does not support.
    """
    parsed = _parse(url)
    if parsed.drivername in ("sqlite", "sqlite+aiosqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("Judgesmith keeps its data in a file: name one, as in sqlite+aiosqlite:///PATH.")
        from store.database.sqlite import SqliteStore

        return SqliteStore(parsed.database)
    if parsed.drivername in ("postgresql", "postgresql+asyncpg"):
        try:
            from store.database.postgres import PostgresStore
        except ModuleNotFoundError as error:
            raise ValueError("PostgreSQL needs asyncpg: pip install 'judgesmith[postgres]'.") from error
        return PostgresStore(parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False))
    raise ValueError(
        f"Judgesmith supports sqlite+aiosqlite and postgresql+asyncpg, not {parsed.drivername}; see --database-url."
    )


def without_prepared_statements(url: str) -> str:
    """Return the address with the parameter that turns prepared statements off. SQLite always prepares them.

    Raises:
        ValueError: the address is malformed.
    """
    parsed = _parse(url)
    if not parsed.drivername.startswith("postgresql"):
        return url
    return parsed.update_query_dict({"prepared_statement_cache_size": "0"}).render_as_string(hide_password=False)


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise ValueError(
            "The database address can't be read: give one such as sqlite+aiosqlite:///judgesmith.sqlite or "
            "postgresql+asyncpg://USER:PASSWORD@HOST/NAME."
        ) from error
