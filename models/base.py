"""What all tables share: the metadata, moments as whole microseconds, JSON, identifiers.

Records are declared as SQLAlchemy mapped classes, but no ORM session exists: statements run on plain
connections, and a row of ``select(Job)`` has a ``Job``'s attributes. The store returns such rows typed as
the record they are a row of; nothing is ever loaded lazily.
"""

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Dialect, Enum, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)  # by ten bits, since bulk loads make many ids


def to_microseconds(moment: datetime) -> int:
    """A moment with an offset as whole microseconds since 1970 in UTC."""
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(microseconds_: int) -> datetime:
    """The moment in UTC of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds_)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment as microseconds since 1970 in UTC: exact, and the same on every database.

    Takes only datetimes with an offset; gives datetimes in UTC.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Whole microseconds for the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A moment needs an offset: {value!r}")
        return to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """A datetime in UTC from the database's microseconds."""
        return None if value is None else from_microseconds(value)


class Id(TypeDecorator[str]):
    """A text by which callers name a row.

    PostgreSQL refuses to look for a text with a NUL character. No id is empty, so that is what is looked for instead:
    whatever can't be an id is as unknown as one that never was.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """A text that every database takes."""
        return "" if value is not None and "\x00" in value else value


def enum_column(kind: type[StrEnum]) -> Enum:
    """A column that holds one of an enum's values as text."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])


# 64 bits everywhere; ``Counter`` is also the kind of integer that SQLite counts up by itself.
BigSerial = BigInteger().with_variant(Integer(), "sqlite")
BigInt = BigInteger()


class Base(DeclarativeBase):
    """All tables of Judgesmith; constraint names follow one convention so that migrations can name them."""

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
    """A new identifier such as ``job_01kc3...``: 48 bits of time in milliseconds, then 80 random bits.

    Identifiers made by one process are in the order of their making, also within a millisecond.
    """
    global _last_number
    with _numbering:
        number = max((time.time_ns() // 1_000_000) << 80 | secrets.randbits(80), _last_number + 1)
        _last_number = number
    return f"{prefix}_" + "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def to_utc(moment: datetime | None) -> datetime | None:
    """The same moment as the database gives it back."""
    return None if moment is None else moment.astimezone(UTC)
