"""Builder of import lines from observations, the one place where answers get their meaning.

An answer to a criterion is a score of the judge in an item and a correction in a review. Answers to a few well-known
questions are approvals or ratings. All other answers are reported, and texts among them become comments.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from cli.client.responses import ScaledCriterion
from cli.transfer.mapping.criteria import CriteriaByName, scale_of
from cli.transfer.mapping.labels import (
    RATING,
    LabelReader,
    UnreadableLabel,
    is_empty,
    normalize_label,
    read_yes_or_no,
)
from cli.transfer.mapping.observations import Answer, Item, Review
from cli.transfer.mapping.report import FileReport
from cli.transfer.sources.record import fold_name, show_value

#: A line of the import format before the server has checked it, so its values may have any type.
ImportLine = dict[str, object]

#: Questions whose yes or no approves or rejects the judge's scores; names are folded. Yes or no to any other question,
#: such as "contains names", is no approval.
APPROVAL_QUESTIONS = frozenset(
    {
        "approved", "approval", "approve", "accepted", "accept", "thumbs", "thumb", "thumbsup", "thumbsupdown",
        "userfeedback", "userscore", "like", "liked", "good", "helpful",
    }
)  # fmt: skip
RATING_QUESTION = "rating"
_IDENTIFIERS = ("external_id", "group", "source", "evaluation", "evaluation_id", "submitted_by", "version_id")
_TEXTS = ("input", "output", "rationale", "comment")
_TIMES = ("evaluated_at", "submitted_at")
_TEXT_NAMES = ("content", "output", "answer", "text")
_EARLIEST_MILLISECONDS = 1e11  # smaller numbers are seconds: as milliseconds they would lie before March 1973
_EARLIEST_SECONDS = 1e8
_LATEST_MILLISECONDS = 1e14

N = TypeVar("N", float, bool)
#: The first answer to each question with the name under which it is stored.
_Seen = dict[str, tuple[str, Answer]]


@dataclass
class _Verdicts:
    """The answers of one review or item by their meaning."""

    scores: dict[str, float] = field(default_factory=dict)
    ratings: dict[str, float] = field(default_factory=dict)
    approvals: dict[str, bool] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    has_reported: bool = False  # that an answer is not loaded


@dataclass(frozen=True)
class LineBuilder:
    """Builder of the lines of one file.

    Attributes:
        criteria: the judge's criteria.
        labels: reads the file's labels.
        report: receives everything that is not loaded.
        time_zone: the time zone of times without an offset, if any.
    """

    criteria: CriteriaByName
    labels: LabelReader
    report: FileReport
    time_zone: str | None = None

    def build_evaluation(self, item: Item, line: int) -> ImportLine | None:
        """Return the line of an item, or None if it is not loaded.

        Args:
            item: the item.
            line: the line on which it begins.
        """
        fields = self._convert_fields(item.fields)
        if fields.get("output") is None:
            self.report.skip("items without an output", line, fields.get("external_id"))
            return None
        verdicts = self._sort_answers(item.answers, line, fields.get("external_id"), by_judge=True)
        if not verdicts.scores:
            if not verdicts.has_reported:
                self.report.skip("items without a score by the judge", line, fields.get("external_id"))
            return None
        return fields | {"scores": verdicts.scores}

    def build_feedback(self, review: Review, line: int) -> list[ImportLine]:
        """Return the lines of a person's review: a correction, ratings and approvals, or a comment.

        Args:
            review: the review.
            line: the line on which it begins.
        """
        fields = self._convert_fields(review.fields)
        verdicts = self._sort_answers(review.answers, line, fields.get("external_id"), by_judge=False)
        texts = (to_text(comment) for comment in review.comments if not is_empty(comment))
        comment = "\n".join([*verdicts.comments, *(text for text in texts if text)]) or None
        kind = fields.pop("type", None)
        if kind is not None:
            return [_build_typed(fields, kind, verdicts, comment)]
        lines = _build_by_type(fields, verdicts, comment)
        if not lines and not verdicts.has_reported:
            self.report.skip("reviews without a score or comment", line, fields.get("external_id"))
        return lines

    def _convert_fields(self, fields: Mapping[str, object]) -> ImportLine:
        converted: ImportLine = {}
        for name, value in fields.items():
            if name in _IDENTIFIERS:
                value = to_identifier(value)
            elif name in _TEXTS:
                value = to_text(value)
            elif name in _TIMES:
                value = to_time(value, self.time_zone)
            if value is not None:
                converted[name] = value
        return converted

    def _sort_answers(self, answers: Sequence[Answer], line: int, external_id: object, *, by_judge: bool) -> _Verdicts:
        """Return answers by their meaning, and report those that have none.

        Args:
            answers: the answers.
            line: the line of the record.
            external_id: the record's external id, if any.
            by_judge: whether the judge gave them, so that only scores of criteria count.
        """
        verdicts = _Verdicts()
        seen: _Seen = {}
        for answer in answers:
            try:
                self._sort_answer(answer, verdicts, seen, line, by_judge=by_judge)
            except UnreadableLabel as error:
                verdicts.has_reported = True
                place = f" (column {answer.column})" if answer.column not in ("", answer.question) else ""
                self.report.refuse(
                    f"{answer.question}: {_without_label(str(error))}",
                    line,
                    answer.value,
                    message=f"{answer.question}{place}: {show_value(answer.value)} {error}.",
                    external_id=external_id if isinstance(external_id, str) else None,
                )
        return verdicts

    def _sort_answer(self, answer: Answer, verdicts: _Verdicts, seen: _Seen, line: int, *, by_judge: bool) -> None:
        criterion = self.criteria.find(answer.question)
        folded = fold_name(answer.question)
        if criterion is not None:
            name = _name_for_server(criterion, answer.question)
            score = self.labels.read_score(scale_of(criterion), answer.value)
            _place(verdicts.scores, seen, criterion["id"], name, score, answer)
        elif by_judge:
            if not is_empty(answer.value):
                self.report.skip("scores whose name is no criterion of the judge", line, answer.question)
        elif folded == RATING_QUESTION:
            rating = self.labels.read_score(RATING, answer.value)
            _place(verdicts.ratings, seen, folded, answer.question, rating, answer)
        elif folded in APPROVAL_QUESTIONS:
            approved = self.labels.read_approval(answer.value)
            _place(verdicts.approvals, seen, folded, answer.question, approved, answer)
        elif not is_empty(answer.value):
            self._keep_other_answer(answer, verdicts, line)

    def _keep_other_answer(self, answer: Answer, verdicts: _Verdicts, line: int) -> None:
        """Turn a text into a comment and report it; report any other answer."""
        if isinstance(answer.value, str) and read_yes_or_no(answer.value) is None and not _is_number(answer.value):
            self.report.change(
                f"answers to {answer.question!r}, which is no criterion of the judge, became comments",
                line,
                answer.value,
            )
            verdicts.comments.append(answer.value)
        else:
            verdicts.has_reported = True
            self.report.skip("answers to questions that are no criteria of the judge", line, answer.question)


def to_text(value: object) -> str | None:
    """Return a text: the string itself, the only value of an object, the content of a message, or else JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for name in _TEXT_NAMES:
            if isinstance(value.get(name), str):
                return str(value[name])
        if len(value) == 1:
            return to_text(next(iter(value.values())))
    return json.dumps(value, ensure_ascii=False, default=str)


