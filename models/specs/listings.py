"""Which evaluations and which feedback to list: those that meet everything that is given."""

from dataclasses import dataclass
from datetime import datetime

from models.feedback import FeedbackType


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Which feedback of a judge."""

    search: str | None = None  # words that all occur in the comment
    since: datetime | None = None  # given at or after
    until: datetime | None = None  # given before
    types: tuple[FeedbackType, ...] | None = None
    criterion: int | None = None  # the ordinal: corrections of it
    rater: str | None = None
    with_retracted: bool = False


@dataclass(frozen=True, slots=True)
class EvaluationFilter:
    """Which evaluations of a judge; ``types``, ``criterion`` and ``rater`` mean an item of feedback about them."""

    search: str | None = None  # words that all occur in the item's texts
    since: datetime | None = None  # recorded at or after
    until: datetime | None = None  # recorded before
    has_feedback: bool | None = None
    types: tuple[FeedbackType, ...] | None = None
    criterion: int | None = None  # the ordinal: those with a correction of it
    rater: str | None = None

    @property
    def feedback(self) -> FeedbackFilter | None:
        """Which feedback there must be; None: no particular one."""
        if self.types is None and self.criterion is None and self.rater is None:
            return None
        return FeedbackFilter(types=self.types, criterion=self.criterion, rater=self.rater)
