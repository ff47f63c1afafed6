"""Tests of converting other tools' files to lines of the import format."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cli.client.responses import ScaledCriterion
from cli.errors import ApiError
from cli.transfer.convert.formats import build_converter
from cli.transfer.convert.registry import Format
from cli.transfer.line_reader import open_lines
from cli.transfer.mapping.options import MappingOptions
from cli.transfer.mapping.report import LoadReport
from models.bulk.lines import CriterionNames
from models.bulk.reader import read_evaluations, read_feedback
from tests.factories import loose_criteria

Data = dict[str, Any]

CRITERIA = loose_criteria("clarity", "accuracy")
DESCRIBED: list[ScaledCriterion] = [
    {"id": c.id, "key": c.key, "name": c.name, "min": c.minimum, "max": c.maximum} for c in CRITERIA
]


def convert(path: Path, file_format: Format, kind: str, **fields: str) -> list[Data]:
    """Return the lines of a file, each of which the server accepts.

    Args:
        path: the file.
        file_format: its format.
        kind: `evaluations` or `feedback`.
        fields: paths by field.
    """
    with open_lines(path) as source:
        lines = list(build_converter(file_format, DESCRIBED, MappingOptions.with_fields(fields))(kind, source))
    read: Any = read_evaluations if kind == "evaluations" else read_feedback
    assert [refusal.error.message for refusal in read(lines, CriterionNames(CRITERIA), idempotent=False).rejected] == []
    return [json.loads(text or b"") for _, text in lines]


def write(folder: Path, content: Any) -> Path:
    path = folder / "file"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


TRACE = {
    "info": {
        "trace_id": "tr-07ab",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}},
        "request_time": "2026-03-01T10:00:00.123Z",
        "execution_duration": "1.5s",
        "request_preview": '{"question": "Why is the sky blue?"}',
        "response_preview": "It reflects the sea.",
        "state": "OK",
        "trace_metadata": {"mlflow.trace.session": "session-1", "mlflow.user": "svc"},
        "tags": {"mlflow.traceName": "answer"},
        "assessments": [
            {
                "assessment_id": "a-1",
                "assessment_name": "clarity",
                "trace_id": "tr-07ab",
                "source": {"source_type": "LLM_JUDGE", "source_id": "openai:/gpt-4o"},
                "create_time": "2026-03-01T10:00:05Z",
                "feedback": {"value": 5},
                "rationale": "Fluent.",
                "valid": False,
            },
            {
                "assessment_id": "a-2",
                "assessment_name": "accuracy",
                "source": {"source_type": "CODE", "source_id": "checker"},
                "feedback": {"value": "4/5"},
            },
            {
                "assessment_id": "a-3",
                "assessment_name": "latency",
                "source": {"source_type": "CODE", "source_id": "timer"},
                "feedback": {"value": 1.5},
            },
            {
                "assessment_id": "a-4",
                "assessment_name": "clarity",
                "source": {"source_type": "HUMAN", "source_id": "ann@example.org"},
                "create_time": "2026-03-02T10:00:00Z",
                "feedback": {"value": 3},
                "rationale": "Wrong, if fluent.",
                "overrides": "a-1",
                "valid": True,
            },
            {
                "assessment_id": "a-5",
                "assessment_name": "helpful",
                "source": {"source_type": "HUMAN", "source_id": "ben@example.org"},
                "create_time": "2026-03-02T11:00:00Z",
                "feedback": {"value": False},
            },
            {
                "assessment_id": "a-6",
                "assessment_name": "expected_response",
                "source": {"source_type": "HUMAN", "source_id": "ben@example.org"},
                "create_time": "2026-03-02T12:00:00Z",
                "expectation": {"value": "It scatters light."},
            },
        ],
    },
    "data": {"spans": []},
}


def test_mlflow_traces_give_evaluations_and_feedback(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps(TRACE) + "\n")
    assert convert(path, Format.MLFLOW, "evaluations") == [
        {
            "external_id": "tr-07ab",
            "group": "session-1",
            "source": "answer",
            "input": "Why is the sky blue?",
            "output": "It reflects the sea.",
            "rationale": "clarity: Fluent.",
            "scores": {"clarity": 5.0, "accuracy": 4.0},
            "evaluated_at": "2026-03-01T10:00:00.123Z",
        }
    ]
    by_ann = {"evaluation": "tr-07ab", "submitted_by": "ann@example.org", "submitted_at": "2026-03-02T10:00:00Z"}
    by_ben = {"evaluation": "tr-07ab", "submitted_by": "ben@example.org"}
    assert convert(path, Format.MLFLOW, "feedback") == [
        by_ann
        | {
            "type": "correction",
            "corrected_scores": {"clarity": 3.0},
            "comment": "Wrong, if fluent.",
            "external_id": "a-4",
        },
        by_ben | {"type": "approval", "approved": False, "submitted_at": "2026-03-02T11:00:00Z", "external_id": "a-5"},
        by_ben
        | {
            "type": "comment",
            "comment": "It scatters light.",
            "submitted_at": "2026-03-02T12:00:00Z",
            "external_id": "a-6",
        },
    ]


RUN = {
    "id": "6f1c", "name": "answerer", "run_type": "chain", "reference_example_id": "ex-1", "session_id": "s-1",
    "start_time": "2026-03-01T10:00:00.000100", "end_time": "2026-03-01T10:00:02", "extra": {"metadata": {}},
    "inputs": {"question": "Why is the sky blue?"}, "outputs": {"output": "It reflects the sea."},
    "feedback_stats": {"clarity": {"n": 1, "avg": 5.0}, "tokens": {"n": 1, "avg": 900}},
}  # fmt: skip


def row(id_: str, key: str, source: Data, **values: Any) -> Data:
    base = {"id": id_, "run_id": "6f1c", "key": key, "score": None, "value": None, "comment": None, "correction": None}
    at = {"created_at": "2026-03-02T10:00:00.5+00:00", "modified_at": "2026-03-02T10:00:01+00:00"}
    return base | at | {"feedback_source": source, "session_id": "s-1"} | values


def test_langsmith_runs_give_evaluations_and_feedback_rows_give_feedback(tmp_path: Path) -> None:
    [line] = convert(write(tmp_path, [RUN]), Format.LANGSMITH, "evaluations")
    assert line == {
        "external_id": "6f1c",
        "group": "ex-1",
        "source": "answerer",
        "input": "Why is the sky blue?",
        "output": "It reflects the sea.",
        "scores": {"clarity": 5.0},
        "evaluated_at": "2026-03-01T10:00:02Z",
    }
    model = {"type": "model"}
    rows = [row("m1", "clarity", model, score=4, comment="Fluent."), row("h0", "clarity", {"type": "app"}, score=1)]
    [line] = convert(write(tmp_path, [RUN | {"feedback": rows}]), Format.LANGSMITH, "evaluations")
    assert (line["scores"], line["rationale"]) == ({"clarity": 4.0}, "clarity: Fluent.")

    ann = {"type": "app", "user_id": "u-1", "user_name": "Ann"}
    given = [
        row("m1", "clarity", model, score=4),
        row("h1", "clarity", ann, score=2, comment="No."),
        row("h2", "thumbs", {"type": "api"}, score=1.0),
        row("h4", "thumbs", ann, score=0),
        row("h5", "accuracy", ann, score=1),
        row("h3", "note", ann, comment="A common mistake."),
        row("m2", "accuracy", model | {"user_name": "Ann"}, score=5, correction={"score": 1, "comment": "Made up."}),
    ]
    lines = convert(write(tmp_path, given), Format.LANGSMITH, "feedback")
    assert [(x["external_id"], x["type"], x.get("corrected_scores"), x.get("comment")) for x in lines] == [
        ("h1", "correction", {"clarity": 2.0}, "No."),
        ("h2", "approval", None, None),
        ("h4", "approval", None, None),
        ("h5", "correction", {"accuracy": 1.0}, None),
        ("h3", "comment", None, "A common mistake."),
        ("m2", "correction", {"accuracy": 1.0}, "Made up."),
    ]
    assert {(x["evaluation"], x["submitted_at"]) for x in lines} == {("6f1c", "2026-03-02T10:00:01+00:00")}
    assert [x.get("approved") for x in lines] == [None, True, False, None, None, None]
    assert [x.get("submitted_by") for x in lines] == ["Ann", None, "Ann", "Ann", "Ann", "Ann"]


ARGILLA = {
    "id": "rec-1",
    "status": "completed",
    "_server_id": "9be2",
    "fields": {"prompt": "Why is the sky blue?", "response": "It reflects the sea."},
    "metadata": {"source": "model A", "group": "q1"},
    "suggestions": {
        "clarity": {"value": 5, "score": 0.9, "agent": "gpt-4o"},
        "accuracy": {"value": 4, "score": None, "agent": "gpt-4o"},
    },
    "responses": {
        "clarity": [{"value": 4, "user_id": "u-1"}, {"value": 2, "user_id": "u-2"}],
        "accuracy": [{"value": 1, "user_id": "u-1"}],
        "why": [{"value": "The fact is wrong.", "user_id": "u-1"}],
        "good": [{"value": "no", "user_id": "u-3"}],
    },
    "vectors": {},
}


def test_argilla_records_give_evaluations_and_feedback(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps([ARGILLA], indent=2))
    assert convert(path, Format.ARGILLA, "evaluations") == [
        {
            "external_id": "rec-1",
            "group": "q1",
            "source": "model A",
            "input": "Why is the sky blue?",
            "output": "It reflects the sea.",
            "scores": {"clarity": 5.0, "accuracy": 4.0},
        }
    ]
    about = {"evaluation": "rec-1"}
    assert convert(path, Format.ARGILLA, "feedback") == [
        about
        | {
            "type": "correction",
            "corrected_scores": {"clarity": 4.0, "accuracy": 1.0},
            "comment": "The fact is wrong.",
            "submitted_by": "u-1",
            "external_id": "rec-1:u-1",
        },
        about
        | {
            "type": "correction",
            "corrected_scores": {"clarity": 2.0},
            "submitted_by": "u-2",
            "external_id": "rec-1:u-2",
        },
        about | {"type": "approval", "approved": False, "submitted_by": "u-3", "external_id": "rec-1:u-3"},
    ]


def result(name: str, type_: str, value: Any) -> Data:
    return {
        "id": "x1",
        "from_name": name,
        "to_name": "answer",
        "type": type_,
        "origin": "manual",
        "value": {type_: value},
    }


TASK = {
    "id": 17,
    "data": {"prompt": "Why is the sky blue?", "answer": "It reflects the sea.", "model": "model A"},
    "predictions": [
        {"id": 1, "created_at": "2026-03-01T09:00:00Z", "result": [result("clarity", "rating", 1)]},
        {
            "id": 2,
            "model_version": "gpt-4o",
            "created_at": "2026-03-01T10:00:00Z",
            "result": [result("clarity", "rating", 5), result("accuracy", "number", 4)],
        },
    ],
    "annotations": [
        {
            "id": 1001,
            "completed_by": {"id": 10, "email": "ann@example.org"},
            "was_cancelled": False,
            "created_at": "2026-03-02T10:00:00.728353Z",
            "updated_at": "2026-03-02T10:05:00.728378Z",
            "result": [
                result("clarity", "rating", 3),
                result("accuracy", "number", 1),
                result("why", "textarea", ["The fact is wrong."]),
            ],
        },
        {"id": 1002, "completed_by": 11, "was_cancelled": True, "result": []},
        {
            "id": 1003,
            "completed_by": 11,
            "was_cancelled": False,
            "created_at": "2026-03-02T11:00:00Z",
            "result": [result("good", "choices", ["No"])],
        },
    ],
}


def test_label_studio_tasks_give_evaluations_and_feedback(tmp_path: Path) -> None:
    path = write(tmp_path, [TASK])
    assert convert(path, Format.LABEL_STUDIO, "evaluations") == [
        {
            "external_id": "17",
            "source": "model A",
            "input": "Why is the sky blue?",
            "output": "It reflects the sea.",
            "scores": {"clarity": 5.0, "accuracy": 4.0},
            "evaluated_at": "2026-03-01T10:00:00Z",
        }
    ]
    assert convert(path, Format.LABEL_STUDIO, "feedback") == [
        {
            "type": "correction",
            "corrected_scores": {"clarity": 3.0, "accuracy": 1.0},
            "comment": "The fact is wrong.",
            "evaluation": "17",
            "submitted_by": "ann@example.org",
            "submitted_at": "2026-03-02T10:05:00.728378Z",
            "external_id": "17:1001",
        },
        {
            "type": "approval",
            "approved": False,
            "evaluation": "17",
            "submitted_by": "11",
            "submitted_at": "2026-03-02T11:00:00Z",
            "external_id": "17:1003",
        },
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_give_evaluations_and_feedback(tmp_path: Path, separator: str) -> None:
    def table(*rows: list[str]) -> Path:
        out = io.StringIO()
        csv.writer(out, delimiter=separator).writerows(rows)
        path = tmp_path / "table.csv"
        path.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode())
        return path

    evaluations = table(
        ["external_id", "answer", "clarity", "crit_accuracy", "tokens"],
        ["a1", 'It "reflects",\nthe sea.', "5", "", "90"],
        ["a2", "It scatters light.", "4.5", "3", ""],
    )
    assert convert(evaluations, Format.CSV, "evaluations", output="answer") == [
        {"external_id": "a1", "output": 'It "reflects",\nthe sea.', "scores": {"clarity": 5.0}},
        {"external_id": "a2", "output": "It scatters light.", "scores": {"clarity": 4.5, "accuracy": 3.0}},
    ]
    feedback = table(
        ["evaluation", "clarity", "rating", "approved", "comment", "who"],
        ["a1", "2", "", "", "No.", "ann"],
        ["a1", "", "4", "", "", "ben"],
        ["a1", "", "", "no", "", "ben"],
        ["a2", "", "", "1", "", "ben"],
        ["a2", "", "", "", "Hm.", "ben"],
    )
    lines = convert(feedback, Format.CSV, "feedback", submitted_by="who")
    assert [line["type"] for line in lines] == ["correction", "rating", "approval", "approval", "comment"]
    assert [line.get("approved") for line in lines] == [None, None, False, True, None]
    assert lines[0] == {
        "type": "correction",
        "evaluation": "a1",
        "corrected_scores": {"clarity": 2.0},
        "comment": "No.",
        "submitted_by": "ann",
    }


def test_a_cell_that_is_no_score_is_refused_and_the_row_keeps_the_others(tmp_path: Path) -> None:
    refused: list[tuple[int, str]] = []
    report = LoadReport(on_refused=lambda file, line, message, external_id: refused.append((line, message)))
    with open_lines(write(tmp_path, "output,clarity,accuracy\nText,good,3\n")) as source:
        [(number, text)] = build_converter(Format.CSV, DESCRIBED, report=report)("evaluations", source)
    assert (number, json.loads(text or b"")) == (2, {"output": "Text", "scores": {"accuracy": 3.0}})
    [(line, message)] = refused
    assert line == 2
    assert message.startswith("clarity: 'good' is no score; allowed is 1 to 5; give the label a meaning with --value")


def test_json_is_rejected_as_a_table(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="is JSON, not a table"):
        convert(write(tmp_path, [TRACE]), Format.CSV, "evaluations")


@pytest.mark.parametrize("file_format", sorted(set(Format) - {Format.CSV}))
def test_json_that_is_not_utf8_is_an_error(tmp_path: Path, file_format: Format) -> None:
    path = tmp_path / "file"
    path.write_bytes('[{"output": "Café"}]\n'.encode("latin-1"))
    with open_lines(path) as source, pytest.raises(ApiError, match="not UTF-8"):
        list(build_converter(file_format, DESCRIBED)("evaluations", source))
