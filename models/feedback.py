"""Feedback: what a person said about an evaluation, and the figures that sum it up."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigSerial, Id, UtcDateTime, enum_column
from models.evaluation import Scores
from models.stored.json_column import PlainJson


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
        # with what counting the different evaluations of a period asks for
        Index(None, "judge_pk", "submitted_at", "seq", "about_seq", "retracted_at"),
        Index(None, "judge_pk", "submitted_by", "submitted_at", "seq"),
        Index(None, "judge_pk", "type", "criteria", "submitted_at", "seq"),
        Index(None, "judge_pk", "submitted_by", "about_at", "about_seq"),
        Index(None, "judge_pk", "type", "criteria", "about_at", "about_seq"),
        Index(
            "ix_feedback_overtaken",
            "judge_pk",
            "submitted_at",
            "overtaken_at",
            sqlite_where=text("overtaken_at IS NOT NULL"),
            postgresql_where=text("overtaken_at IS NOT NULL"),
        ),
        Index(None, "evaluation_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"))
    seq: Mapped[int] = mapped_column(BigSerial)
    evaluation_id: Mapped[str] = mapped_column(ForeignKey("evaluations.id"))
    external_id: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    type: Mapped[FeedbackType] = mapped_column(enum_column(FeedbackType))
    scores: Mapped[Scores | None] = mapped_column(PlainJson())
    rating: Mapped[int | None]
    approved: Mapped[bool | None]
    comment: Mapped[str | None] = mapped_column(Text)
    criteria: Mapped[str] = mapped_column(String(32))  # which a correction scores, as a set; "" for other types
    compared: Mapped[str] = mapped_column(String(32))  # those of them that the judge scored too
    standing: Mapped[str] = mapped_column(
        String(64)
    )  # what later corrections left of it: see models/counters/effective_feedback.py
    overtaken_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # when the same person's next correction was given
    about_at: Mapped[datetime] = mapped_column(
        UtcDateTime
    )  # when the evaluation was recorded, and its place in that order:
    about_seq: Mapped[int] = mapped_column(BigSerial)
    submitted_by: Mapped[str] = mapped_column(String(200))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retracted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retracted_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    retraction_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


MIN_CONFIRMING_RATING = 4  # a rating from here up says: the shown score was right
MAX_DOUBTING_RATING = 2  # a rating down from here says: it was wrong, nobody knows in which direction


@dataclass(frozen=True, slots=True)
class FeedbackBounds:
    """Which feedback is meant: given at or after ``since`` and before ``until``, on some criteria (by ordinal)."""

    since: datetime | None = None
    until: datetime | None = None
    criteria: tuple[int, ...] | None = None
    after_seq: int = 0  # ingested after this place
    upto_seq: int | None = None  # ingested up to this place
    as_of: datetime | None = None  # what was retracted later still counts; None: as it stands now


@dataclass(frozen=True, slots=True)
class CriterionShift:
    """How people's corrections of one criterion differ from the judge: person minus judge, in points."""

    ordinal: int
    correction_count: int
    mean_shift: float | None
    mean_absolute_shift: float | None


@dataclass(frozen=True, slots=True)
class FeedbackTotals:
    """What feedback there is within bounds; retracted items are left out. What can be told without reading it all."""

    total: int
    corrections: int
    ratings: int
    approvals: int
    comments: int
    usable: int  # items that yield a label
    earliest: datetime | None
    latest: datetime | None
    raters: int
    criteria: tuple[CriterionShift, ...]
    agreeing: int  # corrected scores that agree with the judge's own, within half a step
    doubts: int  # low ratings and refusals: wrong, but nobody knows in which direction


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree with each other within bounds, of each rater's latest word on an item."""

    by_criterion: tuple[tuple[int, float | None], ...]  # by ordinal: Krippendorff's ordinal alpha
    conflicts: int  # scores of one item on which two people are more than a step apart

    @property
    def mean(self) -> float | None:
        """The mean over the criteria of which something can be said."""
        known = [alpha for _, alpha in self.by_criterion if alpha is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True)
class RaterCount:
    """How many items one person gave within bounds."""

    rater: str
    total: int
    corrections: int


@dataclass(frozen=True, slots=True)
class GroupSpread:
    """How much the judge's absolute errors vary, as shares of the range, over corrections of scores that it gave."""

    count: int
    groups: int  # of their items; one without a group is a group by itself
    variance: float


@dataclass(frozen=True, slots=True)
class Summary(FeedbackTotals):
    """The figures together with those that may take a reading of all feedback within bounds."""

    new_since_last_training: int
    evaluations: int
    agreement: Agreement
    spread: GroupSpread | None  # None below two errors

    @property
    def rater_agreement(self) -> float | None:
        """Krippendorff's ordinal alpha, mean over criteria."""
        return self.agreement.mean

    @property
    def conflicts(self) -> int:
        """Scores of one item on which two people are more than a step apart."""
        return self.agreement.conflicts


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What was given on one day of a time zone."""

    date: date
    corrections: int
    ratings: int
    approvals: int
    comments: int
    usable: int  # items that yield a label as of now, so that days add up
    criteria: tuple[CriterionShift, ...]

    @property
    def total(self) -> int:
        """Items of all types."""
        return self.corrections + self.ratings + self.approvals + self.comments
