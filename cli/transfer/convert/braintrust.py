"""Braintrust: rows of an experiment or of logs, in which reviews by people are spans of their own."""

from collections.abc import Iterator

from cli.transfer.convert.preset import (
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

_ID_PATHS = ("root_span_id", "id", "span_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("metadata.group", "metadata.session_id"),
    "source": ("metadata.model", "span_attributes.name"),
    "evaluated_at": ("created",),
}
_REVIEW = "review"


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a root span as an item with its scores."""
    if not _is_root(record):
        yield Skipped("spans within a trace", get_path(record, "span_attributes.type"))
        return
    if record.get("error"):
        yield Skipped("rows that failed", record.get("id"))
        return
    scores = as_mapping(decode(record.get("scores")))
    answers = [Answer(name, value, "scores") for name, value in scores.items()]
    fields = context.find_all(record, _PATHS)
    for name in ("input", "output"):
        value = context.find(name, record, name)
        fields[name] = value if name in context.options.fields else find_last_message(value)
    reasons = [(name, get_path(record, f"metadata.{name}.rationale")) for name in scores]
    fields["rationale"] = context.find("rationale", record, "metadata.rationale") or join_reasons(reasons)
    yield Item(fields, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield the scores of a span of type `review`, and the comments on a row; scores of other rows are the judge's."""
    scores, comments = as_mapping(decode(record.get("scores"))), mappings(record.get("comments"))
    is_review = get_path(record, "span_attributes.type") == _REVIEW
    if not is_review and scores:
        yield Skipped(
            "scores of which it is not known if a person gave them (name people's with "
            "--feedback.field CRITERION=scores.NAME)",
            next(iter(scores)),
        )
    if not is_review and not comments:
        return
    fields = {
        "evaluation": context.find("evaluation", record, *_ID_PATHS),
        "submitted_by": context.find("submitted_by", record, "metadata.user.email", "metadata.user_id"),
        "submitted_at": context.find("submitted_at", record, "created"),
        "external_id": record.get("id"),
    }
    answers = [Answer(name, value, "scores") for name, value in scores.items()] if is_review else []
    texts = [get_path(one, "comment.text") or one.get("text") for one in comments]
    yield Review(fields, answers, [*texts, get_path(record, "metadata.comment") if is_review else None])


def _is_root(record: Record) -> bool:
    if isinstance(record.get("is_root"), bool):
        return bool(record["is_root"])
    return not record.get("span_parents") and get_path(record, "span_attributes.type") not in ("score", _REVIEW)


def _recognizes(record: Record) -> bool:
    return "span_attributes" in record or (
        "scores" in record and has_any(record, "root_span_id", "experiment_id", "span_id")
    )


BRAINTRUST = Preset("Braintrust", _read_items, _read_reviews, _recognizes, _ID_PATHS, lists=("events", "rows", "data"))
