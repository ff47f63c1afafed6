"""Tests of reading records."""

import json
from pathlib import Path

import pytest

from cli.errors import ApiError
from cli.transfer.convert.records import json_records
from cli.transfer.line_reader import open_lines


def write(folder: Path, text: str) -> Path:
    path = folder / "file"
    path.write_text(text, encoding="utf-8")
    return path


def test_records_of_long_lists_are_read_one_by_one(tmp_path: Path) -> None:
    records = [{"n": n, "text": 'é],"[' * (n % 50) * 1000} for n in range(150)]
    with open_lines(write(tmp_path, " \n" + json.dumps(records, indent=1, ensure_ascii=False))) as source:
        assert list(json_records(source)) == list(enumerate(records, 1))


def test_values_that_are_no_objects_are_passed_on_with_their_numbers(tmp_path: Path) -> None:
    with open_lines(write(tmp_path, '{"a": 1}\n\n{nonsense\n[1]\n')) as source:
        assert list(json_records(source)) == [(1, {"a": 1}), (3, b"{nonsense"), (4, b"[1]")]
    with open_lines(write(tmp_path, "")) as source:
        assert list(json_records(source)) == []


@pytest.mark.parametrize("text", ['[{"a": 1}, {"b"', '[{"a": 1}, nonsense]', "["])
def test_a_list_that_breaks_off_is_an_error(tmp_path: Path, text: str) -> None:
    with open_lines(write(tmp_path, text)) as source, pytest.raises(ApiError, match="breaks off, or is no JSON"):
        list(json_records(source))
