"""MLflow: traces with their assessments, one `Trace.to_json()` for each line or `search_traces()` as JSON records."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.values import (
    ConversionContext,
    ImportLine,
    Record,
    build_evaluation,
    build_feedback,
    get_path,
    join_texts,
    to_identifier,
)

_ID_PATHS = ("info.trace_id", "trace_id", "info.request_id", "request_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("info.trace_metadata.mlflow.trace.session",),
    "source": ("info.tags.mlflow.traceName", "tags.mlflow.traceName"),
    "input": ("request", "data.request", "info.request_preview"),
    "output": ("response", "data.response", "info.response_preview"),
    "evaluated_at": ("info.request_time",),
}


def evaluations(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return a trace as an item whose scores are the assessments of judges and code, including overridden ones."""
    scores: dict[str, object] = {}
    reasons: list[str | None] = []
    for assessment in _assessments(record):
        if _source(assessment) != "HUMAN" and _name(assessment) in context.criteria:
            scores[_name(assessment)] = _value(assessment)
            if assessment.get("rationale"):
                reasons.append(f"{_name(assessment)}: {assessment['rationale']}")
    rationale = context.find("rationale", record) or join_texts(reasons)
    return [build_evaluation(context, record, _PATHS, rationale=rationale, scores=context.scores(scores))]


def feedback(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return each assessment of a person as feedback, without those that were replaced or withdrawn."""
    lines: list[ImportLine] = []
    for assessment in _assessments(record):
        if _source(assessment) == "HUMAN" and assessment.get("valid") is not False:
            lines += build_feedback(
                context,
                {_name(assessment): _value(assessment)},
                [assessment.get("rationale")],
                evaluation=to_identifier(context.find("external_id", record, *_ID_PATHS)),
                submitted_by=to_identifier(get_path(assessment, "source.source_id")),
                submitted_at=assessment.get("create_time"),
                external_id=assessment.get("assessment_id"),
            )
    return lines


def _assessments(record: Record) -> Iterator[Any]:
    found = get_path(record, "info.assessments") or get_path(record, "assessments") or []
    return (assessment for assessment in found if isinstance(assessment, dict) and not assessment.get("error"))


def _name(assessment: Record) -> str:
    return str(assessment.get("assessment_name") or assessment.get("name") or "")


def _source(assessment: Record) -> str:
    return str(get_path(assessment, "source.source_type") or "").upper()


def _value(assessment: Record) -> Any:
    for kind in ("feedback", "expectation"):
        value = get_path(assessment, f"{kind}.value")
        if value is not None:
            return value
    return assessment.get("value")
