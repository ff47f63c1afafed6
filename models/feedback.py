"""Feedback: what a person said about an evaluation, and the figures that sum it up."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Counter, Id, Json, Moment, choice
from models.evaluation import Scores


class FeedbackType(StrEnum):
    """How a person pushed back on, or agreed with, a verdict."""

    CORRECTION = "correction"
    RATING = "rating"
    APPROVAL = "approval"
    COMMENT = "comment"


class Feedback(Base):
    """One item of feedback. ``seq`` is its place in the judge's order of ingestion."""

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("judge_pk", "seq"),
        UniqueConstraint("judge_pk", "external_id"),
        Index(None, "judge_pk", "submitted_at"),
        Index(None, "evaluation_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"))
    seq: Mapped[int] = mapped_column(Counter)
    evaluation_id: Mapped[str] = mapped_column(ForeignKey("evaluations.id"))
    external_id: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    type: Mapped[FeedbackType] = mapped_column(choice(FeedbackType))
    scores: Mapped[Scores | None] = mapped_column(Json)
    rating: Mapped[int | None]
    approved: Mapped[bool | None]
    comment: Mapped[str | None] = mapped_column(Text)
    submitted_by: Mapped[str] = mapped_column(String(200))
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    retracted_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


CONFIRMING_RATING = 4  # a rating from here up says: the shown score was right
DOUBTING_RATING = 2  # a rating down from here says: it was wrong, nobody knows in which direction


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which feedback is meant: given at or after ``since`` and before ``until``, on some criteria (by ordinal)."""

    since: datetime | None = None
    until: datetime | None = None
    criteria: tuple[int, ...] | None = None
    after_seq: int = 0  # ingested after this place
    upto_seq: int | None = None  # ingested up to this place


@dataclass(frozen=True, slots=True)
class CriterionShift:
    """How people's corrections of one criterion differ from the judge: person minus judge, in points."""

    ordinal: int
    correction_count: int
    mean_shift: float | None
    mean_absolute_shift: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What feedback there is within bounds; retracted items are left out."""

    total: int
    corrections: int
    ratings: int
    approvals: int
    comments: int
    usable: int  # items that yield a label
    earliest: datetime | None
    latest: datetime | None
    evaluations: int
    raters: int
    new_since_last_training: int
    criteria: tuple[CriterionShift, ...]
    rater_agreement: float | None  # Krippendorff's ordinal alpha, mean over criteria
    conflicts: int  # scores of one item on which two people are more than a step apart
    agreeing: int  # corrected scores that agree with the judge's own, within half a step
    doubts: int  # low ratings and refusals: wrong, but nobody knows in which direction
    detectable_change: float | None  # smallest change of MAE, as a share of the range, that could be proven
