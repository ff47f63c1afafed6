"""Address of a PostgreSQL database, and connections to it with or without prepared statements."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from models.stored.json_column import keep_json_text
from store.database.snapshot import AUTOCOMMIT
from store.database.store import dump_json

CONNECT_TIMEOUT_SECONDS = 10
PREPARED_STATEMENTS = 500  # statements that a connection keeps prepared


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """An address, and whether its server or pooler keeps prepared statements."""

    url: URL
    prepared_statements: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse an address. The parameter ``prepared_statement_cache_size=0`` turns prepared statements off."""
        parsed = make_url(url)
        size = parsed.query.get(_CACHE_SIZE)
        return cls(parsed.difference_update_query([_CACHE_SIZE]), prepared_statements=size != "0")

    async def connect(self) -> "asyncpg.Connection[Any]":
        """Open a connection without SQLAlchemy."""
        address = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await asyncpg.connect(address, timeout=CONNECT_TIMEOUT_SECONDS, **self._cache_arguments)

    def create_engine(
        self,
        settings: dict[str, str],
        *,
        command_timeout: float | None = None,
        autocommit: bool = False,
        **pool: int,
    ) -> AsyncEngine:
        """Create an engine.

        Args:
            settings: PostgreSQL's settings for each connection.
            command_timeout: seconds that a statement may take; None for any time.
            autocommit: run each statement outside a transaction.
            pool: arguments of the connection pool.
        """
        arguments: dict[str, object] = {
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": command_timeout,
            "server_settings": {"application_name": "judgesmith", **settings},
            _CACHE_SIZE: PREPARED_STATEMENTS if self.prepared_statements else 0,
            **self._cache_arguments,
        }
        if not self.prepared_statements:  # a pooler may hand the session with a name to another client
            arguments["prepared_statement_name_func"] = lambda: f"judgesmith_{uuid4().hex}"
        return create_async_engine(
            self.url,
            json_serializer=dump_json,
            json_deserializer=keep_json_text,
            connect_args=arguments,
            execution_options={"isolation_level": AUTOCOMMIT} if autocommit else {},
            **pool,
        )

    @property
    def _cache_arguments(self) -> dict[str, int]:
        """The arguments of asyncpg's own cache, which SQLAlchemy's replaces for statements of units."""
        return {} if self.prepared_statements else {"statement_cache_size": 0}


_CACHE_SIZE = "prepared_statement_cache_size"
