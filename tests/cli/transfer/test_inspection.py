"""Tests of inspecting files before an import."""

import json
from pathlib import Path

import pytest

from cli.transfer.convert.registry import Format
from cli.transfer.inspection import inspect_file
from cli.transfer.line_reader import open_lines
from cli.transfer.mapping.options import MappingOptions
from tests.cli.transfer.conversion import CASES, read_criteria
from tests.cli.transfer.convert import samples


@pytest.mark.parametrize(
    ("file", "file_format"),
    [
        ("A04.json", Format.LABEL_STUDIO),
        ("A08.json", Format.ARGILLA),
        ("A13.csv", Format.LANGFUSE),
        ("A17.json", Format.PROMPTFOO),
        ("A18.fb.jsonl", Format.LANGSMITH),
        ("M01.jsonl", Format.MLFLOW),
        ("A19.jsonl", Format.JSON),
        ("S08.evals.csv", Format.CSV),
        ("A22.jsonl", None),
    ],
)
def test_formats_are_recognized(file: str, file_format: Format | None) -> None:
    found = inspect_file(lambda: open_lines(CASES / file), read_criteria(file.partition(".")[0]), MappingOptions())
    assert found.file_format == file_format


def test_an_inspection_shows_places_a_preview_and_what_is_missing() -> None:
    criteria = read_criteria("S08")
    found = inspect_file(lambda: open_lines(CASES / "S08.evals.csv"), criteria, MappingOptions())
    items, reviews = found.kinds
    assert items.places == {"external_id": "external_id", "output": "output", "quality": "quality"}
    assert items.lines == [{"external_id": "1", "output": "a", "scores": {"quality": 4.0}}]
    assert "no column is recognised as evaluation (the id of the item)" in reviews.problem
    text = "\n".join(found.describe())
    assert "fits --map csv" in text
    assert "quality: from 'quality'" in text
    assert "not possible yet" in text


def test_an_inspection_of_a_tools_export_shows_the_places_that_it_used(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([samples.TASK]))
    found = inspect_file(lambda: open_lines(path), read_criteria("A21"), MappingOptions())
    items, reviews = found.kinds
    assert items.places == {"external_id": "id", "input": "data.prompt", "output": "data.response"} | {
        "evaluated_at": "created_at"
    }
    assert reviews.places == {"evaluation": "id"}
    assert reviews.missing == ["scores of factual_accuracy", "scores of completeness"]
    assert "missing: scores of factual_accuracy, scores of completeness" in "\n".join(found.describe())
