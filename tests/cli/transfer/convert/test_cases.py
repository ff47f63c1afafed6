"""Tests of files as people have them, made after public reports: every value keeps its meaning or is reported."""

import pytest

from cli.errors import ApiError
from cli.transfer.convert.registry import Format
from tests.cli.transfer.conversion import CASES, convert, read_criteria


def test_a13_only_a_persons_score_of_a_criterion_is_a_correction() -> None:
    places = ("evaluation=traceId", "helpfulness=value", "external_id=id", "submitted_at=timestamp")
    found = convert(CASES / "A13.csv", Format.CSV, "feedback", read_criteria("A13"), *places)
    assert found.lines == [
        (
            3,
            {
                "type": "correction",
                "corrected_scores": {"helpfulness": 2.0},
                "evaluation": "t1",
                "submitted_at": "2025-08-06T11:00:00.000Z",
                "external_id": "s2",
                "comment": "not helpful",
            },
        )
    ]
    assert found.entries == [
        "1 skipped: records by a judge, not a person: 'EVAL' x 1",
        "2 skipped: answers to questions that are no criteria of the judge: 'correct' x 1, 'tone' x 1",
    ]


def test_a14_a_column_names_the_criterion() -> None:
    path, criteria = CASES / "A14.csv", read_criteria("A14")
    places = (
        "external_id=case_id",
        "output=blind_text_notes",
        "evaluations.score=persisted_label",
        "feedback.score=human_majority_label",
        "feedback.submitted_by=reviewer_id",
    )
    items = convert(path, Format.CSV, "evaluations", criteria, *places, has_one_file=True)
    assert [(line["external_id"], line["scores"]) for line in items.data] == [
        ("hedonism__a__1", {"hedonism": -1.0}),
        ("security__b__3", {"security": 1.0}),
        ("security__c__0", {"security": -1.0}),
    ]
    assert items.data[1]["output"] == 'Clear: "safe"'
    assert items.data[2]["output"] == ""
    reviews = convert(path, Format.CSV, "feedback", criteria, *places, has_one_file=True)
    assert reviews.data == [
        {
            "type": "correction",
            "corrected_scores": {"security": 1.0},
            "evaluation": "security__b__3",
            "submitted_by": "rev1",
        }
    ]
    with pytest.raises(ApiError, match=r"'persisted_label' would be both the judge's score and a person's"):
        convert(path, Format.CSV, "feedback", criteria, *places[:2], "score=persisted_label", has_one_file=True)


def test_a16_rows_of_judges_are_no_corrections() -> None:
    places = ("evaluation=span_id", "comment=result.explanation", "submitted_at=created_at", "submitted_by=identifier")
    found = convert(CASES / "A16.json", Format.JSON, "feedback", read_criteria("A16"), *places)
    assert found.data == [
        {
            "type": "correction",
            "corrected_scores": {"quality": 0.0},
            "evaluation": "sp1",
            "submitted_at": "2025-04-30T08:01:40+00:00",
            "submitted_by": "ann",
            "comment": "wrong",
        }
    ]
    assert found.entries == ["1 skipped: records by a judge, not a person: 'LLM' x 1"]


def test_a17_a_list_within_an_object_has_a_path() -> None:
    path, criteria = CASES / "A17.json", read_criteria("A17")
    with pytest.raises(ApiError, match=r"is one JSON object; if its records are a list within, add --records"):
        convert(path, Format.JSON, "evaluations", criteria)
    places = ("output=response.output", "external_id=id", "pass=gradingResult.componentResults.0.pass")
    found = convert(path, Format.JSON, "evaluations", criteria, *places, records="results.results")
    assert found.data == [{"external_id": "r1", "output": "a", "input": "q", "scores": {"pass": 1.0}}]
    with pytest.raises(ApiError, match=r"no list at 'nowhere'; it has lists of objects at: results\.results"):
        convert(path, Format.JSON, "evaluations", criteria, records="nowhere")


def test_a19_one_value_is_not_both_the_judges_and_a_persons() -> None:
    path, criteria = CASES / "A19.jsonl", read_criteria("A19")
    assert convert(path, Format.JSON, "evaluations", criteria).data == [
        {"input": "q", "output": "r", "scores": {"helpfulness": 3.0}}
    ]
    with pytest.raises(ApiError, match="would be both the judge's helpfulness and a person's correction of it"):
        convert(path, Format.JSON, "evaluations", criteria, has_one_file=True)


def test_a20_pass_needs_a_meaning_on_a_scale_and_missing_judge_scores_are_reported() -> None:
    path, criteria, place = CASES / "A20.jsonl", read_criteria("A20"), "feedback.quality=human_label"
    items = convert(path, Format.JSON, "evaluations", criteria, place, has_one_file=True)
    assert items.data == []
    assert items.entries[0].startswith("1 skipped: items without a score by the judge")
    reviews = convert(path, Format.JSON, "feedback", criteria, place, has_one_file=True)
    assert reviews.data == []
    assert "'pass' is a yes or no, but the scale is 1 to 5" in reviews.refused[0][1]
    mapped = convert(path, Format.JSON, "feedback", criteria, place, values=["quality.pass=5"], has_one_file=True)
    assert mapped.data[0]["corrected_scores"] == {"quality": 5.0}


