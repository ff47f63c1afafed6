"""Presets: the places in which other tools keep items, a judge's scores and people's feedback."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.transfer.mapping.criteria import CriteriaByName
from cli.transfer.mapping.layout import JUDGE_KINDS, PERSON_KINDS
from cli.transfer.mapping.lines import APPROVAL_QUESTIONS
from cli.transfer.mapping.observations import Answer, Item, ItemPart, Review, ReviewPart
from cli.transfer.mapping.options import FileOptions
from cli.transfer.sources.record import Record, SourceRecord, fold_name, get_path

INPUT_NAMES = ("prompt", "instruction", "question", "input", "query", "context")
SCORER = "judgesmith"
UNCLEAR_RATER = (
    "scores of which it is not known if a person or a judge gave them (choose them with --where, or name their kind "
    "with --field judge_source=KIND or person_source=KIND)"
)
_KINDS = (("judge_source", False), ("person_source", True))


@dataclass(frozen=True)
class PresetContext:
    """The criteria and the options that a preset uses for every record.

    Attributes:
        criteria: the judge's criteria.
        options: the options of the file, of which places of fields replace the tool's own.
        used: the places at which fields were found, by field, filled while records are read.
    """

    criteria: CriteriaByName
    options: FileOptions = field(default_factory=FileOptions)
    used: dict[str, str] = field(default_factory=dict)

    def find(self, name: str, record: Record, *paths: str) -> Any:
        """Return a field's value, or None if there is none.

        Args:
            name: the field of the import format.
            record: the record.
            paths: the tool's paths, of which the first with a value counts unless the options have another.
        """
        given = self.options.fields.get(name)
        for path in paths if given is None else (given,):
            value = get_path(record, path)
            if value is not None:
                self.used.setdefault(name, path)
                return value
        return None

    def find_item(self, record: Record, *paths: str) -> Any:
        """Return the id of the item that a review is about, at the place of an item's id in the same file.

        Args:
            record: the record.
            paths: the tool's paths, which the options may replace.
        """
        given = self.options.fields.get("evaluation", self.options.fields.get("external_id"))
        for path in paths if given is None else (given,):
            value = get_path(record, path)
            if value is not None:
                self.used.setdefault("evaluation", path)
                return value
        return None

    # Any: values of a tool's record are of any shape.
    def find_all(self, record: Record, paths: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        """Return the values of several fields.

        Args:
            record: the record.
            paths: the tool's paths by field.
        """
        return {name: self.find(name, record, *alternatives) for name, alternatives in paths.items()}

    def is_criterion(self, name: str) -> bool:
        """Return whether a name is that of a criterion of the judge."""
        return self.criteria.find(name) is not None

    def is_by_person(self, kind: object, question: str) -> bool | None:
        """Return whether a person and not a judge gave an answer, or None if it is not known.

        A kind of rater that may be either counts for thumbs and the like, and if the options name it.

        Args:
            kind: the kind of rater as the tool states it.
            question: the answered question.
        """
        folded = fold_name(str(kind))
        for name, is_person in _KINDS:
            if folded == fold_name(self.options.fields.get(name, "")):
                return is_person
        if folded in JUDGE_KINDS:
            return False
        if folded in PERSON_KINDS:
            return True
        return True if fold_name(question) in APPROVAL_QUESTIONS and not self.is_criterion(question) else None

    def is_chosen(self, kind: object) -> bool:
        """Return whether a condition chose the records of a kind of rater."""
        folded = fold_name(str(kind))
        return any(
            folded in {fold_name(value) for value in one.values} for one in self.options.filters if not one.is_negated
        )

    def named_answers(self, record: Record) -> list[Answer]:
        """Return the answers at the places that the options name for criteria."""
        places = {name: place for name, place in self.options.fields.items() if self.is_criterion(name)}
        return [Answer(name, get_path(record, place), place) for name, place in places.items()]


@dataclass(frozen=True)
class Preset:
    """The format of another tool.

    Attributes:
        tool: the tool's name, for people.
        read_items: returns the items with the judge's answers in a record.
        read_reviews: returns people's reviews in a record.
        recognizes: returns whether a record has the shape of this format.
        ids: the paths of an item's id.
        lists: the paths of the list of records in a file of one object.
        is_grouped: whether an item may be spread over several records.
        derive_id: returns an item's id where it is not at a path.
    """

    tool: str
    read_items: Callable[[Record, PresetContext], Iterable[ItemPart]]
    read_reviews: Callable[[Record, PresetContext], Iterable[ReviewPart]]
    recognizes: Callable[[Record], bool]
    ids: tuple[str, ...] = ("id",)
    lists: tuple[str, ...] = ()
    is_grouped: bool = False
    derive_id: Callable[[Record, PresetContext], str | None] | None = None

    def evaluations(self, record: Record, context: PresetContext) -> Iterator[ItemPart]:
        """Yield the items in a record; answers at places that the options name replace the tool's.

        Args:
            record: the record.
            context: the criteria and options.
        """
        named = context.named_answers(record)
        criteria = [context.criteria.find(answer.question) for answer in named]
        for part in self.read_items(record, context):
            if named and isinstance(part, Item):
                others = [answer for answer in part.answers if context.criteria.find(answer.question) not in criteria]
                part = Item(part.fields, [*others, *named])
            yield part

    def feedback(self, record: Record, context: PresetContext) -> Iterator[ReviewPart]:
        """Yield the reviews in a record, and one with the answers at places that the options name.

        Args:
            record: the record.
            context: the criteria and options.
        """
        yield from self.read_reviews(record, context)
        named = context.named_answers(record)
        if any(answer.value is not None for answer in named):
            item_id = context.find_item(record, *self.ids)
            if item_id is None and self.derive_id is not None:
                item_id = self.derive_id(record, context)
            others = {name: context.find(name, record) for name in ("submitted_by", "submitted_at")}
            yield Review({"evaluation": item_id} | others, named, [context.find("comment", record)])

    def split(self, records: Iterable[SourceRecord]) -> Iterator[SourceRecord]:
        """Yield the records of a file; an object that holds the list of records is replaced by them."""
        for record in records:
            path = next((path for path in self.lists if isinstance(get_path(record.data, path), list)), None)
            if path is None:
                yield record
                continue
            found = get_path(record.data, path)
            if not found:
                yield SourceRecord(record.number, None, f"The list of records at {path!r} is empty.")
            for number, one in enumerate(found, 1):
                problem = "" if isinstance(one, Mapping) else "A record is one JSON object."
                yield SourceRecord(number, None if problem else one, problem)


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list."""
    return [one for one in as_list(value) if isinstance(one, Mapping)]


