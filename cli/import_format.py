"""Types of the import format, for code that writes it: judge files and lines of evaluations and feedback.

The rules for them are in `cli/transfer/judge_file.py` and `models/bulk/lines.py`; importing those takes a moment.
"""

from typing import NotRequired, TypedDict


class CriterionDescription(TypedDict):
    """A criterion of a judge file."""

    name: str
    key: NotRequired[str]
    description: NotRequired[str]
    min: NotRequired[float]
    max: NotRequired[float]
    step: NotRequired[float]


class JudgeDescription(TypedDict):
    """A judge file."""

    name: str
    criteria: list[CriterionDescription]
    id: NotRequired[str]
    description: NotRequired[str]


class EvaluationLine(TypedDict):
    """A line of an evaluations file."""

    external_id: str
    group: str
    source: NotRequired[str]
    input: str
    output: str
    rationale: NotRequired[str]
    scores: dict[str, float]
    evaluated_at: NotRequired[str]


class FeedbackLine(TypedDict):
    """A line of a feedback file."""

    evaluation: str
    external_id: str
    type: str
    corrected_scores: NotRequired[dict[str, float]]
    rating: NotRequired[int]
    approved: NotRequired[bool]
    comment: NotRequired[str]
    submitted_by: str
    submitted_at: NotRequired[str]
