"""W&B Weave: calls with their feedback, and rows of feedback, as the client and the API return them."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.transfer.convert.preset import (
    Preset,
    PresetContext,
    as_mapping,
    decode,
    find_last_message,
    has_any,
    mappings,
)
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_PATHS = {
    "external_id": ("id",),
    "group": ("thread_id", "attributes.group"),
    "source": ("display_name", "op_name"),
    "evaluated_at": ("ended_at", "started_at"),
}
_TEXTS = {"input": ("inputs",), "output": ("output",)}
_ANNOTATION, _RUNNABLE, _REACTION, _NOTE = "wandb.annotation.", "wandb.runnable.", "wandb.reaction.", "wandb.note."
_THUMBS = {"👍": True, "👎": False}


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a call as an item with the results of its scorers."""
    if _is_feedback(record):
        yield Skipped("feedback without the output; load the calls as evaluations", record.get("feedback_type"))
        return
    if record.get("exception"):
        yield Skipped("calls that failed", record.get("id"))
        return
    answers = [
        answer for row in _find_feedback(record) if _kind(row).startswith(_RUNNABLE) for answer in _read_scorer(row)
    ]
    output = as_mapping(record.get("output"))
    if has_any(output, "scores") and has_any(output, "output", "model_output"):
        answers += [answer for name, value in as_mapping(output["scores"]).items() for answer in _flatten(name, value)]
    fields = context.find_all(record, _PATHS)
    for name, paths in _TEXTS.items():
        value = context.find(name, record, *paths)
        fields[name] = value if name in context.options.fields else find_last_message(value)
    if answers and "output" not in context.options.fields and has_any(output, "scores"):
        fields["output"] = find_last_message(output.get("output", output.get("model_output")))
    yield Item(fields | {"rationale": context.find("rationale", record)}, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield people's annotations, thumbs and notes: the record itself, or those of a call."""
    for row in [record] if _is_feedback(record) else _find_feedback(record):
        kind, payload = _kind(row), as_mapping(decode(row.get("payload")))
        answers: list[Answer] = []
        comments: list[object] = []
        if kind.startswith(_ANNOTATION):
            answers = list(_flatten(kind.removeprefix(_ANNOTATION), payload.get("value")))
        elif kind.startswith(_REACTION):
            emoji = str(payload.get("detoned") or payload.get("emoji") or "")
            if emoji not in _THUMBS:
                yield Skipped("reactions other than thumbs", emoji)
                continue
            answers = [Answer("thumbs", _THUMBS[emoji], "payload")]
        elif kind.startswith(_NOTE):
            comments = [payload.get("note")]
        else:
            is_scorer = kind.startswith(_RUNNABLE)
            yield Skipped("feedback by a judge, not a person" if is_scorer else "feedback of other types", kind)
            continue
        call_id = str(row.get("weave_ref") or "").rpartition("/")[2].partition("?")[0] or get_path(record, "id")
        fields = {
            "evaluation": context.find("evaluation", row) or call_id,
            "submitted_by": context.find("submitted_by", row, "creator", "wb_user_id"),
            "submitted_at": context.find("submitted_at", row, "created_at"),
            "external_id": row.get("id") if row is not record or "feedback_type" in record else None,
        }
        yield Review(fields, answers, comments)


def _read_scorer(row: Record) -> Iterator[Answer]:
    """Yield the answers of a scorer, which returns one value or several by name."""
    payload = as_mapping(decode(row.get("payload")))
    yield from _flatten(_kind(row).removeprefix(_RUNNABLE), payload.get("output"))


def _flatten(name: str, value: Any) -> Iterator[Answer]:
    """Yield the answers under the names in an object, or one under its own name.

    An object with one value, such as the result of a scorer that returns `{"score": 4}`, stands for that value.
    """
    if not isinstance(value, Mapping):
        yield Answer(name, value, "payload")
        return
    for key, part in value.items():
        is_own = key in ("score", "value", "output", name)
        yield Answer(name if is_own else str(key), part, "payload")


def _find_feedback(record: Record) -> list[Mapping[str, Any]]:
    return mappings(get_path(record, "summary.weave.feedback")) or mappings(record.get("feedback"))


def _kind(row: Record) -> str:
    kind = str(row.get("feedback_type") or "")
    return kind if kind.startswith((_ANNOTATION, _RUNNABLE)) else f"{kind}."


def _is_feedback(record: Record) -> bool:
    return "feedback_type" in record


def _recognizes(record: Record) -> bool:
    return _is_feedback(record) or ("op_name" in record and "inputs" in record) or has_any(record, "summary.weave")


WEAVE = Preset("W&B Weave", _read_items, _read_reviews, _recognizes, lists=("calls", "result"))
