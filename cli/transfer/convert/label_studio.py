"""Label Studio: tasks of the export format JSON with predictions and annotations."""

from collections.abc import Iterator

from cli.transfer.convert.preset import INPUT_NAMES, Preset, PresetContext, as_list, as_mapping
from cli.transfer.mapping.lines import to_identifier
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record

_OUTPUT_NAMES = ("response", "output", "answer", "completion", "text")
_ID_PATHS = ("data.external_id", "id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("data.group", "meta.group"),
    "source": ("data.source", "data.model"),
    "input": tuple(f"data.{name}" for name in INPUT_NAMES),
    "output": tuple(f"data.{name}" for name in _OUTPUT_NAMES),
    "rationale": ("data.rationale",),
}


def _read_items(record: Record, context: PresetContext) -> Iterator[Item]:
    """Yield a task as an item whose newest prediction has the judge's answers."""
    predictions = [p for p in as_list(record.get("predictions")) if isinstance(p, dict)]
    newest = max(predictions, key=lambda prediction: str(prediction.get("created_at", "")), default={})
    time = context.find("evaluated_at", newest, "created_at")
    yield Item(context.find_all(record, _PATHS) | {"evaluated_at": time}, list(_answers(newest)))


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield each annotation that was not skipped."""
    item_id = to_identifier(context.find("external_id", record, *_ID_PATHS))
    for annotation in map(as_mapping, as_list(record.get("annotations"))):
        if annotation.get("was_cancelled"):
            yield Skipped("annotations that were cancelled")
            continue
        user = annotation.get("completed_by")
        if isinstance(user, dict):
            user = user.get("email") or user.get("id")
        fields = {
            "evaluation": item_id,
            "submitted_by": user,
            "submitted_at": annotation.get("updated_at") or annotation.get("created_at"),
            "external_id": f"{item_id}:{annotation.get('id')}",
        }
        answers = list(_answers(annotation))
        yield Review(fields, answers, list(_texts(annotation)))


def _answers(source: Record) -> Iterator[Answer]:
    """Yield the ratings, numbers and choices of an annotation or prediction by the names of their controls."""
    for result in map(as_mapping, as_list(source.get("result"))):
        if result.get("type") != "textarea":
            answer = as_mapping(result.get("value")).get(str(result.get("type")))
            if isinstance(answer, list) and len(answer) == 1:
                answer = answer[0]
            yield Answer(str(result.get("from_name")), answer)


def _texts(source: Record) -> Iterator[object]:
    for result in map(as_mapping, as_list(source.get("result"))):
        if result.get("type") == "textarea":
            text = as_mapping(result.get("value")).get("textarea") or as_mapping(result.get("value")).get("text")
            yield "\n".join(map(str, text)) if isinstance(text, list) else text


LABEL_STUDIO = Preset(_read_items, _read_reviews)
