"""MLflow traces with their assessments: `Trace.to_json()` a line, or `search_traces()` as JSON records."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.values import Line, Record, Where, at, joined, line, name, opinion, text


def evaluations(record: Record, where: Where) -> list[Line]:
    """A trace is an item; assessments by judges and by code are its scores, overridden ones too."""
    scores: dict[str, Any] = {}
    reasons: list[str | None] = []
    for assessment in _assessments(record):
        if _source(assessment) != "HUMAN" and _name(assessment) in where.criteria:
            scores[_name(assessment)] = _value(assessment)
            if assessment.get("rationale"):
                reasons.append(f"{_name(assessment)}: {assessment['rationale']}")
    return [
        line(
            external_id=_trace(record, where),
            group=name(where.find("group", record, "info.trace_metadata.mlflow.trace.session")),
            source=name(where.find("source", record, "info.tags.mlflow.traceName", "tags.mlflow.traceName")),
            input=text(where.find("input", record, "request", "data.request", "info.request_preview")),
            output=text(where.find("output", record, "response", "data.response", "info.response_preview")),
            rationale=where.find("rationale", record) or joined(reasons),
            scores=where.scores(scores),
            evaluated_at=where.find("evaluated_at", record, "info.request_time"),
        )
    ]


def feedback(record: Record, where: Where) -> list[Line]:
    """What people assessed, an item each; what they took back or replaced is left out."""
    given: list[Line] = []
    for assessment in _assessments(record):
        if _source(assessment) == "HUMAN" and assessment.get("valid") is not False:
            given += opinion(
                where,
                {_name(assessment): _value(assessment)},
                [assessment.get("rationale")],
                evaluation=_trace(record, where),
                submitted_by=name(at(assessment, "source.source_id")),
                submitted_at=assessment.get("create_time"),
                external_id=assessment.get("assessment_id"),
            )
    return given


def _assessments(record: Record) -> Iterator[Any]:
    found = at(record, "info.assessments") or at(record, "assessments") or []
    return (assessment for assessment in found if isinstance(assessment, dict) and not assessment.get("error"))


def _trace(record: Record, where: Where) -> str | None:
    return name(where.find("external_id", record, "info.trace_id", "trace_id", "info.request_id", "request_id"))


def _name(assessment: Record) -> str:
    return str(assessment.get("assessment_name") or assessment.get("name") or "")


def _source(assessment: Record) -> str:
    return str(at(assessment, "source.source_type") or "").upper()


def _value(assessment: Record) -> Any:
    for kind in ("feedback", "expectation"):
        value = at(assessment, f"{kind}.value")
        if value is not None:
            return value
    return assessment.get("value")
