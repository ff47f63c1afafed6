"""Langfuse: traces with their scores as evaluations, and scores as feedback, as the API returns them."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.preset import (
    UNCLEAR_RATER,
    Preset,
    PresetContext,
    as_mapping,
    decode,
    find_last_message,
    join_reasons,
    mappings,
)
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record

_IDS = ("id", "traceId", "trace_id")
_PATHS = {
    "external_id": _IDS,
    "group": ("sessionId", "session_id"),
    "source": ("name",),
    "evaluated_at": ("updatedAt", "timestamp", "startTime"),
}
_ITEM_IDS = ("traceId", "trace_id", "subject.id", "observationId", "observation_id")
_USER_IDS = ("authorUserId", "author_user_id", "authorUserName")
_TIMES = ("updatedAt", "updated_at", "timestamp", "createdAt")


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a trace as an item with the scores that evaluators gave."""
    if _is_score(record):
        yield Skipped("scores without the output; load the traces as evaluations", record.get("name"))
        return
    answers, reasons = [], []
    found = decode(record.get("scores"))
    scores = mappings(found)
    for score in scores:
        by_person = _is_by_person(score, context)
        if by_person is None:
            yield Skipped(UNCLEAR_RATER, score.get("name"))
        elif not by_person:
            answers.append(Answer(_name(score), _value(score), "scores"))
            reasons.append((_name(score), score.get("comment")))
    if found and not scores:
        yield Skipped("scores without their source; export the traces with all details of the scores", record.get("id"))
    fields = context.find_all(record, _PATHS)
    for name in ("input", "output"):
        value = context.find(name, record, name)
        fields[name] = value if name in context.options.fields else find_last_message(value)
    fields["rationale"] = context.find("rationale", record) or join_reasons(reasons)
    yield Item(fields, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield each score that a person gave: the record itself, or those in a trace."""
    scores = [record] if _is_score(record) else mappings(decode(record.get("scores")))
    for score in scores:
        by_person = _is_by_person(score, context)
        if not by_person:
            yield Skipped("scores by a judge, not a person" if by_person is False else UNCLEAR_RATER, score.get("name"))
            continue
        item_id = context.find("evaluation", score, *_ITEM_IDS)
        fields = {
            "evaluation": record.get("id") if item_id is None and score is not record else item_id,
            "submitted_by": context.find("submitted_by", score, *_USER_IDS),
            "submitted_at": context.find("submitted_at", score, *_TIMES),
            "external_id": context.find("external_id", score, "id"),
        }
        is_text = str(_type(score)) in ("TEXT", "CORRECTION")
        answers = [] if is_text else [Answer(_name(score), _value(score), "value")]
        yield Review(fields, answers, [score.get("comment"), *([_value(score)] if is_text else [])])


def _is_score(record: Record) -> bool:
    return "name" in record and "source" in record and ("value" in record or "stringValue" in record)


def _name(score: Record) -> str:
    return str(score.get("name") or "")


def _type(score: Record) -> Any:
    return score.get("dataType") or score.get("data_type")


def _value(score: Record) -> Any:
    """Return the score's value; that of a category is its label, because its number is an ordinal."""
    label = score.get("stringValue", score.get("string_value"))
    value = score.get("value")
    is_category = value in (None, "") or _type(score) in ("CATEGORICAL", "TEXT")
    return label if label not in (None, "") and is_category else value


def _is_by_person(score: Record, context: PresetContext) -> bool | None:
    """Return whether a person gave a score, or None if it is not known: `API` may be either."""
    kind = score.get("source")
    found = context.is_by_person(kind, _name(score))
    return True if found is None and context.is_chosen(kind) else found


def _recognizes(record: Record) -> bool:
    if _is_score(record):
        return str(record["source"]).upper() in ("ANNOTATION", "EVAL", "API")
    scores = as_mapping(next(iter(mappings(decode(record.get("scores")))), None))
    return ("output" in record and "sessionId" in record) or ("source" in scores and "name" in scores)


LANGFUSE = Preset("Langfuse", _read_items, _read_reviews, _recognizes, _IDS, lists=("data",))
