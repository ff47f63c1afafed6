"""Presets: functions that return the observations in one record of another tool."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.transfer.mapping.criteria import CriteriaByName
from cli.transfer.mapping.observations import ItemPart, ReviewPart
from cli.transfer.sources.record import Record, get_path

INPUT_NAMES = ("prompt", "instruction", "question", "input", "query", "context")


@dataclass(frozen=True)
class PresetContext:
    """The criteria and the places of fields that a preset uses for every record.

    Attributes:
        criteria: the judge's criteria.
        fields: dotted paths by the name of a field of the import format, in place of the tool's own paths.
    """

    criteria: CriteriaByName
    fields: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str, record: Record, *paths: str) -> Any:
        """Return a field's value, or None if there is none.

        Args:
            name: the field of the import format.
            record: the record.
            paths: the tool's paths, of which the first with a value counts unless `fields` has another.
        """
        for path in (self.fields[name],) if name in self.fields else paths:
            value = get_path(record, path)
            if value is not None:
                return value
        return None

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


@dataclass(frozen=True)
class Preset:
    """The two functions of a tool: the items with the judge's answers in a record, and people's reviews in it."""

    evaluations: Callable[[Record, PresetContext], Iterable[ItemPart]]
    feedback: Callable[[Record, PresetContext], Iterable[ReviewPart]]


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []


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
