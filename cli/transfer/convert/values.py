"""Lookup of values in records and their conversion to the values of the import format."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: A decoded JSON object of another tool, whose values may have any type.
Record = Mapping[str, Any]
#: A line of the import format before the server has checked it, so its values may have any type.
ImportLine = dict[str, object]

INPUT_NAMES = ("prompt", "instruction", "question", "input", "query", "context")
_YES = {"yes", "true", "pass"}
_NO = {"no", "false", "fail"}


@dataclass(frozen=True)
class ConversionContext:
    """The criteria and the field paths that a conversion uses for every record.

    Attributes:
        criteria: the names, keys and ids of the judge's criteria.
        fields: dotted paths by the name of a field of the import format, in place of the format's own paths.
    """

    criteria: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str, record: Record, *paths: str) -> Any:
        """Return a field's value, or None if there is none.

        Args:
            name: the field of the import format.
            record: the record.
            paths: the format's paths, of which the first with a value counts unless `fields` has another.
        """
        for path in (self.fields[name],) if name in self.fields else paths:
            value = get_path(record, path)
            if value is not None:
                return value
        return None

    def scores(self, values: Mapping[str, object]) -> dict[str, float]:
        """Return the values that are scores of the judge's criteria; other tools measure more than those."""
        scores = {name: to_score(value) for name, value in values.items() if name in self.criteria}
        return {name: score for name, score in scores.items() if score is not None}


def get_path(record: Any, path: str) -> Any:
    """Return the value at a path such as `info.assessments.0`, or None if there is none.

    A name that contains dots itself is found too.
    """
    if not path:
        return record
    if isinstance(record, Mapping):
        if path in record:
            return record[path]
        for end in range(len(path) - 1, 0, -1):
            if path[end] == "." and path[:end] in record:
                return get_path(record[path[:end]], path[end + 1 :])
        return None
    head, _, rest = path.partition(".")
    if isinstance(record, list) and head.isdecimal() and int(head) < len(record):
        return get_path(record[int(head)], rest)
    return None


def to_score(value: object) -> float | None:
    """Return a number as a score, 1 and 0 for yes and no, and None for anything else."""
    if isinstance(value, bool | int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _YES or word in _NO:
            return float(word in _YES)
        try:
            return to_score(float(word))
        except ValueError:
            return None
    return None


def to_bool(value: object) -> bool | None:
    """Return a yes or no as a bool, and None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _YES | _NO:
        return value.strip().lower() in _YES
    return None


def to_text(value: object) -> str | None:
    """Return a text: the string itself, the only value of an object, the content of a message, or else JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for name in ("content", "output", "answer", "text"):
            if isinstance(value.get(name), str):
                return str(value[name])
        if len(value) == 1:
            return to_text(next(iter(value.values())))
    return json.dumps(value, ensure_ascii=False)


def to_identifier(value: object) -> str | None:
    """Return the text that identifies something; numbers become texts."""
    return None if value is None else value if isinstance(value, str) else json.dumps(value)


def assume_utc(value: Any) -> Any:
    """Return a timestamp with the offset of UTC if it has none, and anything else as it is."""
    try:
        timestamp = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return value if timestamp.tzinfo else f"{value}Z"


def join_texts(parts: Iterable[str | None]) -> str | None:
    """Return texts as lines below each other, or None if there are none."""
    return "\n".join(part for part in parts if part) or None


def build_line(**values: object) -> ImportLine:
    """Return a line of the import format without the values that are None or empty objects."""
    return {name: value for name, value in values.items() if value is not None and value != {}}


_CONVERSIONS: Mapping[str, Callable[[object], object]] = {
    "external_id": to_identifier,
    "group": to_identifier,
    "source": to_identifier,
    "input": to_text,
    "output": to_text,
}


def build_evaluation(
    context: ConversionContext, record: Record, paths: Mapping[str, tuple[str, ...]], **values: object
) -> ImportLine:
    """Return a line of evaluations.

    Args:
        context: the criteria and the field paths.
        record: the record of the item.
        paths: the format's paths by the field of the import format.
        values: further fields, or values in place of those found.
    """
    found = {name: context.find(name, record, *alternatives) for name, alternatives in paths.items()}
    converted = {name: _CONVERSIONS[name](value) if name in _CONVERSIONS else value for name, value in found.items()}
    return build_line(**(converted | values))


def build_feedback(
    context: ConversionContext, answers: Mapping[str, object], remarks: Iterable[str | None] = (), **values: object
) -> list[ImportLine]:
    """Return one person's answers to named questions as lines of feedback.

    Answers to criteria become one correction. Each other yes-or-no answer becomes an approval. Other texts and remarks
    become a comment on the first line. Other numbers stay as corrections of criteria that the judge does not have, so
    that the server reports them.

    Args:
        context: the judge's criteria.
        answers: the answers by question.
        remarks: texts that are no answers.
        values: the fields that all lines share.
    """
    scores: dict[str, float] = {}
    approvals: list[tuple[str, bool]] = []
    comments = [*remarks]
    for question, answer in answers.items():
        score, approved = to_score(answer), to_bool(answer)
        if question in context.criteria and score is not None:
            scores[question] = score
        elif approved is not None:
            approvals.append((question, approved))
        elif score is not None and not isinstance(answer, str):
            scores[question] = score
        else:
            comments.append(to_text(answer))
    comment = join_texts(comments)
    lines: list[ImportLine] = []
    if scores:
        lines.append(build_line(type="correction", corrected_scores=scores, comment=comment, **values))
    for question, approved in approvals:
        own = dict(values)
        if own.get("external_id") is not None and (scores or len(approvals) > 1):
            own["external_id"] = f"{own['external_id']}:{question}"
        lines.append(build_line(type="approval", approved=approved, comment=None if lines else comment, **own))
    if not lines and comment:
        lines.append(build_line(type="comment", comment=comment, **values))
    return lines
