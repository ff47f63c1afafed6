"""Feedback: what people say about evaluations."""

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
    """What one person said about one evaluation."""

    type: FeedbackType = strawberry.field(description="Which kind of feedback it is.")
    rating: int | None = strawberry.field(
        description="How good the verdict was, from 1 (bad) to 5 (good); null unless the type is `RATING`."
    )
    approved: bool | None = strawberry.field(
        description="Whether the person agrees with the scores; null unless the type is `APPROVAL`."
    )
    comment: str | None = strawberry.field(description="What the person added in words; null when nothing.")
    submitted_by: str = strawberry.field(description="Whose opinion it is: the name the caller gave, or the user's.")
    submitted_at: datetime = strawberry.field(description="When the person gave it.")
    retracted_at: datetime | None = strawberry.field(
        description="When it was taken back; it counts no longer since. Null: it counts."
    )
    retraction_reason: str | None = strawberry.field(
        description="Why it was taken back, in words; null when it was not."
    )
    row: strawberry.Private[FeedbackRecord]

    @field
    async def evaluation(self, info: Info) -> Evaluation:
        """What the feedback is about."""
        return Evaluation.of(await info.context.loaders.evaluations.load(self.row.evaluation_id))

    @field
    async def corrected_scores(self, info: Info) -> list[CriterionScore]:
        """The right scores in the person's opinion, beside the judge's raw ones; empty unless it is a `CORRECTION`."""
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
        """Who took it back; null when nobody did."""
        user_id = self.row.retracted_by
        return None if user_id is None else User.of(await info.context.loaders.users.load(user_id))

    @classmethod
    def of(cls, row: FeedbackRecord) -> Self:
        """The GraphQL view of a record."""
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
