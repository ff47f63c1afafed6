"""What clients send to list a judge's evaluations and feedback."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from models.feedback import FeedbackType
from models.specs import listings
from schema.decorators import input_type
from schema.inputs.defaults import Defaults


@input_type
class EvaluationFilter:
    """Which evaluations to list: those that meet everything that is given."""

    search: str | None = strawberry.field(
        description=(
            "Only items in whose output, input or rationale all of these words occur, in any order and case; at most "
            "200 characters. Matches are in the order in which they were recorded, newest first."
        )
    )
    since: datetime | None = strawberry.field(description="Only evaluations recorded at or after this moment.")
    until: datetime | None = strawberry.field(description="Only evaluations recorded before this moment.")
    has_feedback: bool | None = strawberry.field(
        description=(
            "True: only evaluations that somebody gave feedback on. False: only those that still wait for a first "
            "word, as for a review queue. Retracted feedback does not count."
        )
    )
    feedback_types: list[FeedbackType] | None = strawberry.field(
        description=(
            "Only evaluations with feedback of one of these types. Together with `criterionId` or `submittedBy`, one "
            "item of feedback must be all of it."
        )
    )
    criterion_id: ID | None = strawberry.field(
        description="Only evaluations with a correction of this criterion, named by id or key."
    )
    submitted_by: str | None = strawberry.field(
        description="Only evaluations with feedback of this person, by the name in `submittedBy`."
    )

    def wanted(self) -> listings.EvaluationFilter:
        """What is asked for; the criterion is looked up with the judge."""
        return listings.EvaluationFilter(
            search=self.search,
            since=self.since,
            until=self.until,
            has_feedback=self.has_feedback,
            types=None if self.feedback_types is None else tuple(self.feedback_types),
            rater=self.submitted_by,
        )


@input_type
class FeedbackFilter(Defaults):
    """Which feedback to list: what meets everything that is given."""

    search: str | None = strawberry.field(
        description=(
            "Only items in whose comment all of these words occur, in any order and case; at most 200 characters. "
            "Matches are in the order in which they came in, newest first."
        )
    )
    since: datetime | None = strawberry.field(description="Only feedback given at or after this moment.")
    until: datetime | None = strawberry.field(description="Only feedback given before this moment.")
    types: list[FeedbackType] | None = strawberry.field(description="Only feedback of one of these types.")
    criterion_id: ID | None = strawberry.field(description="Only corrections of this criterion, named by id or key.")
    submitted_by: str | None = strawberry.field(
        description="Only feedback of this person, by the name in `submittedBy`."
    )
    include_retracted: bool = strawberry.field(
        default=False, graphql_type=bool | None, description="Also list what was retracted."
    )

    def wanted(self) -> listings.FeedbackFilter:
        """What is asked for; the criterion is looked up with the judge."""
        return listings.FeedbackFilter(
            search=self.search,
            since=self.since,
            until=self.until,
            types=None if self.types is None else tuple(self.types),
            rater=self.submitted_by,
            with_retracted=self.include_retracted,
        )


Evaluations = Annotated[
    EvaluationFilter | None,
    strawberry.argument(name="filter", description="Which evaluations to list. Left out: all of them."),
]
GivenFeedback = Annotated[
    FeedbackFilter | None,
    strawberry.argument(name="filter", description="Which feedback to list. Left out: all that was not retracted."),
]
