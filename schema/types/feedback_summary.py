"""Feedback summaries: counts and measures of the feedback that a judge can learn from."""

from datetime import date as calendar_date
from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import ID

from models.feedback import CriterionShift, DayFigures, FeedbackBounds, Figure, RaterCount, Summary
from resolvers import summary as summaries
from schema.decorators import column, deprecated_field, field, object_type, reads
from schema.info import Info
from schema.selection import selected_reads
from schema.types.connection import PAGE_SIZE, First, page_size
from schema.types.criterion import Criterion, load_criteria

UNBOUNDED = FeedbackBounds()

Since = Annotated[
    datetime | None,
    strawberry.argument(description="Count only feedback given at or after this moment. Default: no lower bound."),
]
Until = Annotated[
    datetime | None,
    strawberry.argument(description="Count only feedback given before this moment. Default: no upper bound."),
]
TargetCriteria = Annotated[
    list[ID] | None,
    strawberry.argument(
        description=(
            "Count only corrections of at least one of these criteria, by id or key; other types of feedback are "
            "counted regardless. Default: all criteria."
        )
    ),
]
TimeZone = Annotated[
    str | None,
    strawberry.argument(description="The time zone in which days begin, by its IANA name such as `Europe/Berlin`."),
]


@object_type
class DateRange:
    """The period in which feedback was given."""

    earliest: datetime | None = strawberry.field(description="The moment of the first item; null if there is none.")
    latest: datetime | None = strawberry.field(description="The moment of the last item; null if there is none.")


@object_type
class CriterionFeedback:
    """Differences between people's corrections and the judge on one criterion.

    A shift is the person's score minus the judge's, in points of the scale.
    """

    criterion: Criterion = strawberry.field(description="The criterion.")
    correction_count: int = strawberry.field(description="The number of corrections with a score for the criterion.")
    mean_shift: float | None = strawberry.field(
        description=(
            "The mean shift: above 0 if people find the judge's scores too low, below 0 if too high. Null if there is "
            "nothing to compare."
        )
    )
    mean_absolute_shift: float | None = strawberry.field(
        description="The mean absolute shift. Null if there is nothing to compare."
    )
    ordinal: strawberry.Private[int]
    row: strawberry.Private[Summary]

    @field
    @reads(Figure.AGREEMENT)
    def rater_agreement(self) -> float | None:
        """Agreement among people on this criterion, measured like the summary's `raterAgreement`."""
        return dict(self.row.agreement.by_criterion).get(self.ordinal)

    @classmethod
    def of(cls, shift: CriterionShift, criterion: Criterion, row: Summary) -> Self:
        """Return the GraphQL object of one criterion's figures.

        Args:
            shift: The figures.
            criterion: The criterion they are about.
            row: The figures of the whole summary.
        """
        return cls(
            criterion=criterion,
            correction_count=shift.correction_count,
            mean_shift=shift.mean_shift,
            mean_absolute_shift=shift.mean_absolute_shift,
            row=row,
            ordinal=shift.ordinal,
        )


@object_type
class RaterFeedback:
    """The amount of feedback that one person gave."""

    submitted_by: str = strawberry.field(description="The person's name.")
    total_count: int = strawberry.field(description="The number of items of feedback of all types.")
    correction_count: int = strawberry.field(description="The number of corrections among them.")

    @classmethod
    def of(cls, count: RaterCount) -> Self:
        """Return the GraphQL object of one person's counts."""
        return cls(submitted_by=count.rater, total_count=count.total, correction_count=count.corrections)


@object_type
class DayCriterion:
    """Differences between one day's corrections and the judge on one criterion.

    A shift is the person's score minus the judge's, in points of the scale.
    """

    criterion: Criterion = strawberry.field(description="The criterion.")
    correction_count: int = strawberry.field(description="The number of corrections with a score for the criterion.")
    mean_shift: float | None = strawberry.field(description="The mean shift; null if there is nothing to compare.")

    @classmethod
    def of(cls, shift: CriterionShift, criterion: Criterion) -> Self:
        """Return the GraphQL object of one criterion's day."""
        return cls(criterion=criterion, correction_count=shift.correction_count, mean_shift=shift.mean_shift)


