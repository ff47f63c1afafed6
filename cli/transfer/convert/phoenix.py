"""Arize Phoenix: spans as evaluations, and annotations of spans, which may hold people's feedback."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.preset import (
    UNCLEAR_RATER,
    Preset,
    PresetContext,
    as_mapping,
    decode,
    find_last_message,
    has_any,
    join_reasons,
    mappings,
)
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_ITEM_IDS = ("context.span_id", "span_id", "external_id", "id")
_PATHS = {
    "external_id": _ITEM_IDS,
    "group": ("attributes.session.id", "context.trace_id", "group"),
    "source": ("name", "source"),
    "evaluated_at": ("end_time", "start_time", "evaluated_at"),
}
_TEXTS = {"input": ("attributes.input.value", "input"), "output": ("attributes.output.value", "output")}
_PREFIX = "result."


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a span as an item with the annotations of models and code."""
    if _is_annotation(record):
        yield Skipped("annotations without the output; load the spans as evaluations", _name(record))
        return
    answers = [Answer(name, value, "scores") for name, value in as_mapping(decode(record.get("scores"))).items()]
    reasons = []
    for annotation in _find_annotations(record):
        by_person = context.is_by_person(annotation.get("annotator_kind"), "")
        if by_person is None:
            yield Skipped(UNCLEAR_RATER, _name(annotation))
        elif not by_person:
            answers.append(Answer(_name(annotation), _value(annotation, context), "annotations"))
            reasons.append((_name(annotation), _result(annotation, "explanation")))
    fields = context.find_all(record, _PATHS)
    for name, paths in _TEXTS.items():
        value = context.find(name, record, *paths)
        fields[name] = value if name in context.options.fields else find_last_message(value)
    fields["rationale"] = context.find("rationale", record, "rationale") or join_reasons(reasons)
    yield Item(fields, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield each annotation by a person: the record itself, or those in a span."""
    annotations = [record] if _is_annotation(record) else _find_annotations(record)
    for annotation in annotations:
        by_person = context.is_by_person(annotation.get("annotator_kind"), "")
        if not by_person:
            reason = "annotations by a judge, not a person" if by_person is False else UNCLEAR_RATER
            yield Skipped(reason, _name(annotation))
            continue
        item_id = context.find("evaluation", annotation, "span_id", "trace_id", "context.span_id")
        item_id = context.find_item(record, *_ITEM_IDS) if item_id is None else item_id
        fields = {
            "evaluation": item_id,
            "submitted_by": context.find("submitted_by", annotation, "user_id") or annotation.get("identifier") or None,
            "submitted_at": context.find("submitted_at", annotation, "updated_at", "created_at"),
            "external_id": annotation.get("id") or _derive_id(item_id, annotation),
        }
        answer = Answer(_name(annotation), _value(annotation, context), "result")
        yield Review(fields, [answer], [_result(annotation, "explanation")])


def _is_annotation(record: Record) -> bool:
    return "annotator_kind" in record


def _find_annotations(record: Record) -> list[Any]:
    for name in ("annotations", "span_annotations", "spanAnnotations"):
        if found := mappings(decode(record.get(name))):
            return found
    return []


def _name(annotation: Record) -> str:
    return str(annotation.get("annotation_name") or annotation.get("name") or "")


def _result(annotation: Record, part: str) -> Any:
    """Return the score, label or explanation of an annotation, in an object, a column or a bare name."""
    for path in (f"{_PREFIX}{part}", part):
        value = get_path(annotation, path)
        if value is not None and value == value:
            return value
    return None


def _value(annotation: Record, context: PresetContext) -> Any:
    """Return an annotation's score, or its label if it has none or is about no criterion."""
    score, label = _result(annotation, "score"), _result(annotation, "label")
    return score if score not in (None, "") and (label is None or context.is_criterion(_name(annotation))) else label


def _derive_id(item_id: object, annotation: Record) -> str | None:
    """Return an id for an annotation, which Phoenix identifies by span, name and identifier."""
    if item_id is None:
        return None
    return ":".join(str(part) for part in (item_id, _name(annotation), annotation.get("identifier")) if part)


def _recognizes(record: Record) -> bool:
    return _is_annotation(record) or has_any(record, "context.span_id", "attributes.output.value")


PHOENIX = Preset("Arize Phoenix", _read_items, _read_reviews, _recognizes, _ITEM_IDS, lists=("data",))
