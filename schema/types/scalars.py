"""Scalars for moments and days."""

import re
from datetime import UTC, date, datetime
from typing import Final

import strawberry
from graphql import GraphQLError

# ISO 8601 allows much more (weeks, ordinal days, no separators); this is its common subset.
_SHAPE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(?P<offset>Z|[+-]\d\d:?\d\d)?", re.ASCII)
_EXAMPLE: Final = "such as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00"


def parse_moment(value: object) -> datetime:
    """Return the moment that a client sent, in UTC.

    Raises:
        GraphQLError: It is not an ISO 8601 date and time with an offset.
    """
    if not isinstance(value, str):
        raise GraphQLError(f"A DateTime is a text in ISO 8601, {_EXAMPLE}.")
    text = value.upper()
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise GraphQLError(f"{_quote(value)} is not a date and time in ISO 8601, {_EXAMPLE}.")
    if shape["offset"] is None:
        raise GraphQLError(f"{_quote(value)} has no offset from UTC; add Z or one like +01:00, {_EXAMPLE}.")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError(f"{_quote(value)} is not a moment of the years 1 to 9999 in UTC.") from error


def format_moment(value: datetime) -> str:
    """Return a moment in UTC as text, with a fraction of a second only if it has one."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def stored_moment(text: str | None) -> datetime | None:
    """Return a moment of a stored JSON document."""
    return None if text is None else datetime.fromisoformat(text)


def _quote(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:57] + "...")


DATE_TIME: Final = strawberry.scalar(
    name="DateTime",
    description=(
        "A moment in ISO 8601. Values that you send need an offset from UTC, for example `2026-01-31T12:00:00Z` or "
        "`2026-01-31T13:00:00+01:00`. Values that you receive are in UTC and end in `Z`, with up to six digits after "
        "the second if there are any."
    ),
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=format_moment,
    parse_value=parse_moment,
)

DATE: Final = strawberry.scalar(
    name="Date",
    description="A calendar day in ISO 8601, for example `2026-01-31`.",
    specified_by_url="https://scalars.graphql.org/andimarek/local-date",
    serialize=date.isoformat,
    parse_value=date.fromisoformat,
)
