"""Argilla: records of version 2 (nested, flat, or as columns) and of version 1, with suggestions and responses."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from cli.transfer.convert.preset import (
    INPUT_NAMES,
    Preset,
    PresetContext,
    as_list,
    as_mapping,
    decode,
    find_last_message,
    mappings,
)
from cli.transfer.mapping.lines import to_identifier
from cli.transfer.mapping.observations import Answer, Item, Noted, Review, Skipped
from cli.transfer.sources.record import Record

_OUTPUT_NAMES = ("response", "output", "answer", "completion", "generation", "text")
_ID_PATHS = ("external_id", "id", "_server_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("metadata.group", "group"),
    "source": ("metadata.source", "metadata.model", "source", "model"),
    "input": tuple(f"{place}{name}" for place in ("fields.", "") for name in INPUT_NAMES),
    "output": tuple(f"{place}{name}" for place in ("fields.", "") for name in _OUTPUT_NAMES),
    "rationale": (),
    "evaluated_at": (),
}
_RESPONSES, _USERS, _STATUS = ".responses", ".responses.users", ".responses.status"
_SUGGESTIONS = (".suggestion", "-suggestion")


class _Response(NamedTuple):
    """One user's answer to one question."""

    question: str
    user: str | None
    status: str
    value: Any
    time: Any = None


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a record as an item whose suggestions are the judge's answers."""
    answers = []
    for question, suggestion in _find_suggestions(record):
        if as_mapping(suggestion).get("type") == "human":
            yield Skipped("suggestions by people", question)
            continue
        value = suggestion["value"] if isinstance(suggestion, Mapping) and "value" in suggestion else suggestion
        answers.append(Answer(question, value, "suggestions"))
    fields = context.find_all(record, _PATHS)
    for name in ("input", "output"):
        if name not in context.options.fields and not isinstance(fields[name], str):
            fields[name] = find_last_message(fields[name])
    yield Item(fields, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Noted | Skipped]:
    """Yield the submitted answers of each user about a record."""
    answers_by_user: dict[str | None, list[Answer]] = {}
    times: dict[str | None, Any] = {}
    responses = list(_find_responses(record))
    if "suggestions" in record and any(one.status == "" for one in responses):
        yield Noted("responses whose status is not in the export, so that drafts may be among them", "no status")
    for response in responses:
        if response.status in ("draft", "discarded"):
            yield Skipped("responses that are drafts or discarded", response.status)
            continue
        answers_by_user.setdefault(response.user, []).append(Answer(response.question, response.value, "responses"))
        times.setdefault(response.user, response.time)
    item_id = to_identifier(context.find_item(record, *_ID_PATHS))
    for user, answers in answers_by_user.items():
        fields = {
            "evaluation": item_id,
            "submitted_by": user,
            "submitted_at": times[user] or context.find("submitted_at", record, "updated_at"),
            "external_id": f"{item_id}:{user}",
        }
        yield Review(fields, answers)


def _find_suggestions(record: Record) -> Iterator[tuple[str, Any]]:
    """Yield questions with their suggestions: an object by question, a list, or one column for each."""
    given = decode(record.get("suggestions"))
    if isinstance(given, Mapping):
        yield from given.items()
    for suggestion in mappings(given):
        yield str(suggestion.get("question_name") or as_mapping(suggestion.get("question")).get("name")), suggestion
    for column, value in record.items():
        for suffix in _SUGGESTIONS:
            if column.endswith(suffix) and value is not None:
                yield column.removesuffix(suffix), decode(value)


def _find_responses(record: Record) -> Iterator[_Response]:
    """Yield the answers: an object by question, a list of users' answers, or columns for each question."""
    given = decode(record.get("responses"))
    if isinstance(given, Mapping):
        for question, responses in given.items():
            for one in mappings(responses):
                yield _to_response(question, one, one.get("value"))
    for one in mappings(given):
        answers = as_mapping(one.get("values"))
        for question, answer in answers.items():
            yield _to_response(question, one, as_mapping(answer).get("value"))
        if not answers and one.get("status") in ("draft", "discarded"):
            yield _to_response("", one, None)
    yield from _find_columns(record)


def _find_columns(record: Record) -> Iterator[_Response]:
    """Yield the answers in columns: three for each question in version 2, one in version 1."""
    for column, value in record.items():
        if column.endswith(_RESPONSES):
            question = column.removesuffix(_RESPONSES)
            columns = [as_list(decode(record.get(question + suffix))) for suffix in (_RESPONSES, _USERS, _STATUS)]
            for answer, user, status in zip_longest(*columns):
                yield _Response(question, to_identifier(user), _to_status(status), answer)
        elif f"{column}-suggestion" in record:
            for one in mappings(decode(value)):
                yield _to_response(column, one, one.get("value"))


def _to_response(question: str, response: Record, value: Any) -> _Response:
    user, status = to_identifier(response.get("user_id")), _to_status(response.get("status"))
    return _Response(question, user, status, value, response.get("updated_at"))


def _to_status(status: object) -> str:
    return str(status or "").rpartition(".")[2]


def _recognizes(record: Record) -> bool:
    if isinstance(record.get("fields"), Mapping) and ("responses" in record or "suggestions" in record):
        return True
    return any(column.endswith((_RESPONSES, *_SUGGESTIONS)) for column in record)


ARGILLA = Preset("Argilla", _read_items, _read_reviews, _recognizes, _ID_PATHS, lists=("items", "records"))