def to_identifier(value: object) -> str | None:
    """Return the text that identifies something, trimmed; numbers become texts, and empty texts None."""
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else json.dumps(value, default=str)
    return text or None


def to_time(value: object, time_zone: str | None = None) -> object:
    """Return a time as ISO 8601, and anything that is no time as it is, so that the server reports it.

    Args:
        value: a text, or seconds or milliseconds since 1970.
        time_zone: the time zone of times without an offset; without it they stay as they are.
    """
    if isinstance(value, bool) or value is None or value == "":
        return value or None
    if isinstance(value, int | float):
        if not _EARLIEST_SECONDS <= value < _LATEST_MILLISECONDS:
            return value
        seconds = value / 1000 if value >= _EARLIEST_MILLISECONDS else value
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    try:
        time = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return value
    if time is None or time.tzinfo is not None or time_zone is None:
        return value.strip() if isinstance(value, str) else value
    return time.replace(tzinfo=ZoneInfo(time_zone)).isoformat()


def derive_item_id(input_text: object, output: object) -> str:
    """Return an external id for an item without one: a digest of its texts, the same for items and their reviews."""
    content = json.dumps([to_text(input_text), to_text(output)]).encode()
    return f"item-{hashlib.sha256(content).hexdigest()[:40]}"


def _place(places: dict[str, N], seen: _Seen, key: str, name: str, value: N | None, answer: Answer) -> None:
    """Add a value unless the same question has another value already, of which neither counts then.

    Args:
        places: the values by name.
        seen: the answers so far by key.
        key: identifies the question.
        name: the name under which the value is stored.
        value: the value; None if nothing was answered.
        answer: the answer.

    Raises:
        UnreadableLabel: the question has two different answers.
    """
    if value is None:
        return
    if key not in seen:
        seen[key] = (name, answer)
        places[name] = value
        return
    first_name, first = seen[key]
    if places.get(first_name) != value:
        places.pop(first_name, None)
        raise UnreadableLabel(f"is a second answer beside {show_value(first.value)}; neither is loaded")


