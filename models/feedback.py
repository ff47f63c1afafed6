"""Feedback: people's statements about evaluations, and the figures that summarise them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigSerial, Id, UtcDateTime, enum_column
from models.evaluation import Scores
from models.stored.json_column import PlainJson


class FeedbackType(StrEnum):
    """Kind of a statement about an evaluation."""

    CORRECTION = "correction"
    RATING = "rating"
    APPROVAL = "approval"
    COMMENT = "comment"


class Feedback(Base):
    """One item of feedback. ``seq`` is the item's place in the judge's order of ingestion."""

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("judge_pk", "seq"),
        UniqueConstraint("judge_pk", "external_id"),
        # covers the count of a period's distinct evaluations
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
    criteria: Mapped[str] = mapped_column(String(32))  # the criteria that a correction scores; "" for other types
    compared: Mapped[str] = mapped_column(String(32))  # those of them that the judge scored, too
    # The part that later corrections left effective: a ``CorrectionEffect`` as text.
    standing: Mapped[str] = mapped_column(String(64))
    # When the same rater's next correction of the evaluation was submitted.
    overtaken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The evaluation's moment and place of recording, by which evaluations are listed with conditions on feedback.
    about_at: Mapped[datetime] = mapped_column(UtcDateTime)
    about_seq: Mapped[int] = mapped_column(BigSerial)
    submitted_by: Mapped[str] = mapped_column(String(200))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retracted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retracted_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    retraction_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


MIN_CONFIRMING_RATING = 4  # ratings from here up confirm the shown score
MAX_DOUBTING_RATING = 2  # ratings from here down reject the shown score, without a direction


@dataclass(frozen=True, slots=True)
class FeedbackBounds:
    """A selection of feedback: submitted at or after ``since`` and before ``until``, on some criteria (by ordinal)."""

    since: datetime | None = None
    until: datetime | None = None
    criteria: tuple[int, ...] | None = None
    after_seq: int = 0  # ingested after this place
    upto_seq: int | None = None  # ingested up to this place
    as_of: datetime | None = None  # items retracted later are included; None: the current state


@dataclass(frozen=True, slots=True)
class CriterionShift:
    """Mean differences between people's corrections of one criterion and the judge: person minus judge, in points."""

    ordinal: int
    correction_count: int
    mean_shift: float | None
    mean_absolute_shift: float | None


@dataclass(frozen=True, slots=True)
class FeedbackTotals:
    """Figures of the feedback within bounds that the counters provide; retracted items are excluded."""

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
    agreeing: int  # corrected scores within half a step of the judge's own
    doubts: int  # low ratings and refusals, which have no direction


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement between raters within bounds, from each rater's latest score of an item."""

    by_criterion: tuple[tuple[int, float | None], ...]  # ordinal, and Krippendorff's ordinal alpha or None
    conflicts: int  # item and criterion pairs on which two people differ by more than a step
    equal_share: float | None = None  # of the pairs of raters' scores; alpha is low where nearly all scores are equal

    @property
    def mean(self) -> float | None:
        """Return the mean over the criteria with a defined alpha."""
        known = [alpha for _, alpha in self.by_criterion if alpha is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True)
class RaterCount:
    """Numbers of items from one rater within bounds."""

    rater: str
    total: int
    corrections: int


@dataclass(frozen=True, slots=True)
class GroupSpread:
    """Variance of the judge's absolute errors, as shares of the range, over corrections of scores that it gave."""

    count: int
    groups: int  # of their items; an item without a group is a group of its own
    variance: float


@dataclass(frozen=True, slots=True)
class Summary(FeedbackTotals):
    """All figures, including those that may require a scan of the feedback within bounds."""

    new_since_last_training: int
    evaluations: int
    agreement: Agreement
    spread: GroupSpread | None  # None below two errors

    @property
    def rater_agreement(self) -> float | None:
        """Return Krippendorff's ordinal alpha, as a mean over criteria."""
        return self.agreement.mean

    @property
    def conflicts(self) -> int:
        """Return the number of item and criterion pairs on which two people differ by more than a step."""
        return self.agreement.conflicts


class Figure(StrEnum):
    """Attribute of a ``Summary`` that readers can select."""

    TOTAL = "total"
    CORRECTIONS = "corrections"
    RATINGS = "ratings"
    APPROVALS = "approvals"
    COMMENTS = "comments"
    USABLE = "usable"
    EARLIEST = "earliest"
    LATEST = "latest"
    RATERS = "raters"
    CRITERIA = "criteria"
    NEW = "new_since_last_training"
    EVALUATIONS = "evaluations"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Figures of the feedback submitted on one day of a time zone."""

    date: date
    corrections: int
    ratings: int
    approvals: int
    comments: int
    usable: int  # items that yield a label now, so that the days add up to the total
    criteria: tuple[CriterionShift, ...]

    @property
    def total(self) -> int:
        """Return the number of items of all types."""
        return self.corrections + self.ratings + self.approvals + self.comments
