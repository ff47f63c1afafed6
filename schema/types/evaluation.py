"""Evaluations: items with the scores a judge gave them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry import ID

from models.evaluation import Evaluation as EvaluationRecord
from resolvers import evaluations, feedback
from resolvers.evaluations import ScoredItem
from schema.decorators import field, object_type
from schema.info import Info, unset_to_none
from schema.types.connection import PAGE_SIZE, After, Connection, First, connection, size
from schema.types.criterion import CriterionScore
from schema.types.judge import Judge, load_judge
from schema.types.judge_version import JudgeVersion, load_version
from schema.types.node import Node

if TYPE_CHECKING:
    from schema.types.feedback import Feedback

LazyFeedback = Annotated["Feedback", strawberry.lazy("schema.types.feedback")]


@object_type
class Evaluation(Node):
    """One item and the scores a judge gave it: what people give feedback on."""

    external_id: str | None = strawberry.field(
        description="The item's id in your own system, unique within the judge; null when none was given."
    )
    group: str | None = strawberry.field(
        description=(
            "What the item has in common with others, such as the document or prompt it is about. Items of a group are "
            "never split between learning and proof. Null when it stands alone."
        )
    )
    source: str | None = strawberry.field(description="What made the output, such as a model; null when not told.")
    input: str | None = strawberry.field(description="What the output answers, such as a prompt; null when not told.")
    output: str = strawberry.field(description="The text that was judged.")
    rationale: str | None = strawberry.field(description="The judge's reasons, in its own words; null when not told.")
    created_at: datetime = strawberry.field(description="When the evaluation was recorded.")
    row: strawberry.Private[EvaluationRecord]

    @field
    async def judge(self, info: Info) -> Judge:
        """The judge that gave the scores."""
        return await load_judge(info, self.row.judge_pk)

    @field
    async def version(self, info: Info) -> JudgeVersion | None:
        """The version whose scores people were shown; null when they saw the judge's raw scores."""
        return await load_version(info, self.row.version_id)

    @field
    async def scores(self, info: Info) -> list[CriterionScore]:
        """The scores people were shown, with the raw ones beside them."""
        criteria = await info.context.loaders.criteria.load(self.row.judge_pk)
        return [CriterionScore.of(scored) for scored in evaluations.list_shown_scores(self.row, criteria)]

    @field
    async def feedback(
        self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET
    ) -> Connection[LazyFeedback]:
        """What people said about it, oldest first."""
        from schema.types.feedback import Feedback

        page = await feedback.list_for_evaluation(info.context, self.row.id, size(first), unset_to_none(after))
        return connection(page, Feedback.of)

    @classmethod
    def of(cls, row: EvaluationRecord) -> Self:
        """The GraphQL view of a record."""
        return cls(
            id=ID(row.id),
            external_id=row.external_id,
            group=row.group,
            source=row.source,
            input=row.input,
            output=row.output,
            rationale=row.rationale,
            created_at=row.created_at,
            row=row,
        )


@object_type
class EvaluationResult:
    """How a judge version scores one item."""

    external_id: str | None = strawberry.field(description="The item's id in your own system, as you sent it.")
    evaluation: Evaluation | None = strawberry.field(
        description="The evaluation that was recorded; null unless you asked for it with `record: true`."
    )
    overall_score: float = strawberry.field(
        description="All criteria in one number from 0 (worst) to 100 (best): the mean of their scores by weight."
    )
    scores: list[CriterionScore] = strawberry.field(description="The scores, criterion by criterion.")

    @classmethod
    def of(cls, item: ScoredItem) -> Self:
        """The GraphQL view of a scored item."""
        return cls(
            external_id=item.external_id,
            evaluation=None if item.evaluation is None else Evaluation.of(item.evaluation),
            overall_score=item.overall,
            scores=[CriterionScore.of(scored) for scored in item.scores],
        )
