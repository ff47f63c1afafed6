"""What clients send to submit feedback."""

from datetime import datetime

import strawberry
from strawberry import ID

from models.feedback import FeedbackType
from models.specs.feedback import FeedbackSpec
from schema.decorators import input_type
from schema.inputs.evaluation import CriterionScoreInput


@input_type
class FeedbackInput:
    """What one person said about one evaluation.

    Give exactly the field that belongs to the type: `correctedScores` for `CORRECTION`, `rating` for `RATING`,
    `approved` for `APPROVAL`, `comment` for `COMMENT`. A comment may go with any type.
    """

    evaluation_id: ID | None = strawberry.field(
        description="The evaluation it is about; give either this or `evaluationExternalId`."
    )
    evaluation_external_id: str | None = strawberry.field(
        description="The evaluation it is about, by the `externalId` it was recorded with."
    )
    type: FeedbackType = strawberry.field(description="Which kind of feedback it is.")
    corrected_scores: list[CriterionScoreInput] | None = strawberry.field(
        description="For a `CORRECTION`: the right scores, for those criteria the person wants to say something about."
    )
    rating: int | None = strawberry.field(
        description="For a `RATING`: how good the verdict was, from 1 (bad) to 5 (good)."
    )
    approved: bool | None = strawberry.field(
        description="For an `APPROVAL`: true when the person agrees with the scores, false when not."
    )
    comment: str | None = strawberry.field(
        description="What the person wants to say in words, at most 10,000 characters; required for a `COMMENT`."
    )
    submitted_by: str | None = strawberry.field(
        description=(
            "Whose opinion it is: a name of your choosing, at most 200 characters, always the same for the same "
            "person. Left out: the key's user. Who really sent it is recorded in any case."
        )
    )
    submitted_at: datetime | None = strawberry.field(description="When the person gave it. Left out: now.")
    external_id: str | None = strawberry.field(
        description=(
            "The feedback's id in your own system, at most 200 characters. Sending the same id and content again gives "
            "the feedback that is there; the same id with other content is a `CONFLICT`."
        )
    )

    def to_spec(self) -> FeedbackSpec:
        """What is asked for."""
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
    """Feedback to submit."""

    judge_id: ID = strawberry.field(description="The judge whose evaluations the feedback is about.")
    feedback: list[FeedbackInput] = strawberry.field(
        description=(
            "1 to 500 items. For more, send several calls, or load newline-delimited JSON through "
            "`POST /judges/{id}/feedback`."
        )
    )


@input_type
class RetractFeedbackInput:
    """The feedback to take back."""

    feedback_id: ID = strawberry.field(description="The item that is not to count any longer.")
    reason: str = strawberry.field(description="Why, in words, for the record; at most 10,000 characters.")
