"""Feedback: people's corrections, ratings, approvals and comments on evaluations."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from models.evaluation import Evaluation as EvaluationRecord
from models.evaluation import score_at
from models.feedback import Feedback as FeedbackRecord
from models.feedback import FeedbackType
from schema.decorators import column, field, object_type, reads
from schema.info import Info
from schema.types.access import User, load_user
from schema.types.criterion import Criterion, CriterionScore
from schema.types.evaluation import Evaluation, load_evaluation
from schema.types.node import ID_DESCRIPTION, Node

RAW_SCORES = (EvaluationRecord.scores,)


@object_type
class Feedback(Node):
    """One person's feedback on one evaluation."""

    type: FeedbackType = column(FeedbackRecord.type, "The type of feedback.")
    rating: int | None = column(
        FeedbackRecord.rating, "The quality of the verdict, from 1 (bad) to 5 (good); null unless the type is `RATING`."
    )
    approved: bool | None = column(
        FeedbackRecord.approved, "True if the person agrees with the scores; null unless the type is `APPROVAL`."
    )
    comment: str | None = column(FeedbackRecord.comment, "The person's comment; null if there is none.")
    submitted_by: str = column(
        FeedbackRecord.submitted_by,
        "The name of the person whose opinion it is: the name that the caller gave, or the user's.",
    )
    submitted_at: datetime = column(FeedbackRecord.submitted_at, "The moment when the person gave it.")
    retracted_at: datetime | None = column(
        FeedbackRecord.retracted_at, "The moment of the retraction, after which it no longer counts; null if it counts."
    )
    retraction_reason: str | None = column(
        FeedbackRecord.retraction_reason, "The reason for the retraction; null if it was not retracted."
    )
    id: ID = column(FeedbackRecord.id, ID_DESCRIPTION)
    row: strawberry.Private[FeedbackRecord]

    @field
    @reads(FeedbackRecord.evaluation_id)
    async def evaluation(self, info: Info) -> Evaluation:
        """The evaluation that the feedback is about."""
        return await load_evaluation(info, self.row.evaluation_id)

    @field
    @reads(FeedbackRecord.scores, FeedbackRecord.evaluation_id, FeedbackRecord.judge_pk)
    async def corrected_scores(self, info: Info) -> list[CriterionScore]:
        """The scores that the person considers right, beside the raw ones; empty unless it is a `CORRECTION`."""
        if self.row.scores is None:
            return []
        loaders = info.context.loaders
        raw = (await loaders.evaluations.load(self.row.evaluation_id, RAW_SCORES)).scores
        return [
            CriterionScore(
                criterion=Criterion.of(criterion),
                raw_score=score_at(raw, criterion.ordinal),
                score=score,
                expected=None,
                verdict=None,
                lower=None,
                upper=None,
            )
            for criterion in await loaders.criteria.load(self.row.judge_pk)
            if (score := score_at(self.row.scores, criterion.ordinal)) is not None
        ]

    @field
    @reads(FeedbackRecord.retracted_by)
    def retracted_by(self, info: Info) -> User | None:
        """The user who retracted it; null if it was not retracted."""
        user_id = self.row.retracted_by
        return None if user_id is None else load_user(info, user_id)

    @classmethod
    def of(cls, row: FeedbackRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(row=row)
