"""Label Studio: tasks with predictions and annotations (JSON), and one annotation per record (JSON-MIN, CSV)."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.transfer.convert.preset import (
    INPUT_NAMES,
    Preset,
    PresetContext,
    as_mapping,
    decode,
    is_own_scorer,
    mappings,
)
from cli.transfer.mapping.lines import APPROVAL_QUESTIONS, RATING_QUESTION, to_identifier
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped, Unreadable
from cli.transfer.sources.record import Record, fold_name, get_path

_OUTPUT_NAMES = ("response", "output", "answer", "completion", "text")
_ID_PATHS = ("data.external_id", "external_id", "id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("data.group", "meta.group", "group"),
    "source": ("data.source", "data.model", "source", "model"),
    "input": tuple(f"{place}{name}" for place in ("data.", "") for name in INPUT_NAMES),
    "output": tuple(f"{place}{name}" for place in ("data.", "") for name in _OUTPUT_NAMES),
    "rationale": ("data.rationale", "rationale"),
}
_PART_MARKS = frozenset({"start", "end", "startOffset", "x", "y", "width", "height", "channel"})
_MIN_KINDS = ("rating", "number", "choices", "text")
_QUESTIONS = frozenset({RATING_QUESTION, *APPROVAL_QUESTIONS})
_COMMENTS = ("comment", "comments", "notes")
_PARTS = "scores of single parts of an item (per region or per item of a list), of which none is the whole item's"


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped | Unreadable]:
    """Yield a task as an item whose newest prediction has the judge's answers."""
    predictions = record.get("predictions")
    if isinstance(predictions, list) and any(not isinstance(one, Mapping) for one in predictions):
        yield Skipped("predictions that are only ids; export them with the tasks", record.get("id"))
    given = [one for one in mappings(predictions) if not is_own_scorer(one.get("model_version"))]
    if len(given) < len(mappings(predictions)):
        yield Skipped("predictions that Judgesmith wrote", record.get("id"))
    newest = max(given, key=lambda one: str(one.get("created_at", "")), default={})
    answers = []
    for part in _read_results(newest, context):
        if isinstance(part, Answer):
            answers.append(part)
        elif not isinstance(part, str):
            yield part
    time = context.find("evaluated_at", newest, "created_at")
    yield Item(context.find_all(record, _PATHS) | {"evaluated_at": time}, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped | Unreadable]:
    """Yield each annotation that was submitted and not rejected."""
    item_id = to_identifier(context.find_item(record, *_ID_PATHS))
    if _is_minimal(record):
        yield _read_minimal(record, item_id, context)
        return
    for annotation in mappings(record.get("annotations") or record.get("completions")):
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            yield Skipped("annotations that were cancelled or skipped")
            continue
        reviews = mappings(annotation.get("reviews"))
        if reviews and reviews[-1].get("accepted") is False:
            yield Skipped("annotations that a reviewer rejected", annotation.get("id"))
            continue
        answers: list[Answer] = []
        texts: list[object] = []
        for part in _read_results(annotation, context):
            if isinstance(part, Answer):
                answers.append(part)
            elif isinstance(part, str):
                texts.append(part)
            else:
                yield part
        fields = {
            "evaluation": item_id,
            "submitted_by": _find_user(annotation.get("completed_by")),
            "submitted_at": annotation.get("updated_at") or annotation.get("created_at"),
            "external_id": f"{item_id}:{annotation.get('id')}",
        }
        yield Review(fields, answers, texts)


def _read_results(source: Record, context: PresetContext) -> Iterator[Answer | str | Skipped | Unreadable]:
    """Yield the answers of an annotation or prediction by the names of their controls, and its texts."""
    for result in mappings(source.get("result")):
        kind, name = str(result.get("type")), str(result.get("from_name"))
        value = as_mapping(result.get("value"))
        answer = value.get(kind, value.get("text") if kind == "textarea" else None)
        if kind == "pairwise":
            yield Skipped("comparisons of two outputs, which are no scores", value.get("selected"))
        elif kind == "textarea":
            yield "\n".join(map(str, answer)) if isinstance(answer, list) else str(answer or "")
        elif result.get("item_index") is not None or _PART_MARKS & set(value):
            yield Unreadable(f"{name}: {_PARTS}", answer) if context.is_criterion(name) else Skipped(_PARTS, name)
        else:
            yield Answer(name, _unwrap(answer), name)


def _read_minimal(record: Record, item_id: str | None, context: PresetContext) -> Review:
    """Return the annotation in a record of JSON-MIN or CSV, whose controls are keys beside the task's data.

    In JSON-MIN the controls stand between the keys `id` and `annotator`. In a table, where columns are sorted, a bare
    text or number may be data of the task, so that it counts only under the name of a criterion or for thumbs.

    Args:
        record: the record.
        item_id: the item's external id.
        context: the criteria and options.
    """
    names = list(record)
    controls = set(names[names.index("id") + 1 : names.index("annotator")]) if {"id", "annotator"} <= set(names) else ()
    comment = context.find("comment", record, *(name for name in _COMMENTS if name not in controls))
    answers, texts = [], [comment]
    for name, value in record.items():
        found = decode(value)
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        if isinstance(found, Mapping):
            kind = next((kind for kind in _MIN_KINDS if kind in found), None)
            if kind == "text":
                texts.append("\n".join(map(str, found[kind])) if isinstance(found[kind], list) else found[kind])
            elif kind is not None:
                answers.append(Answer(name, _unwrap(found[kind]), name))
        elif name in controls or context.is_criterion(name) or fold_name(name) in _QUESTIONS:
            answers.append(Answer(name, found, name))
    fields = {
        "evaluation": item_id,
        "submitted_by": context.find("submitted_by", record, "annotator"),
        "submitted_at": record.get("updated_at") or record.get("created_at"),
        "external_id": f"{item_id}:{record.get('annotation_id')}",
    }
    return Review(fields, answers, texts)


def _unwrap(answer: Any) -> Any:
    return answer[0] if isinstance(answer, list) and len(answer) == 1 else answer


def _find_user(user: Any) -> Any:
    return get_path(user, "email") or get_path(user, "id") if isinstance(user, Mapping) else user


def _is_minimal(record: Record) -> bool:
    return "annotation_id" in record or ("annotator" in record and "annotations" not in record)


def _recognizes(record: Record) -> bool:
    if isinstance(record.get("data"), Mapping) and any(
        name in record for name in ("annotations", "completions", "predictions")
    ):
        return True
    return "annotation_id" in record and "annotator" in record


LABEL_STUDIO = Preset("Label Studio", _read_items, _read_reviews, _recognizes, _ID_PATHS)
