"""MLflow: traces with their assessments, as `Trace.to_json()` and `search_traces()` write them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.transfer.convert.preset import (
    Preset,
    PresetContext,
    as_mapping,
    decode,
    find_last_message,
    has_any,
    is_own_scorer,
    join_reasons,
    mappings,
)
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_ID_PATHS = ("info.trace_id", "trace_id", "info.request_id", "request_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("info.trace_metadata.mlflow.trace.session", "trace_metadata.mlflow.trace.session"),
    "source": ("info.tags.mlflow.traceName", "tags.mlflow.traceName"),
    "input": ("request", "data.request", "inputs", "info.request_preview", "request_preview"),
    "output": ("response", "data.response", "outputs", "info.response_preview", "response_preview"),
    "evaluated_at": ("info.request_time", "request_time", "info.timestamp_ms", "timestamp_ms"),
}
_FULL_TEXTS = {
    "input": ("data.spans.0.attributes.mlflow.spanInputs", "info.trace_metadata.mlflow.traceInputs"),
    "output": ("data.spans.0.attributes.mlflow.spanOutputs", "info.trace_metadata.mlflow.traceOutputs"),
}
_PERSON, _JUDGES = "HUMAN", ("LLM_JUDGE", "AI_JUDGE", "CODE")
_UNKNOWN_SOURCE = "assessments whose source is neither a person nor a judge"
_JUDGE_SUFFIXES = ("/value", "/score")


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a trace as an item with the answers of judges and code.

    An answer that a person overrode still counts as the judge's; one that a judge replaced does not.
    """
    trace = _find_trace(record)
    answers = list(_column_answers(trace))
    reasons = []
    assessments = _find_assessments(trace)
    for assessment in assessments:
        name = _name(assessment)
        if _source(assessment) == _PERSON:
            continue
        if _source(assessment) not in _JUDGES:
            yield Skipped(_UNKNOWN_SOURCE, name)
            continue
        skipped = _find_problem(assessment)
        if skipped is None and assessment.get("valid") is False and _is_replaced(assessment, assessments):
            skipped = Skipped("assessments that were replaced", name)
        if skipped is not None:
            yield skipped
            continue
        answers.append(Answer(name, _value(assessment), "assessments"))
        if context.is_criterion(name):
            reasons.append((name, assessment.get("rationale")))
    fields = context.find_all(trace, _PATHS)
    fields |= {name: _find_text(name, fields[name], trace, context) for name in _FULL_TEXTS}
    yield Item(fields | {"rationale": context.find("rationale", trace) or join_reasons(reasons)}, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield each assessment of a person, without those that were replaced, withdrawn or failed."""
    trace = _find_trace(record)
    for assessment in _find_assessments(trace):
        if _source(assessment) != _PERSON:
            if _source(assessment) not in _JUDGES:
                yield Skipped(_UNKNOWN_SOURCE, _name(assessment))
            continue
        if assessment.get("valid") is False:
            yield Skipped("assessments that were replaced", _name(assessment))
            continue
        skipped = _find_problem(assessment)
        if skipped is not None:
            yield skipped
            continue
        fields = {
            "evaluation": context.find_item(trace, *_ID_PATHS),
            "submitted_by": get_path(assessment, "source.source_id"),
            "submitted_at": assessment.get("last_update_time") or assessment.get("create_time"),
            "external_id": assessment.get("assessment_id"),
        }
        yield Review(fields, [Answer(_name(assessment), _value(assessment))], [assessment.get("rationale")])


def _find_trace(record: Record) -> Record:
    """Return the trace in a record: the record itself, or the one in its column `trace`."""
    for name in ("trace", "trace_info"):
        inner = decode(record.get(name))
        if isinstance(inner, Mapping):
            inner = {"info": inner} if name == "trace_info" else inner
            if isinstance(inner.get("trace_info"), Mapping):
                inner = {"info": inner["trace_info"]} | dict(inner)
            own = {key: value for key, value in record.items() if key != name and not isinstance(value, str | None)}
            return own | dict(inner)
    return record


def _find_assessments(trace: Record) -> list[Mapping[str, Any]]:
    for path in ("assessments", "info.assessments"):
        found = mappings(decode(get_path(trace, path)))
        if found:
            return found
    return []


def _find_problem(assessment: Record) -> Skipped | None:
    """Return the reason to leave out an assessment, or None."""
    if is_own_scorer(get_path(assessment, "source.source_id")):
        return Skipped("assessments that Judgesmith wrote", _name(assessment))
    error = assessment.get("error") or get_path(assessment, "feedback.error")
    if error is None:
        return None
    return Skipped("assessments that failed", get_path(error, "error_code") or _name(assessment))


def _is_replaced(assessment: Record, others: Sequence[Record]) -> bool:
    """Return whether a judge or code gave a newer answer in place of an assessment."""
    overriding = [one for one in others if one.get("overrides") and one["overrides"] == assessment.get("assessment_id")]
    if overriding:
        return all(_source(one) != _PERSON for one in overriding)
    return any(
        one.get("valid") is not False and _source(one) != _PERSON and _name(one) == _name(assessment)
        for one in others
        if one is not assessment
    )


def _column_answers(trace: Record) -> Iterator[Answer]:
    """Yield the scores in the columns of an evaluation's table, such as `quality/value`."""
    for column, value in trace.items():
        for suffix in _JUDGE_SUFFIXES:
            if column.endswith(suffix):
                yield Answer(column.removesuffix(suffix).removesuffix("/v1"), value, column)


def _find_text(name: str, found: Any, trace: Record, context: PresetContext) -> Any:
    """Return the input or output; a text that MLflow shortened is replaced by the whole one of the root span.

    Args:
        name: `input` or `output`.
        found: the text so far.
        trace: the trace.
        context: the criteria and options.
    """
    if name in context.options.fields:
        return found
    if found is None or (isinstance(found, str) and found.endswith("...")):
        whole = next((text for path in _FULL_TEXTS[name] if (text := get_path(trace, path)) is not None), None)
        found = found if whole is None else whole
    return find_last_message(found)


def _name(assessment: Record) -> str:
    return str(assessment.get("assessment_name") or assessment.get("name") or "")


def _source(assessment: Record) -> str:
    return str(get_path(assessment, "source.source_type") or "").upper()


def _value(assessment: Record) -> Any:
    for kind in ("feedback", "expectation"):
        found = as_mapping(assessment.get(kind))
        if found.get("value") is not None:
            return found["value"]
        serialized = as_mapping(found.get("serialized_value")).get("value")
        if serialized is not None:
            return decode(serialized)
    return assessment.get("value")


def _recognizes(record: Record) -> bool:
    return has_any(record, "info.trace_id", "info.request_id", "trace.info", "trace_info") or (
        "trace_id" in record and has_any(record, "trace", "assessments", "response_preview")
    )


MLFLOW = Preset("MLflow", _read_items, _read_reviews, _recognizes, _ID_PATHS)
