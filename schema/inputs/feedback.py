"""Inputs that submit and retract feedback."""

from datetime import datetime

import strawberry
from strawberry import ID

from models.feedback import FeedbackType
from models.specs.feedback import FeedbackSpec
from schema.decorators import input_type
from schema.inputs.evaluation import CriterionScoreInput
from schema.inputs.shared import batch_field, external_id_field


@input_type
class FeedbackInput:
    """One person's feedback on one evaluation.

    Set exactly the field of the type: `correctedScores` for `CORRECTION`, `rating` for `RATING`, `approved` for
    `APPROVAL`, `comment` for `COMMENT`. Every type may have a comment.
    """

    evaluation_id: ID | None = strawberry.field(
        description="The id of the evaluation. Set either this field or `evaluationExternalId`."
    )
    evaluation_external_id: str | None = strawberry.field(
        description="The `externalId` with which the evaluation was recorded."
    )
    type: FeedbackType = strawberry.field(description="The type of feedback.")
    corrected_scores: list[CriterionScoreInput] | None = strawberry.field(
        description="For a `CORRECTION`: the right scores, for any of the judge's criteria."
    )
    rating: int | None = strawberry.field(
        description="For a `RATING`: the quality of the verdict, from 1 (bad) to 5 (good)."
    )
    approved: bool | None = strawberry.field(
        description="For an `APPROVAL`: true if the person agrees with the scores, false if not."
    )
    comment: str | None = strawberry.field(
        description="The person's comment, at most 10,000 characters; required for a `COMMENT`."
    )
    submitted_by: str | None = strawberry.field(
        description=(
            "The name of the person whose opinion it is, at most 200 characters. Use the same name for the same "
            "person. Default: the key's user, who is recorded as the sender in any case."
        )
    )
    submitted_at: datetime | None = strawberry.field(description="The moment when the person gave it. Default: now.")
    external_id: str | None = external_id_field("feedback")

    def to_spec(self) -> FeedbackSpec:
        """Return the spec of the item."""
        corrected = self.corrected_scores
        return FeedbackSpec(
            type=self.type,
            evaluation_id=self.evaluation_id,
            evaluation_external_id=self.evaluation_external_id,
            corrected_scores=None if corrected is None else tuple(score.to_spec() for score in corrected),
            rating=self.rating,
            approved=self.approved,
            comment=self.comment,
            submitted_by=self.submitted_by,
            submitted_at=self.submitted_at,
            external_id=self.external_id,
        )


@input_type
class SubmitFeedbackInput:
    """The feedback to submit."""

    judge_id: ID = strawberry.field(description="The judge of the evaluations that the feedback is about.")
    feedback: list[FeedbackInput] = batch_field("items of feedback", "feedback")

    def to_specs(self) -> tuple[FeedbackSpec, ...]:
        """Return the specs of the items."""
        return tuple(item.to_spec() for item in self.feedback)


@input_type
class RetractFeedbackInput:
    """The feedback to retract."""

    feedback_id: ID = strawberry.field(description="The item that is no longer to count.")
    reason: str = strawberry.field(description="The reason, for the audit log; at most 10,000 characters.")
