"""Settings of SQLite connections."""

import sqlite3
import time
from typing import Any

from sqlalchemy import Engine, event

BUSY_TIMEOUT_SECONDS = 30.0  # longest wait for another process that writes
READ_ONLY = ("PRAGMA query_only=ON",)


def configure_connections(engine: Engine, pragmas: tuple[str, ...]) -> None:
    """Turn off implicit BEGIN for new connections of an engine, and set their pragmas."""

    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in [f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}", *pragmas]:
            _execute_when_free(cursor, pragma)
        cursor.close()

    event.listen(engine, "connect", configure)


def begin_with(engine: Engine, statement: str) -> None:
    """Begin each transaction of an engine with a statement."""
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(statement))


def _execute_when_free(cursor: Any, pragma: str) -> None:
    """Set a pragma, and retry while the file is busy: the change of a new file to WAL ignores ``busy_timeout``."""
    until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            cursor.execute(pragma)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)
