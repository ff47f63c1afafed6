"""Keyset pagination: a page begins after a key instead of an offset, so every page costs the same."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import InstrumentedAttribute

from models.errors import Invalid
from models.request_sizes import RequestSizes
from store.database.rows import Query, fetch_all

T = TypeVar("T")

MAX_FIRST = RequestSizes().page


def encode_cursor(kind: str, key: object) -> str:
    """Return the opaque cursor of a key within one kind of list."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")


def invalid_cursor(source: str) -> Invalid:
    """Return the error of a cursor that is not from the named source."""
    message = f"after is not a cursor of {source}. Pass a cursor exactly as the server returned it."
    return Invalid(message, ("after",))


def decode_cursor(kind: str, cursor: str) -> str:
    """Return the key of a cursor that ``encode_cursor`` made for the same kind of list.

    Raises:
        Invalid: the cursor is of another kind of list, or was not made by this server.
    """
    try:
        found, _, key = (
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeError, ValueError):
        found, key = "", ""
    if found != kind or not key or "\x00" in key:
        raise invalid_cursor("this list")
    return key


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[T]):
    """The rows of one page with their cursors, and whether further pages exist."""

    rows: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


def check_first(first: int, max_first: int = MAX_FIRST) -> int:
    """Return the page size if it is allowed.

    Raises:
        Invalid: the size is not between 1 and ``max_first``.
    """
    if not 1 <= first <= max_first:
        raise Invalid(f"first must be 1 to {max_first}, not {first}.", ("first",))
    return first


@dataclass(frozen=True, slots=True)
class Keyset(Generic[T]):
    """A list ordered by one unique column of a record."""

    record: type[T]
    kind: str
    column: InstrumentedAttribute[Any]
    descending: bool = False
    parse: Callable[[str], Any] = str

    def fetch_page(
        self, connection: Connection, statement: Query, first: int, after: str | None, max_first: int = MAX_FIRST
    ) -> KeysetPage[T]:
        """Return one page of a filtered select of the record.

        Args:
            connection: the connection to read from.
            statement: the select of all rows of the list.
            first: the size of the page.
            after: the cursor after which the page begins; None for the first page.
            max_first: the largest size that is allowed.

        Raises:
            Invalid: ``first`` or ``after`` is not allowed.
        """
        check_first(first, max_first)
        if after is not None:
            key = self._key(after)
            statement = statement.where(self.column < key if self.descending else self.column > key)
        statement = statement.order_by(self.column.desc() if self.descending else self.column.asc()).limit(first + 1)
        rows = fetch_all(connection, statement, self.record)
        shown = tuple(rows[:first])
        cursors = tuple(encode_cursor(self.kind, getattr(row, self.column.key)) for row in shown)
        return KeysetPage(shown, cursors, has_next=len(rows) > first, has_previous=after is not None)

    def _key(self, after: str) -> Any:
        key = decode_cursor(self.kind, after)
        try:
            return self.parse(key)
        except ValueError:
            raise invalid_cursor("this list") from None


def count_rows(connection: Connection, statement: Query) -> int:
    """Return the number of rows of a select."""
    return connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()


def parse_key_number(text: str) -> int:
    """Return a key that is a non-negative 64-bit integer.

    Raises:
        ValueError: the text is no such number.
    """
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError(text)
    return number
