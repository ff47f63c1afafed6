"""Observations in a record, in the same form for all tools: items with a judge's answers, and people's reviews.

A tool's preset only decides on the source of each answer. The rest, such as the names of criteria, the meaning of
labels and the type of feedback, is decided in one place, `lines.LineBuilder`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a named question.

    Attributes:
        question: the question, which may be a criterion.
        value: the answer as the tool stores it.
        column: its place in the record, for messages.
    """

    question: str
    value: object
    column: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An item with the scores that an automatic judge gave.

    Attributes:
        fields: the fields of an evaluation line except scores.
        answers: the judge's answers.
    """

    fields: Mapping[str, object]
    answers: Sequence[Answer] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """One person's answers about an item.

    Attributes:
        fields: the fields that its lines of feedback share: `evaluation`, `submitted_by`, `submitted_at`,
            `external_id`.
        answers: the answers to criteria and to other questions.
        comments: texts that are no answers to a question with given choices.
    """

    fields: Mapping[str, object]
    answers: Sequence[Answer] = ()
    comments: Sequence[object] = field(default=())


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of a record that is not meant to be loaded.

    Attributes:
        reason: the reason without the value, such as "annotations that were cancelled".
        value: a sample value.
    """

    reason: str
    value: object = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A part of a record that is loaded with a meaning that people should know.

    Attributes:
        reason: the meaning without the value.
        value: a sample value.
    """

    reason: str
    value: object = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a record that should be loaded and cannot be read.

    Attributes:
        reason: the reason without the value.
        value: a sample value.
        external_id: the external id of the record or part.
    """

    reason: str
    value: object = None
    external_id: str | None = None


#: Parts of a record of the evaluations file.
ItemPart = Item | Noted | Skipped | Unreadable
#: Parts of a record of the feedback file.
ReviewPart = Review | Noted | Skipped | Unreadable