def _build_typed(fields: ImportLine, kind: object, verdicts: _Verdicts, comment: str | None) -> ImportLine:
    """Return one line of a given type with everything that was answered.

    Args:
        fields: the shared fields.
        kind: the type.
        verdicts: the answers.
        comment: the comment, if any.
    """
    line = {"type": kind, "comment": comment, "corrected_scores": verdicts.scores or None, **fields}
    line["rating"] = next(iter(verdicts.ratings.values()), None)
    line["approved"] = next(iter(verdicts.approvals.values()), None)
    return {name: value for name, value in line.items() if value is not None}


def _build_by_type(fields: ImportLine, verdicts: _Verdicts, comment: str | None) -> list[ImportLine]:
    """Return the lines of a review, of which the first has the comment.

    Args:
        fields: the shared fields.
        verdicts: the answers.
        comment: the comment, if any.
    """
    lines: list[ImportLine] = []
    if verdicts.scores:
        lines.append({"type": "correction", "corrected_scores": verdicts.scores})
    lines += [{"type": "rating", "rating": rating} for rating in verdicts.ratings.values()]
    named = list(verdicts.approvals.items())
    lines += [{"type": "approval", "approved": approved} for _, approved in named]
    questions = [*[None] * (len(lines) - len(named)), *[question for question, _ in named]]
    if not lines and comment is not None:
        lines.append({"type": "comment"})
        questions.append(None)
    for position, (line, question) in enumerate(zip(lines, questions, strict=True)):
        own = dict(fields)
        is_extra = position > 0 or (question is not None and len(named) > 1)
        if own.get("external_id") is not None and is_extra:
            own["external_id"] = f"{own['external_id']}:{question or line['type']}"
        line |= own
        if position == 0 and comment is not None:
            line["comment"] = comment
    return lines


def _name_for_server(criterion: ScaledCriterion, question: str) -> str:
    """Return a name of a criterion that the server knows: the one in the file if it is exact."""
    return question if question in (criterion["name"], criterion["key"], criterion["id"]) else criterion["id"]


def _without_label(message: str) -> str:
    """Return a message without the part that quotes the label, so that equal problems are counted together."""
    return message.partition("; give the label")[0].partition(" beside ")[0]


def _is_number(text: str) -> bool:
    try:
        float(normalize_label(text).replace("_", "x"))
    except ValueError:
        return False
    return True
