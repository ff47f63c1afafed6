"""Base of all tables: metadata, column types and identifiers.

Records are declared as SQLAlchemy mapped classes, but no ORM session exists: statements run on plain
connections, and a row of ``select(Job)`` has a ``Job``'s attributes. The store returns such rows typed as
the record; no related record is ever loaded implicitly.
"""

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Dialect, Enum, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)  # ten bits at a time, because bulk loads create many ids


def to_microseconds(moment: datetime) -> int:
    """Return a moment with an offset as whole microseconds since 1970 in UTC."""
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(microseconds_: int) -> datetime:
    """Return the moment in UTC of a number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds_)


class UtcDateTime(TypeDecorator[datetime]):
    """A column of moments, stored as microseconds since 1970 in UTC: exact, and the same on every database.

    It accepts only datetimes with an offset, and returns datetimes in UTC.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return whole microseconds for the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A moment needs an offset: {value!r}")
        return to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return a datetime in UTC from the database's microseconds."""
        return None if value is None else from_microseconds(value)


class Id(TypeDecorator[str]):
    """A column of identifiers by which callers name rows.

    PostgreSQL rejects a query for a text with a NUL character. Such a text is replaced by the empty text, which is no
    row's id, so an invalid id is reported as unknown.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return a text that every database accepts."""
        return "" if value is not None and "\x00" in value else value


def enum_column(kind: type[StrEnum]) -> Enum:
    """Return the type of a column that holds one of an enum's values as text."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])


# A column of a record, such as ``TrainingJob.status``; floors above the store name columns by it.
Column = InstrumentedAttribute[Any]

# 64 bits on both databases; SQLite assigns automatic numbers only to a ``BigSerial``.
BigSerial = BigInteger().with_variant(Integer(), "sqlite")
BigInt = BigInteger()


class Base(DeclarativeBase):
    """Base of all tables. Constraint names follow one convention, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


_last_number = 0
_numbering = threading.Lock()


def new_id(prefix: str) -> str:
    """Return a new identifier such as ``job_01kc3...``: 48 bits of time in milliseconds, then 80 random bits.

    The identifiers of one process sort in the order of their creation, also within a millisecond.
    """
    global _last_number
    with _numbering:
        number = max((time.time_ns() // 1_000_000) << 80 | secrets.randbits(80), _last_number + 1)
        _last_number = number
    return f"{prefix}_" + "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)


def to_utc(moment: datetime | None) -> datetime | None:
    """Return the same moment in UTC, as the database returns it."""
    return None if moment is None else moment.astimezone(UTC)
