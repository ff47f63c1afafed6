"""Counters of feedback: what is kept beside the rows so that figures cost the same whatever their number.

A counter belongs to a bucket: a stretch of ``width`` that begins at ``start``. Buckets of time (microseconds since
1970, by when feedback was given) come in three widths, so that any period is a few whole buckets and less than a
quarter of an hour at either end. Buckets of order (places in the judge's order of ingestion) tell what came in after a
version was made. The bucket EVER holds all there is.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, BigSerial, UtcDateTime
from models.judge import Criterion

RULES_EDITION = (
    1  # of the rules below; a judge whose counters follow an older one is recounted when the tables are migrated
)

ALL_TIME = 0
QUARTER_HOUR = 15 * 60 * 1_000_000  # of an hour; every time zone of today begins its days at one
DAY = 96 * QUARTER_HOUR  # in UTC
MONTH = 32 * DAY
TIME_WIDTHS = (QUARTER_HOUR, DAY, MONTH)
ORDER_WIDTH = 4096  # places

# The kinds of counters beside the types of feedback. Of a usable item, the set of criteria says what it stands for: see
# models.standing.Word; a high rating and an approval stand for all.
USABLE, DOUBT = "usable", "doubt"
# Kept in the bucket EVER only: evaluations by what their feedback is about; those without a group that yield a label;
# scores of one item on which two people are more than a step apart, by ordinal.
EVALUATION, UNGROUPED, CONFLICT = "evaluation", "alone", "conflict"
OTHER_SUFFIX = "+"  # after the set of an evaluation that also has feedback which is no correction


class FeedbackCounter(Base):
    """How many items of a kind fall into a bucket, by the set of criteria they are about."""

    __tablename__ = "feedback_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    width: Mapped[int] = mapped_column(BigInt, primary_key=True)
    start: Mapped[int] = mapped_column(BigInt, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    criteria: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class CriterionCounter(Base):
    """Corrections of one criterion in a bucket, and their shifts (person minus judge) in whole grains.

    Whole numbers make sums that neither the order of adding nor taking away again can change. See ``Grain``.
    """

    __tablename__ = "criterion_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    width: Mapped[int] = mapped_column(BigInt, primary_key=True)
    start: Mapped[int] = mapped_column(BigInt, primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    corrections: Mapped[int] = mapped_column(BigInt)
    compared: Mapped[int] = mapped_column(BigInt)  # those that the judge scored too
    agreeing: Mapped[int] = mapped_column(BigInt)  # within half a step
    shift: Mapped[int] = mapped_column(BigInt)
    absolute: Mapped[int] = mapped_column(BigInt)
    square: Mapped[int] = mapped_column(BigInt)  # of the shift as a share of the range, in SQUARES


class RaterCounter(Base):
    """How many items one person gave in a bucket, by the set of criteria they are about."""

    __tablename__ = "rater_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    width: Mapped[int] = mapped_column(BigInt, primary_key=True)
    start: Mapped[int] = mapped_column(BigInt, primary_key=True)
    rater: Mapped[str] = mapped_column(String(200), primary_key=True)
    criteria: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class GroupCounter(Base):
    """How many corrections yield a label about items of a group, by the set of criteria."""

    __tablename__ = "group_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    group: Mapped[str] = mapped_column(String(200), primary_key=True)
    compared: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class Coincidence(Base):
    """How often two raters of one item gave these two scores, where ``raters`` people scored it."""

    __tablename__ = "coincidences"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    raters: Mapped[int] = mapped_column(primary_key=True)
    low: Mapped[float] = mapped_column(primary_key=True)
    high: Mapped[float] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class Review(Base):
    """Whether there is feedback about an evaluation: apart from its long row, because it changes."""

    __tablename__ = "reviews"
    __table_args__ = (Index(None, "judge_pk", "reviewed", "created_at", "seq"),)

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed: Mapped[bool]


SQUARES = 10**11  # so many make 1


@dataclass(frozen=True, slots=True)
class FixedPointScale:
    """The unit in which shifts of a criterion are counted: a step of its scale in equal parts.

    A billionth of the range or finer than a thousandth of a step, whichever is larger: scores on the scale's grid are
    exact, and a sum of nine billion shifts fits 64 bits.
    """

    step: float
    units_per_step: int
    range: float

    @classmethod
    def for_criterion(cls, criterion: Criterion) -> "FixedPointScale":
        """The grain of a criterion; it never changes, as the scale doesn't."""
        width = criterion.maximum - criterion.minimum
        steps = max(1, round(width / criterion.step))
        return cls(width / steps, max(1000, 10**9 // steps), width)

    def to_units(self, shift: float) -> int:
        """A shift in points, in grains."""
        return round(shift / self.step * self.units_per_step)

    def to_square_units(self, shift: float) -> int:
        """The square of a shift in points, as a share of the range, in ``SQUARES``."""
        return round((shift / self.range) ** 2 * SQUARES)

    def mean_points(self, grains: int, count: int) -> float:
        """The mean in points of ``count`` shifts that sum up to so many grains."""
        return grains / self.units_per_step * self.step / count
