"""Tests of counting the values of a JSON text without decoding it."""

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.http import json_limits as values
from server.http.json_limits import exceeds_value_limit, exceeds_value_limit_async

TEXTS = st.text(alphabet='a\\",[{}]: ü', max_size=30)
JSON = st.recursive(
    TEXTS | st.integers(-9, 9) | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def count_values(value: Any) -> int:
    """Return the number of objects and lists, and of the values in them after the first."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(0, len(value) - 1) + sum(map(count_values, value)) if isinstance(value, list) else 0


@settings(deadline=None)
@given(JSON, st.integers(1, 12))
def test_only_values_outside_strings_count_at_any_chunk_size(value: Any, chunk: int) -> None:
    text, number = orjson.dumps(value), count_values(value)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(values, "_CHUNK_BYTES", chunk)
        assert not exceeds_value_limit(text, number)
        if number:
            assert exceeds_value_limit(text, number - 1)


def test_large_text_is_counted_without_blocking_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    text = orjson.dumps([["x, " * 1_000] * 200])
    assert not asyncio.run(exceeds_value_limit_async(text, 300))
    assert asyncio.run(exceeds_value_limit_async(text, 200))
