"""Tables of counters of feedback, which make figures cost the same whatever the number of items.

A counter belongs to a bucket: an interval of length ``width`` that begins at ``start``. There are three kinds:

- Buckets of time, in microseconds since 1970, by the moment of submission. They have three widths, so that any period
  consists of a few whole buckets and less than a quarter of an hour at either end.
- Buckets of order, by places in the judge's order of ingestion. They count the items that arrived after a version was
  created.
- The bucket ``ALL_TIME``, which holds all items.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, BigSerial, UtcDateTime
from models.judge import Criterion

RULES_EDITION = 1
"""Edition of the counting rules; a migration recounts judges whose counters follow an older edition."""

ALL_TIME = 0
QUARTER_HOUR = 15 * 60 * 1_000_000  # in microseconds; all current time zones begin their days at a quarter hour
DAY = 96 * QUARTER_HOUR  # in UTC
MONTH = 32 * DAY
TIME_WIDTHS = (QUARTER_HOUR, DAY, MONTH)
ORDER_WIDTH = 4096  # places

# Kinds of counters besides the types of feedback. The set of criteria of a usable correction is its effect as text, see
# ``models.counters.effective_feedback.CorrectionEffect``; a high rating and an approval have none and apply to all.
USABLE, DOUBT = "usable", "doubt"
# Kinds that exist only in the bucket ALL_TIME: evaluations by the criteria of their feedback; evaluations without a
# group that yield a label; scores of one item on which two people differ by more than a step, by ordinal.
EVALUATION, UNGROUPED, CONFLICT = "evaluation", "alone", "conflict"
OTHER_SUFFIX = "+"  # after the set of an evaluation that also has feedback other than corrections
SQUARES = 10**11  # units of a squared shift; so many are 1


class FeedbackCounter(Base):
    """Number of items of a kind in a bucket, by their set of criteria."""

    __tablename__ = "feedback_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    width: Mapped[int] = mapped_column(BigInt, primary_key=True)
    start: Mapped[int] = mapped_column(BigInt, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    criteria: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class CriterionCounter(Base):
    """Corrections of one criterion in a bucket, with sums of their shifts (person minus judge) in fixed-point units.

    Sums of integers depend neither on the order of additions nor on later subtractions. See ``FixedPointScale``.
    """

    __tablename__ = "criterion_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    width: Mapped[int] = mapped_column(BigInt, primary_key=True)
    start: Mapped[int] = mapped_column(BigInt, primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    corrections: Mapped[int] = mapped_column(BigInt)
    compared: Mapped[int] = mapped_column(BigInt)  # those that the judge scored, too
    agreeing: Mapped[int] = mapped_column(BigInt)  # within half a step
    shift: Mapped[int] = mapped_column(BigInt)
    absolute: Mapped[int] = mapped_column(BigInt)
    square: Mapped[int] = mapped_column(BigInt)  # squared shifts as shares of the range, in SQUARES


class RaterCounter(Base):
    """Number of one rater's items in a bucket, by their set of criteria."""

    __tablename__ = "rater_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    width: Mapped[int] = mapped_column(BigInt, primary_key=True)
    start: Mapped[int] = mapped_column(BigInt, primary_key=True)
    rater: Mapped[str] = mapped_column(String(200), primary_key=True)
    criteria: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class GroupCounter(Base):
    """Number of corrections that yield a label on items of a group, by their set of criteria."""

    __tablename__ = "group_counters"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    group: Mapped[str] = mapped_column(String(200), primary_key=True)
    compared: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class Coincidence(Base):
    """Number of ordered pairs of raters with these two scores, over items with ``raters`` raters."""

    __tablename__ = "coincidences"

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    raters: Mapped[int] = mapped_column(primary_key=True)
    low: Mapped[float] = mapped_column(primary_key=True)
    high: Mapped[float] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInt)


class Review(Base):
    """Flag of an evaluation that has feedback, in a table of its own because the flag changes and the row is long."""

    __tablename__ = "reviews"
    __table_args__ = (Index(None, "judge_pk", "reviewed", "created_at", "seq"),)

    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed: Mapped[bool]


@dataclass(frozen=True, slots=True)
class FixedPointScale:
    """Fixed-point units for shifts of a criterion: ``units_per_step`` units are one step of its scale.

    A unit is a thousandth of a step, or a billionth of the range if that is larger. Scores on the scale's grid are
    exact, and a sum of nine billion shifts fits in 64 bits.
    """

    step: float
    units_per_step: int
    range: float

    @classmethod
    def for_criterion(cls, criterion: Criterion) -> "FixedPointScale":
        """Return the units of a criterion; they never change, because the scale never does."""
        width = criterion.maximum - criterion.minimum
        steps = max(1, round(width / criterion.step))
        return cls(width / steps, max(1000, 10**9 // steps), width)

    def to_units(self, shift: float) -> int:
        """Return a shift in points as units."""
        return round(shift / self.step * self.units_per_step)

    def to_square_units(self, shift: float) -> int:
        """Return the square of a shift in points, as a share of the range, in ``SQUARES``."""
        return round((shift / self.range) ** 2 * SQUARES)

    def mean_points(self, units: int, count: int) -> float:
        """Return the mean in points of ``count`` shifts with a sum in units."""
        return units / self.units_per_step * self.step / count
