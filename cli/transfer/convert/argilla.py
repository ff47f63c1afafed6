"""Argilla 2: records of `dataset.records.to_json()` or `to_list()` with suggestions and responses."""

from collections.abc import Iterator

from cli.transfer.convert.preset import INPUT_NAMES, Preset, PresetContext, as_list, as_mapping
from cli.transfer.mapping.lines import to_identifier
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_OUTPUT_NAMES = ("response", "output", "answer", "completion", "generation", "text")
_ID_PATHS = ("id", "_server_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("metadata.group",),
    "source": ("metadata.source", "metadata.model"),
    "input": tuple(f"fields.{name}" for name in INPUT_NAMES),
    "output": tuple(f"fields.{name}" for name in _OUTPUT_NAMES),
    "rationale": (),
    "evaluated_at": (),
}


def _read_items(record: Record, context: PresetContext) -> Iterator[Item]:
    """Yield a record as an item whose suggestions are the judge's answers."""
    suggested = as_mapping(record.get("suggestions"))
    answers = [Answer(question, get_path(given, "value")) for question, given in suggested.items()]
    yield Item(context.find_all(record, _PATHS), answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield the submitted answers of each user about a record."""
    answers_by_user: dict[str | None, list[Answer]] = {}
    for question, responses in as_mapping(record.get("responses")).items():
        for response in map(as_mapping, as_list(responses)):
            if response.get("status") in ("draft", "discarded"):
                yield Skipped("responses that are drafts or discarded", response.get("status"))
                continue
            user = to_identifier(response.get("user_id"))
            answers_by_user.setdefault(user, []).append(Answer(question, response.get("value")))
    item_id = to_identifier(context.find("external_id", record, *_ID_PATHS))
    for user, answers in answers_by_user.items():
        fields = {
            "evaluation": item_id,
            "submitted_by": user,
            "submitted_at": context.find("submitted_at", record, "updated_at"),
            "external_id": f"{item_id}:{user}",
        }
        yield Review(fields, answers)


ARGILLA = Preset(_read_items, _read_reviews)