def has_any(record: Record, *paths: str) -> bool:
    """Return whether a record has a value at one of several paths.

    Args:
        record: the record.
        paths: the paths.
    """
    return any(get_path(record, path) is not None for path in paths)


def is_own_scorer(rater: object) -> bool:
    """Return whether a rater's name is the one under which `export --scores` writes."""
    return isinstance(rater, str) and rater.startswith(f"{SCORER}/")


def decode(value: Any) -> Any:
    """Return the value that a JSON text holds, and anything else as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "[", '"'):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def find_last_message(value: Any) -> Any:
    """Return the content of the last message of a conversation, and anything else as it is."""
    found = decode(value)
    messages = found.get("messages", found.get("choices")) if isinstance(found, Mapping) else found
    if not isinstance(messages, list) or not messages or not isinstance(messages[-1], Mapping):
        return found
    last = as_mapping(messages[-1].get("message")) or messages[-1]
    content = last.get("content")
    parts = [part.get("text") for part in mappings(content)]
    return "\n".join(map(str, parts)) if parts and all(parts) else found if content is None else content


def assume_utc(value: Any) -> Any:
    """Return a timestamp with the offset of UTC if it has none, and anything else as it is."""
    try:
        timestamp = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return value if timestamp.tzinfo else f"{value}Z"


def join_texts(parts: Iterable[object]) -> str | None:
    """Return texts as lines below each other, or None if there are none."""
    return "\n".join(part for part in parts if isinstance(part, str) and part) or None


def join_reasons(reasons: Sequence[tuple[str, object]]) -> str | None:
    """Return the reasons for scores as lines, each after the name of its score, or None if there are none."""
    return join_texts(f"{name}: {reason}" for name, reason in reasons if isinstance(reason, str) and reason)
