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


def data(folder: Path, text: str, **options: str) -> list[tuple[int, object]]:
    with open_lines(write(folder, text)) as source:
        return [(one.number, one.data if one.data is not None else one.problem) for one in read_json(source, **options)]


def test_columns_become_records(tmp_path: Path) -> None:
    records = [(1, {"a": 1, "b": "x"}), (2, {"a": 2, "b": None})]
    assert data(tmp_path, '{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": null}}') == records
    assert data(tmp_path, '{"a": [1, 2],\n "b": ["x", null]}') == records
    assert data(tmp_path, '{"data": {"a": [1, 2], "b": ["x", null]}}', records_path="data") == records


def test_objects_over_several_lines_are_read_one_after_the_other(tmp_path: Path) -> None:
    assert data(tmp_path, '{\n "a": 1\n}\n{\n "a": 2\n}\n') == [(1, {"a": 1}), (4, {"a": 2})]
    assert data(tmp_path, '{\n "a": {"b": [{"c": 1}]}\n}', records_path="a.b") == [(1, {"c": 1})]


def test_a_key_that_is_there_twice_is_reported(tmp_path: Path) -> None:
    assert data(tmp_path, '{"a": 1, "a": 2}\n{"a": 3}\n') == [
        (1, "'a' is there twice in one object."),
        (2, {"a": 3}),
    ]
    assert data(tmp_path, '[{"a": 1, "a": 2}, {"a": 3}]')[0] == (1, "'a' is there twice in one object.")


def test_a_byte_order_mark_and_utf16_make_no_difference(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "file").write_bytes('{"a": "é"}\n{"a": 2}\n'.encode(encoding))
        with open_lines(tmp_path / "file") as source:
            assert [one.data for one in read_json(source)] == [{"a": "é"}, {"a": 2}]
