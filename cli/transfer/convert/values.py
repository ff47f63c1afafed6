"""Finding things in records, and making scores and texts of what is found."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Record = Mapping[str, Any]
Line = dict[str, Any]

_YES = {"yes", "true", "pass"}
_NO = {"no", "false", "fail"}


@dataclass(frozen=True)
class Where:
    """What a conversion knows besides the record.

    Attributes:
        criteria: the names, keys and ids of the judge's criteria.
        fields: where to find a field of the import format, by its name: dotted paths in place of the format's own.
    """

    criteria: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str, record: Record, *usual: str) -> Any:
        """What stands where the caller says or, left to the format, at the first of the usual places."""
        for path in (self.fields[name],) if name in self.fields else usual:
            value = at(record, path)
            if value is not None:
                return value
        return None

    def scores(self, found: Mapping[str, Any]) -> dict[str, float]:
        """What is a score of one of the judge's criteria; other tools measure much besides."""
        scores = {name: number(value) for name, value in found.items() if name in self.criteria}
        return {name: score for name, score in scores.items() if score is not None}


def at(record: Any, path: str) -> Any:
    """What stands at a path such as `info.assessments.0`; None where there is nothing.

    A name that holds dots itself is found, too.
    """
    if not path:
        return record
    if isinstance(record, Mapping):
        if path in record:
            return record[path]
        for end in range(len(path) - 1, 0, -1):
            if path[end] == "." and path[:end] in record:
                return at(record[path[:end]], path[end + 1 :])
        return None
    head, _, rest = path.partition(".")
    if isinstance(record, list) and head.isdecimal() and int(head) < len(record):
        return at(record[int(head)], rest)
    return None


def number(value: Any) -> float | None:
    """A score: a number, or 1 and 0 for what says yes and no; None for anything else."""
    if isinstance(value, bool | int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _YES or word in _NO:
            return float(word in _YES)
        try:
            return number(float(word))
        except ValueError:
            return None
    return None


def verdict(value: Any) -> bool | None:
    """A yes or no; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _YES | _NO:
        return value.strip().lower() in _YES
    return None


def text(value: Any) -> str | None:
    """A text: as it is, the only one in an object, what a message says, or else as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for name in ("content", "output", "answer", "text"):
            if isinstance(value.get(name), str):
                return str(value[name])
        if len(value) == 1:
            return text(next(iter(value.values())))
    return json.dumps(value, ensure_ascii=False)


def name(value: Any) -> str | None:
    """A short text by which something is called; numbers become texts."""
    return None if value is None else value if isinstance(value, str) else json.dumps(value)


def utc(value: Any) -> Any:
    """A moment that is known to be in UTC, with its offset where it lacks one."""
    try:
        at_moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return value if at_moment.tzinfo else f"{value}Z"


def joined(parts: Iterable[str | None]) -> str | None:
    """Texts under each other; None without any."""
    return "\n".join(part for part in parts if part) or None


def line(**values: Any) -> Line:
    """A line of the import format; without what is not known."""
    return {name: value for name, value in values.items() if value is not None and value != {}}


def opinion(where: Where, answers: Mapping[str, Any], remarks: Iterable[str | None] = (), **values: Any) -> list[Line]:
    """What one person answered to named questions, as feedback.

    Answers to criteria become one correction; other yes-or-no answers an approval each; other texts and remarks a
    comment on it. Other numbers are left as corrections of criteria that the judge does not have, to be reported.
    """
    scores: dict[str, float] = {}
    approvals: list[tuple[str, bool]] = []
    comments = [*remarks]
    for question, answer in answers.items():
        score, approved = number(answer), verdict(answer)
        if question in where.criteria and score is not None:
            scores[question] = score
        elif approved is not None:
            approvals.append((question, approved))
        elif score is not None and not isinstance(answer, str):
            scores[question] = score
        else:
            comments.append(text(answer))
    comment = joined(comments)
    given: list[Line] = []
    if scores:
        given.append(line(type="correction", corrected_scores=scores, comment=comment, **values))
    for question, approved in approvals:
        own = dict(values)
        if own.get("external_id") is not None and (scores or len(approvals) > 1):
            own["external_id"] = f"{own['external_id']}:{question}"
        given.append(line(type="approval", approved=approved, comment=None if given else comment, **own))
    if not given and comment:
        given.append(line(type="comment", comment=comment, **values))
    return given
