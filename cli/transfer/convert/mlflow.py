"""MLflow: traces with their assessments, one `Trace.to_json()` for each line or `search_traces()` as JSON records."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.transfer.convert.preset import Preset, PresetContext, as_list, as_mapping, join_texts
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_ID_PATHS = ("info.trace_id", "trace_id", "info.request_id", "request_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("info.trace_metadata.mlflow.trace.session",),
    "source": ("info.tags.mlflow.traceName", "tags.mlflow.traceName"),
    "input": ("request", "data.request", "info.request_preview"),
    "output": ("response", "data.response", "info.response_preview"),
    "evaluated_at": ("info.request_time",),
}


def _read_items(record: Record, context: PresetContext) -> Iterator[Item]:
    """Yield a trace as an item with the answers of judges and code, including overridden ones."""
    answers = []
    reasons: list[object] = []
    for assessment in _assessments(record):
        if _source(assessment) != "HUMAN":
            answers.append(Answer(_name(assessment), _value(assessment)))
            if assessment.get("rationale") and context.is_criterion(_name(assessment)):
                reasons.append(f"{_name(assessment)}: {assessment['rationale']}")
    rationale = context.find("rationale", record) or join_texts(reasons)
    yield Item(context.find_all(record, _PATHS) | {"rationale": rationale}, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield each assessment of a person, without those that were replaced or withdrawn."""
    for assessment in _assessments(record):
        if _source(assessment) != "HUMAN":
            continue
        if assessment.get("valid") is False:
            yield Skipped("assessments that were replaced", _name(assessment))
            continue
        fields = {
            "evaluation": context.find("external_id", record, *_ID_PATHS),
            "submitted_by": get_path(assessment, "source.source_id"),
            "submitted_at": assessment.get("create_time"),
            "external_id": assessment.get("assessment_id"),
        }
        yield Review(fields, [Answer(_name(assessment), _value(assessment))], [assessment.get("rationale")])


def _assessments(record: Record) -> Iterator[Mapping[str, Any]]:
    found = get_path(record, "info.assessments") or get_path(record, "assessments")
    return (one for one in map(as_mapping, as_list(found)) if one and not one.get("error"))


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


MLFLOW = Preset(_read_items, _read_reviews)
