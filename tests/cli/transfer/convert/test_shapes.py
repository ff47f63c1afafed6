"""Fuzz of the shapes of records: whatever a record holds, it is converted, refused or skipped, without a traceback."""

import contextlib
import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cli.errors import ApiError
from cli.transfer.convert.formats import build_converter
from cli.transfer.convert.registry import Format
from cli.transfer.line_reader import open_lines
from tests.cli.transfer.conversion import CASES, describe_criterion

CRITERIA = [describe_criterion(name) for name in ("quality", "relevance")]
SOURCES = {
    Format.MLFLOW: "M01.jsonl",
    Format.LANGSMITH: "A18.fb.jsonl",
    Format.ARGILLA: "A08.json",
    Format.LABEL_STUDIO: "A04.json",
    Format.JSON: "A16.json",
    Format.CSV: "A13.csv",
}
STRANGE: list[Any] = [
    None, True, False, 0, -1, 10**400, 1e308, "", "x", "\ud83d", "4/5", "nan", [], [[]], {}, {"": {}}, [None],
    {"value": {"value": []}}, [{"a": 1}, 2], "\0",
]  # fmt: skip


def base_records(file_format: Format) -> list[Any]:
    text = (CASES / SOURCES[file_format]).read_text(encoding="utf-8")
    if text.startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines()]


def find_places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in items for place in find_places(part, (*path, key)))]


def mutate(records: list[Any], changes: random.Random) -> list[Any]:
    """Return records with some values replaced, removed or doubled."""
    changed = copy.deepcopy(records)
    for _ in range(changes.randint(1, 4)):
        *parents, key = changes.choice(find_places(changed)[1:])
        holder = changed
        for parent in parents:
            holder = holder[parent]
        action = changes.random()
        if action < 0.7:
            holder[key] = copy.deepcopy(changes.choice(STRANGE))
        elif action < 0.85:
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(0, copy.deepcopy(holder[key]))
        else:
            holder[f"{key}2"] = holder[key]
        if not changed:
            return changed
    return changed


def assert_converts(path: Path, file_format: Format) -> None:
    """Assert that a file is converted to lines or refused, as evaluations and as feedback."""
    for kind in ("evaluations", "feedback"):
        # An error of the API is one sentence about the file as a whole.
        with open_lines(path) as source, contextlib.suppress(ApiError):
            for _, text in build_converter(file_format, CRITERIA)(kind, source):
                assert isinstance(json.loads(text or b""), dict)


@pytest.mark.parametrize("file_format", [one for one in Format if one in SOURCES and one is not Format.CSV])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_records_of_any_shape_end_in_lines_or_refusals(tmp_path: Path, file_format: Format, seed: int) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps(mutate(base_records(file_format), random.Random(seed))), encoding="utf-8")
    assert_converts(path, file_format)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), at=st.integers(0, 700))
@example(content=b'"', at=0)
@example(content=b"\xff\xfe", at=0)
def test_bytes_of_any_kind_in_a_table_end_in_lines_or_refusals(tmp_path: Path, content: bytes, at: int) -> None:
    base = (CASES / SOURCES[Format.CSV]).read_bytes()
    path = tmp_path / "file.csv"
    path.write_bytes(base[:at] + content + base[at:])
    assert_converts(path, Format.CSV)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), at=st.integers(0, 700))
def test_bytes_of_any_kind_in_json_end_in_lines_or_refusals(tmp_path: Path, content: bytes, at: int) -> None:
    base = (CASES / SOURCES[Format.JSON]).read_bytes()
    path = tmp_path / "file.json"
    path.write_bytes(base[:at] + content + base[at:])
    assert_converts(path, Format.JSON)
