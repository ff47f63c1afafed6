"""Filters for lists of evaluations, feedback and audit entries."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from models.audit import AuditAction
from models.feedback import FeedbackType
from models.specs import listings
from schema.decorators import input_type
from schema.inputs.shared import Defaults, filter_argument
from store.audit import AuditFilter


@input_type
class EvaluationFilter:
    """Conditions on evaluations; an evaluation must meet all of them."""

    search: str | None = strawberry.field(
        description=(
            "Only evaluations whose output, input or rationale contains all of these words, in any order and case; at "
            "most 200 characters. Matches are sorted by the time of their recording, newest first."
        )
    )
    since: datetime | None = strawberry.field(description="Only evaluations recorded at or after this moment.")
    until: datetime | None = strawberry.field(description="Only evaluations recorded before this moment.")
    has_feedback: bool | None = strawberry.field(
        description=(
            "True: only evaluations with feedback. False: only evaluations without feedback, as for a review queue. "
            "Retracted feedback does not count."
        )
    )
    feedback_types: list[FeedbackType] | None = strawberry.field(
        description=(
            "Only evaluations with feedback of one of these types. Together with `criterionId` or `submittedBy`, one "
            "item of feedback must meet all of these conditions."
        )
    )
    criterion_id: ID | None = strawberry.field(
        description="Only evaluations with a correction of this criterion, by id or key."
    )
    submitted_by: str | None = strawberry.field(
        description="Only evaluations with feedback of this person, by the name in `submittedBy`."
    )

    def to_filter(self) -> listings.EvaluationFilter:
        """Return the filter for the query, without the criterion, which the resolver looks up."""
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
    """Conditions on feedback; an item must meet all of them."""

    search: str | None = strawberry.field(
        description=(
            "Only items whose comment contains all of these words, in any order and case; at most 200 characters. "
            "Matches are sorted by the time of their submission to the server, newest first."
        )
    )
    since: datetime | None = strawberry.field(description="Only feedback given at or after this moment.")
    until: datetime | None = strawberry.field(description="Only feedback given before this moment.")
    types: list[FeedbackType] | None = strawberry.field(description="Only feedback of one of these types.")
    criterion_id: ID | None = strawberry.field(description="Only corrections of this criterion, by id or key.")
    submitted_by: str | None = strawberry.field(
        description="Only feedback of this person, by the name in `submittedBy`."
    )
    include_retracted: bool = strawberry.field(
        default=False, graphql_type=bool | None, description="List retracted feedback too."
    )

    def to_filter(self) -> listings.FeedbackFilter:
        """Return the filter for the query, without the criterion, which the resolver looks up."""
        return listings.FeedbackFilter(
            search=self.search,
            since=self.since,
            until=self.until,
            types=None if self.types is None else tuple(self.types),
            rater=self.submitted_by,
            with_retracted=self.include_retracted,
        )


@input_type
class AuditLogFilter:
    """Conditions on entries of the audit log; an entry must meet all of them."""

    actions: list[AuditAction] | None = strawberry.field(description="Only entries about one of these actions.")
    user_id: ID | None = strawberry.field(description="Only actions of this user.")
    target_id: ID | None = strawberry.field(description="Only actions on this judge, job, version, key or feedback.")
    since: datetime | None = strawberry.field(description="Only actions at or after this moment.")
    until: datetime | None = strawberry.field(description="Only actions before this moment.")

    def to_filter(self) -> AuditFilter:
        """Return the filter for the query."""
        return AuditFilter(
            actions=None if self.actions is None else tuple(self.actions),
            user_id=self.user_id,
            target_id=self.target_id,
            since=self.since,
            until=self.until,
        )


EvaluationFilterArgument = Annotated[EvaluationFilter | None, filter_argument("evaluations", "all")]
FeedbackFilterArgument = Annotated[
    FeedbackFilter | None, filter_argument("items of feedback", "all that were not retracted")
]
AuditFilterArgument = Annotated[AuditLogFilter | None, filter_argument("entries", "all")]


def to_evaluation_filter(filter_: EvaluationFilter | None) -> tuple[listings.EvaluationFilter, str | None]:
    """Return the filter for the query and the criterion that it names."""
    return (filter_.to_filter(), filter_.criterion_id) if filter_ else (listings.EvaluationFilter(), None)


def to_feedback_filter(filter_: FeedbackFilter | None) -> tuple[listings.FeedbackFilter, str | None]:
    """Return the filter for the query and the criterion that it names."""
    return (filter_.to_filter(), filter_.criterion_id) if filter_ else (listings.FeedbackFilter(), None)


def to_audit_filter(filter_: AuditLogFilter | None) -> AuditFilter:
    """Return the filter for the query."""
    return filter_.to_filter() if filter_ else AuditFilter()
