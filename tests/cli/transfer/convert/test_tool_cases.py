"""Tests of tools' exports as people have them: the right score on the right side, and a reason for all else."""

import pytest

from cli.transfer.convert.registry import Format
from tests.cli.transfer.conversion import CASES, Converted, convert, read_criteria


def convert_case(case: str, file: str, file_format: Format, kind: str) -> Converted:
    """Convert a file of a case.

    Args:
        case: the case, whose judge has the criteria.
        file: the file.
        file_format: its format.
        kind: `evaluations` or `feedback`.
    """
    return convert(CASES / file, file_format, kind, read_criteria(case))


def test_a08_a_record_of_argilla_1_is_read() -> None:
    [item] = convert_case("A08", "A08.json", Format.ARGILLA, "evaluations").data
    [review] = convert_case("A08", "A08.json", Format.ARGILLA, "feedback").data
    assert (item["external_id"], item["scores"]) == ("rec-1", {"quality": 5.0})
    assert (review["evaluation"], review["corrected_scores"], review["comment"]) == ("rec-1", {"quality": 3.0}, "ok")


def test_a16_only_the_annotation_of_a_person_is_a_correction() -> None:
    [item] = convert_case("A16", "A16.evals.jsonl", Format.PHOENIX, "evaluations").data
    found = convert_case("A16", "A16.json", Format.PHOENIX, "feedback")
    [review] = found.data
    assert item["scores"] == {"quality": 0.95}
    assert (review["evaluation"], review["corrected_scores"], review["comment"]) == ("sp1", {"quality": 0.0}, "wrong")
    assert "annotations by a judge, not a person: 'quality' x 1" in found.entries[0]


def test_a17_a_manual_result_is_a_persons_and_not_the_judges() -> None:
    [item] = convert_case("A17", "A17.json", Format.PROMPTFOO, "evaluations").data
    [review] = convert_case("A17", "A17.json", Format.PROMPTFOO, "feedback").data
    assert (item["external_id"], item["scores"]) == ("r1", {"pass": 1.0})
    assert (review["evaluation"], review["corrected_scores"]) == ("r1", {"pass": 0.0})


def test_a18_labels_without_a_meaning_and_failed_runs_are_reported() -> None:
    runs = convert_case("A18", "A18.runs.jsonl", Format.LANGSMITH, "evaluations")
    found = convert_case("A18", "A18.fb.jsonl", Format.LANGSMITH, "feedback")
    assert [line["external_id"] for line in runs.data] == ["r1"]
    assert any("runs that failed: 'r2' x 1" in entry for entry in runs.entries)
    assert not runs.refused
    assert [(line["external_id"], line.get("corrected_scores")) for line in found.data] == [
        ("f3", {"correctness": 0.0}),
        ("f4", None),
        ("f6", {"correctness": 0.0}),
    ]
    assert any("'Incorrect'" in message for _, message in found.refused)
    assert any("not known if a person or a judge" in entry for entry in found.entries)


def test_a26_a_rejection_with_a_text_is_never_an_approval() -> None:
    found = convert_case("A26", "A26.fb.jsonl", Format.LANGSMITH, "feedback").data
    assert [(line["submitted_by"], line["corrected_scores"], line["comment"]) for line in found] == [
        ("u", {"correctness": 0.0}, "wrong\nThe sky scatters light."),
        ("u2", {"correctness": 0.0}, "yes"),
    ]
    assert not any("approved" in line for line in found)


@pytest.mark.parametrize("file", ["M01.jsonl", "M03.json"])
def test_m01_and_m03_traces_are_read_in_every_shape(file: str) -> None:
    items = convert_case("M01", file, Format.MLFLOW, "evaluations")
    reviews = convert_case("M01", file, Format.MLFLOW, "feedback")
    assert [(line["input"], line["scores"]) for line in items.data] == [
        ("third", {"quality": 5.0}),
        ("Why is the sky blue?", {"quality": 4.0}),
    ]
    assert any("items without a score by the judge" in entry for entry in items.entries)
    assert any("assessments that failed: 'ValueError' x 1" in entry for entry in items.entries)
    assert [(line["submitted_by"], line.get("corrected_scores"), line.get("approved")) for line in reviews.data] == [
        ("cat", {"quality": 3.0}, None),
        ("bob", None, False),
        ("bob", None, None),
        ("ann", {"quality": 2.0}, None),
        ("bob", {"quality": 1.0}, None),
    ]
    assert any('{"clarity": 3.0}' in message for _, message in reviews.refused)
