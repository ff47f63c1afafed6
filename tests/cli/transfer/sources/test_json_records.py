"""Tests of reading records."""

import json
from pathlib import Path

import pytest

from cli.errors import ApiError
from cli.transfer.line_reader import open_lines
from cli.transfer.sources.json_records import read_json


def write(folder: Path, text: str) -> Path:
    path = folder / "file"
    path.write_text(text, encoding="utf-8")
    return path


def test_records_of_long_lists_are_read_one_by_one(tmp_path: Path) -> None:
    records = [{"n": n, "text": 'é],"[' * (n % 50) * 1000} for n in range(150)]
    with open_lines(write(tmp_path, " \n" + json.dumps(records, indent=1, ensure_ascii=False))) as source:
        assert [(one.number, one.data) for one in read_json(source)] == list(enumerate(records, 1))


def test_values_that_are_no_objects_are_reported_with_their_numbers(tmp_path: Path) -> None:
    with open_lines(write(tmp_path, '{"a": 1}\n\n{nonsense\n[1]\n')) as source:
        first, *others = read_json(source)
    assert (first.number, first.data) == (1, {"a": 1})
    assert [(one.number, one.data) for one in others] == [(3, None), (4, None)]
    assert others[0].problem.startswith("The line is no JSON")
    assert others[1].problem == "A record is one JSON object, not [1]."
    with open_lines(write(tmp_path, "")) as source:
        assert list(read_json(source)) == []


@pytest.mark.parametrize("text", ['[{"a": 1}, {"b"', '[{"a": 1}, nonsense]', "["])
def test_a_list_that_breaks_off_is_an_error(tmp_path: Path, text: str) -> None:
    with open_lines(write(tmp_path, text)) as source, pytest.raises(ApiError, match="breaks off, or is no JSON"):
        list(read_json(source))
