"""Evaluations: items with the scores that a judge gave them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry import ID

from models.evaluation import Evaluation as EvaluationRecord
from models.feedback import Feedback as FeedbackRecord
from resolvers import evaluations, feedback
from resolvers.evaluations import ScoredItem
from schema.decorators import column, field, object_type, reads
from schema.info import Info
from schema.selection import selected_columns
from schema.types.connection import PAGE_SIZE, After, Connection, First, page_arguments, to_connection
from schema.types.criterion import CriterionScore
from schema.types.judge import Judge, load_judge
from schema.types.judge_version import JudgeVersion, load_version
from schema.types.node import ID_DESCRIPTION, Node

if TYPE_CHECKING:
    from schema.types.feedback import Feedback

LazyFeedback = Annotated["Feedback", strawberry.lazy("schema.types.feedback")]


@object_type
class Evaluation(Node):
    """An item with the scores that a judge gave it. People give feedback on evaluations."""

    external_id: str | None = column(
        EvaluationRecord.external_id,
        "The evaluation's id in your own system, unique within the judge; null if it has none.",
    )
    group: str | None = column(
        EvaluationRecord.group,
        "The name of the group of related items, such as the document or prompt they are about. Items of a group "
        "are never split between learning and proof. Null if the item is a group of its own.",
    )
    source: str | None = column(EvaluationRecord.source, "The author of the output, such as a model; null if unknown.")
    input: str | None = column(
        EvaluationRecord.input, "The prompt or document that the output answers; null if there is none."
    )
    output: str = column(EvaluationRecord.output, "The text that was judged.")
    rationale: str | None = column(
        EvaluationRecord.rationale, "The judge's explanation of its scores; null if there is none."
    )
    created_at: datetime = column(EvaluationRecord.created_at, "The moment when the evaluation was recorded.")
    id: ID = column(EvaluationRecord.id, ID_DESCRIPTION)
    row: strawberry.Private[EvaluationRecord]

    @field
    @reads(EvaluationRecord.judge_pk)
    async def judge(self, info: Info) -> Judge:
        """The judge that gave the scores."""
        return await load_judge(info, self.row.judge_pk)

    @field
    @reads(EvaluationRecord.version_id)
    def version(self, info: Info) -> JudgeVersion | None:
        """The version whose scores people were shown; null if they were shown the judge's raw scores."""
        return load_version(info, self.row.version_id)

    @field
    @reads(EvaluationRecord.judge_pk, EvaluationRecord.scores, EvaluationRecord.shown)
    async def scores(self, info: Info) -> list[CriterionScore]:
        """The scores that people were shown, together with the raw ones."""
        criteria = await info.context.loaders.criteria.load(self.row.judge_pk)
        return [CriterionScore.of(scored) for scored in evaluations.list_shown_scores(self.row, criteria)]

    @field
    @reads(EvaluationRecord.id)
    async def feedback(
        self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET
    ) -> Connection[LazyFeedback]:
        """The feedback on the evaluation, oldest first.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
        """
        from schema.types.feedback import Feedback

        columns = selected_columns(info, FeedbackRecord)
        page = feedback.list_for_evaluation(info.context, self.row.id, *page_arguments(first, after), columns)
        return await to_connection(page, Feedback.of)

    @classmethod
    def of(cls, row: EvaluationRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(row=row)


async def load_evaluation(info: Info, evaluation_id: str) -> Evaluation:
    """Return the evaluation with an id that a record refers to."""
    columns = selected_columns(info, EvaluationRecord)
    return Evaluation.of(await info.context.loaders.evaluations.load(evaluation_id, columns))


@object_type
class EvaluationResult:
    """The scores of a judge version for one item."""

    external_id: str | None = strawberry.field(description="The item's id in your own system, as you sent it.")
    evaluation: Evaluation | None = strawberry.field(
        description="The recorded evaluation; null unless you set `record: true`."
    )
    overall_score: float = strawberry.field(
        description="The weighted mean of the scores on all criteria, scaled to 0 (worst) to 100 (best)."
    )
    scores: list[CriterionScore] = strawberry.field(description="The scores by criterion.")

    @classmethod
    def of(cls, item: ScoredItem) -> Self:
        """Return the GraphQL object of a scored item."""
        return cls(
            external_id=item.external_id,
            evaluation=None if item.evaluation is None else Evaluation.of(item.evaluation),
            overall_score=item.overall,
            scores=[CriterionScore.of(scored) for scored in item.scores],
        )
