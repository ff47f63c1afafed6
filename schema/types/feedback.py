"""Feedback: people's corrections, ratings, approvals and comments on evaluations."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from models.evaluation import score_at
from models.feedback import Feedback as FeedbackRecord
from models.feedback import FeedbackType
from schema.decorators import field, object_type
from schema.info import Info
from schema.types.access import User
from schema.types.criterion import Criterion, CriterionScore
from schema.types.evaluation import Evaluation
from schema.types.node import Node


@object_type
class Feedback(Node):
    """One person's feedback on one evaluation."""

    type: FeedbackType = strawberry.field(description="The type of feedback.")
    rating: int | None = strawberry.field(
        description="The quality of the verdict, from 1 (bad) to 5 (good); null unless the type is `RATING`."
    )
    approved: bool | None = strawberry.field(
        description="True if the person agrees with the scores; null unless the type is `APPROVAL`."
    )
    comment: str | None = strawberry.field(description="The person's comment; null if there is none.")
    submitted_by: str = strawberry.field(
        description="The name of the person whose opinion it is: the name that the caller gave, or the user's."
    )
    submitted_at: datetime = strawberry.field(description="The moment when the person gave it.")
    retracted_at: datetime | None = strawberry.field(
        description="The moment of the retraction, after which it no longer counts; null if it counts."
    )
    retraction_reason: str | None = strawberry.field(
        description="The reason for the retraction; null if it was not retracted."
    )
    row: strawberry.Private[FeedbackRecord]

    @field
    async def evaluation(self, info: Info) -> Evaluation:
        """The evaluation that the feedback is about."""
        return Evaluation.of(await info.context.loaders.evaluations.load(self.row.evaluation_id))

    @field
    async def corrected_scores(self, info: Info) -> list[CriterionScore]:
        """The scores that the person considers right, beside the raw ones; empty unless it is a `CORRECTION`."""
        if self.row.scores is None:
            return []
        loaders = info.context.loaders
        raw = (await loaders.evaluations.load(self.row.evaluation_id)).scores
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
    async def retracted_by(self, info: Info) -> User | None:
        """The user who retracted it; null if it was not retracted."""
        user_id = self.row.retracted_by
        return None if user_id is None else User.of(await info.context.loaders.users.load(user_id))

    @classmethod
    def of(cls, row: FeedbackRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(
            id=ID(row.id),
            type=row.type,
            rating=row.rating,
            approved=row.approved,
            comment=row.comment,
            submitted_by=row.submitted_by,
            submitted_at=row.submitted_at,
            retracted_at=row.retracted_at,
            retraction_reason=row.retraction_reason,
            row=row,
        )
