"""Tests of the scalar DateTime."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError

from schema.types.scalars import format_moment, parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T13:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T13:00:00+0100", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.25Z", datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456789Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_a_moment_with_an_offset_is_parsed(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment
    assert parse_moment(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2026-01-31T12:00:00", "no offset"),
        ("2026-01-31", "not a date and time"),
        ("2026-01-31 12:00:00Z", "not a date and time"),
        ("yesterday", "not a date and time"),
        ("", "not a date and time"),
        ("٢٠٢٦-01-31T12:00:00Z", "not a date and time"),
        ("2026-02-30T12:00:00Z", "not a moment"),
        ("2026-01-31T12:00:60Z", "not a moment"),
        ("0000-01-31T12:00:00Z", "not a moment"),
        ("0001-01-01T00:00:00+01:00", "not a moment"),
        ("9999-12-31T23:59:59-01:00", "not a moment"),
        ("2026-01-31T12:00:00+24:00", "not a moment"),
        (1769860800, "is a text"),
        (None, "is a text"),
    ],
)
def test_an_invalid_moment_is_rejected_with_a_reason(value: object, message: str) -> None:
    with pytest.raises(GraphQLError, match=message):
        parse_moment(value)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        (datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=UTC), "2026-01-31T12:00:00.000005Z"),
        (datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1))), "2026-01-31T12:00:00Z"),
    ],
)
def test_a_moment_is_formatted_in_utc(moment: datetime, text: str) -> None:
    assert format_moment(moment) == text
