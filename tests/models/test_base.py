"""Identifiers sort by creation, and moments are exact to the microsecond."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.engine import Dialect

from models.base import UtcDateTime, new_id, now

DIALECT: Dialect = create_engine("sqlite://").dialect


def test_ids_sort_by_creation_also_within_a_millisecond() -> None:
    made = [new_id("job") for _ in range(5_000)]

    assert made == sorted(set(made))


def test_threads_never_create_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: [new_id("job") for _ in range(500)], range(8)))

    assert len({one for some in made for one in some}) == 4_000
    assert all(some == sorted(some) for some in made)


def test_an_id_has_a_prefix_and_no_ambiguous_letters() -> None:
    assert re.fullmatch(r"ver_[0-9a-hjkmnp-tv-z]{26}", new_id("ver"))


def test_now_has_an_offset() -> None:
    assert now().utcoffset() == timedelta(0)


@given(
    st.datetimes(
        min_value=datetime(1, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
    )
)
def test_a_moment_is_restored_to_the_microsecond(moment: datetime) -> None:
    kept = UtcDateTime().process_bind_param(moment, DIALECT)
    back = UtcDateTime().process_result_value(kept, DIALECT)

    assert moment == back
    assert back is not None
    assert back.tzinfo is UTC


def test_stored_moments_sort_by_time() -> None:
    moments = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ]
    kept = [UtcDateTime().process_bind_param(moment, DIALECT) for moment in moments]

    assert kept == sorted(kept, key=lambda number: number or 0)
    assert kept[1:4] == [-1, 0, 1]


def test_a_moment_without_an_offset_is_rejected() -> None:
    with pytest.raises(ValueError, match="offset"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), DIALECT)  # noqa: DTZ001