@object_type
class FeedbackSummary:
    """Counts and measures of a judge's feedback within the requested bounds.

    A training job created with the same bounds would start from the same numbers. Retracted feedback is not counted.
    """

    total_feedback_count: int = column(Figure.TOTAL, "The number of items of feedback of all types.")
    correction_count: int = column(Figure.CORRECTIONS, "The number of corrections.")
    rating_count: int = column(Figure.RATINGS, "The number of ratings.")
    approval_count: int = column(Figure.APPROVALS, "The number of approvals, both given and refused.")
    comment_count: int = column(Figure.COMMENTS, "The number of items of type `COMMENT`.")
    usable_count: int = column(
        Figure.USABLE,
        "The number of usable items: corrections, ratings of 4 or 5, and positive approvals. If a person "
        "corrected an evaluation several times, only the latest correction counts. `minimumFeedbackCount` is "
        "compared with this number.",
    )
    rater_count: int = column(Figure.RATERS, "The number of different people who gave it.")
    judge_pk: strawberry.Private[int]
    row: strawberry.Private[Summary]
    bounds: strawberry.Private[FeedbackBounds]

    @field
    @reads(Figure.EARLIEST, Figure.LATEST)
    def date_range(self) -> DateRange:
        """The period in which the feedback was given."""
        return DateRange(earliest=self.row.earliest, latest=self.row.latest)

    @field
    @reads(Figure.NEW)
    def new_usable_count(self) -> int:
        """The number of usable items since the newest version was created: the gain of another training.

        All usable items if there is no version. Within `since` or `until` they are counted when you query the field,
        in a time that grows with the number of items since that version.
        """
        return self.row.new_since_last_training

    @deprecated_field("newUsableCount")
    @reads(Figure.NEW)
    def new_since_last_training(self) -> int:
        """The number of usable items since the newest version was created."""
        return self.row.new_since_last_training

    @field
    @reads(Figure.EVALUATIONS)
    def evaluation_count(self) -> int:
        """The number of different evaluations with feedback.

        Within `since` or `until` they are counted when you query the field, in a time that grows with the feedback
        between them.
        """
        return self.row.evaluations

    @field
    @reads(Figure.AGREEMENT)
    def rater_agreement(self) -> float | None:
        """Agreement among people: Krippendorff's alpha for ordinal scores, the mean over the criteria.

        1 is full agreement, 0 is chance, below 0 is systematic disagreement; about 0.67 or more is usually considered
        good. A judge can agree better with the mean of several people than they agree with each other. Null if no item
        was scored by two people. The value is exact: it uses each person's latest score of all items that at least two
        people scored.
        Without `since` and `until` it is maintained as feedback arrives; within them it is computed when you query the
        field, in a time that grows with the corrections between them.
        """
        return self.row.agreement.mean

    @field
    async def raters(self, info: Info, first: First = PAGE_SIZE) -> list[RaterFeedback]:
        """The people who gave most feedback, in descending order; `raterCount` is the number of all people."""
        counts = await summaries.list_raters(info.context, self.judge_pk, self.bounds, page_size(first))
        return [RaterFeedback.of(count) for count in counts]

    @field
    @reads(Figure.CRITERIA, below=True)
    async def criteria(self, info: Info) -> list[CriterionFeedback]:
        """Differences between people's corrections and the judge by criterion."""
        criteria = await load_criteria(info, self.judge_pk)
        return [CriterionFeedback.of(shift, criteria[shift.ordinal], self.row) for shift in self.row.criteria]

    @classmethod
    def of(cls, row: Summary, judge_pk: int, bounds: FeedbackBounds = UNBOUNDED) -> Self:
        """Return the GraphQL object of a judge's figures.

        Args:
            row: The figures within the bounds.
            judge_pk: The primary key of the judge.
            bounds: The bounds, for the list of raters.
        """
        return cls(row=row, judge_pk=judge_pk, bounds=bounds)


def selected_figures(info: Info) -> tuple[Figure, ...]:
    """Return the figures that the selection below the current field needs."""
    return selected_reads(info, Figure)


@object_type
class FeedbackDay:
    """The feedback of one day. Retracted feedback is not counted."""

    date: calendar_date = strawberry.field(description="The day, from midnight to midnight in the requested time zone.")
    total_count: int = strawberry.field(description="The number of items of feedback of all types.")
    correction_count: int = strawberry.field(description="The number of corrections.")
    rating_count: int = strawberry.field(description="The number of ratings.")
    approval_count: int = strawberry.field(description="The number of approvals, both given and refused.")
    comment_count: int = strawberry.field(description="The number of items of type `COMMENT`.")
    usable_count: int = strawberry.field(
        description=(
            "The number of items that are usable now. A correction that the same person replaced on a later day counts "
            "on the later day only, so that the days add up to the summary's `usableCount`."
        )
    )
    judge_pk: strawberry.Private[int]
    shifts: strawberry.Private[tuple[CriterionShift, ...]]

    @field
    async def criteria(self, info: Info) -> list[DayCriterion]:
        """The day's corrections by criterion."""
        criteria = await load_criteria(info, self.judge_pk)
        return [DayCriterion.of(shift, criteria[shift.ordinal]) for shift in self.shifts]

    @classmethod
    def of(cls, day: DayFigures, judge_pk: int) -> Self:
        """Return the GraphQL object of a day."""
        return cls(
            date=day.date,
            total_count=day.total,
            correction_count=day.corrections,
            rating_count=day.ratings,
            approval_count=day.approvals,
            comment_count=day.comments,
            usable_count=day.usable,
            judge_pk=judge_pk,
            shifts=day.criteria,
        )


def criteria_ids(target_criteria: list[ID] | None) -> tuple[str, ...] | None:
    """Return the argument ``targetCriteria`` as the resolvers take it."""
    return None if target_criteria is None else tuple(target_criteria)