def test_a21_an_object_over_several_lines_is_one_record() -> None:
    places = ("evaluation=case_name", "submitted_by=evaluator_name")
    found = convert(CASES / "A21.json", Format.JSON, "feedback", read_criteria("A21"), *places)
    assert found.data == [
        {
            "type": "correction",
            "corrected_scores": {"factual_accuracy": 4.0, "completeness": 4.0},
            "evaluation": "1 Ontario v. Quon",
            "submitted_by": "ann",
            "comment": "x",
        }
    ]


def test_a22_numbers_as_texts_and_nulls_have_one_meaning() -> None:
    found = convert(CASES / "A22.jsonl", Format.JSON, "evaluations", read_criteria("A22"))
    assert [(line["external_id"], line["output"]) for line in found.data] == [
        ("1", "a"),
        ("2", "b"),
        ("4", "d"),
        ("5", ""),
    ]
    assert {line["scores"]["quality"] for line in found.data} == {4.0}
    assert found.entries[0] == "1 skipped: items without a score by the judge: '3' x 1"
    assert found.refused == [(6, "quality (column scores.quality): NaN is no number.")]


def test_a23_ids_are_trimmed() -> None:
    criteria = read_criteria("A23")
    items = convert(CASES / "A23.e.csv", Format.CSV, "evaluations", criteria)
    assert [line["external_id"] for line in items.data] == ["001", "1.0"]
    reviews = convert(CASES / "A23.f.csv", Format.CSV, "feedback", criteria)
    assert [line["evaluation"] for line in reviews.data] == ["1", "001", "1"]


@pytest.mark.parametrize(("case", "line"), [("S07", 4), ("S08", 3)])
def test_titles_and_the_separators_line_stand_above_the_head(case: str, line: int) -> None:
    found = convert(CASES / f"{case}.evals.csv", Format.CSV, "evaluations", read_criteria(case))
    assert found.lines == [(line, {"external_id": "1", "output": "a", "scores": {"quality": 4.0}})]


def test_s07_columns_are_named_when_none_is_known() -> None:
    with pytest.raises(ApiError, match=r"line 3 has the columns 'external_id', 'output', 'quality'"):
        convert(CASES / "S07.evals.csv", Format.CSV, "feedback", read_criteria("S07"))


def test_s14_digits_of_all_scripts_are_numbers_and_unclear_numbers_are_refused() -> None:
    found = convert(CASES / "S14.evals.csv", Format.CSV, "evaluations", read_criteria("S14"))
    assert [(number, line["scores"]["quality"]) for number, line in found.lines] == [
        (2, 4.0),
        (3, 4.0),
        (7, -1.0),
        (9, 4.0),
        (10, 4.0),
    ]
    assert [(line, message.split()[1]) for line, message in found.refused] == [
        (4, "'1_0'"),
        (5, "'nan'"),
        (6, "'Infinity'"),
        (8, "'1,000'"),
    ]


def test_s19_thumbs_are_approvals_and_unknown_words_are_refused() -> None:
    found = convert(CASES / "S19.f.csv", Format.CSV, "feedback", read_criteria("S19"))
    assert [(line["evaluation"], line["approved"]) for line in found.data] == [
        ("1", True),
        ("2", True),
        ("3", True),
        ("6", False),
    ]
    assert [line for line, _ in found.refused] == [5, 6]
    assert all("allowed is yes or no" in message for _, message in found.refused)
    mapped = convert(CASES / "S19.f.csv", Format.CSV, "feedback", read_criteria("S19"), values=["approved.ja=yes"])
    assert (mapped.data[3]["evaluation"], mapped.data[3]["approved"]) == ("5", True)


def test_s20_ratings_are_whole_numbers_of_their_scale() -> None:
    found = convert(CASES / "S20.f.csv", Format.CSV, "feedback", read_criteria("S20"))
    assert [(line["evaluation"], line["rating"]) for line in found.data] == [("2", 4), ("3", 4), ("5", 5), ("6", 4)]
    assert [(line, message.split()[1]) for line, message in found.refused] == [(2, "'4.5'"), (5, "'8'")]


def test_a05_a_control_with_two_answers_is_refused() -> None:
    found = convert(CASES / "A05.json", Format.LABEL_STUDIO, "feedback", read_criteria("A05"))
    assert found.data == []
    reasons = {(line, message.partition(" (")[0]) for line, message in found.refused}
    assert reasons == {(1, "relevance: scores of single parts of an item")}


def test_m05_an_assessment_with_an_error_is_no_score() -> None:
    found = convert(CASES / "M05.jsonl", Format.MLFLOW, "evaluations", read_criteria("M05"))
    assert [line["scores"] for line in found.data] == [{"quality": 5.0}]
