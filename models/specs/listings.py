"""Filters of listings. An object is listed if it meets every condition that is given."""

from dataclasses import dataclass
from datetime import datetime

from models.feedback import FeedbackType


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Conditions on a judge's feedback."""

    search: str | None = None  # words that must all occur in the comment
    since: datetime | None = None  # submitted at or after
    until: datetime | None = None  # submitted before
    types: tuple[FeedbackType, ...] | None = None
    criterion: int | None = None  # the ordinal: corrections of it
    rater: str | None = None
    with_retracted: bool = False


@dataclass(frozen=True, slots=True)
class EvaluationFilter:
    """Conditions on a judge's evaluations; ``types``, ``criterion`` and ``rater`` apply to one item of feedback."""

    search: str | None = None  # words that must all occur in the item's texts
    since: datetime | None = None  # recorded at or after
    until: datetime | None = None  # recorded before
    has_feedback: bool | None = None
    types: tuple[FeedbackType, ...] | None = None
    criterion: int | None = None  # the ordinal: those with a correction of it
    rater: str | None = None

    @property
    def feedback(self) -> FeedbackFilter | None:
        """Return the condition on an item of feedback, or None if there is none."""
        if self.types is None and self.criterion is None and self.rater is None:
            return None
        return FeedbackFilter(types=self.types, criterion=self.criterion, rater=self.rater)
