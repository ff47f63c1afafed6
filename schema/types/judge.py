"""Judges."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry import ID

from models.errors import Invalid
from models.judge import Judge as JudgeRecord
from models.specs.listings import EvaluationFilter, FeedbackFilter
from resolvers import jobs, judges, summary
from resolvers import listings as lists
from schema.decorators import field, object_type
from schema.info import Info, unset_to_none
from schema.inputs.filters import Evaluations, GivenFeedback
from schema.inputs.training_job import Filter, job_filter
from schema.types.access import User
from schema.types.connection import PAGE_SIZE, After, Connection, First, connection, size
from schema.types.criterion import Criterion
from schema.types.feedback_summary import FeedbackSummary, Since, TargetCriteria, Until, criteria_ids
from schema.types.node import Node

# Judges, versions and jobs lead to each other; a judge comes first, so it names the others for later.
if TYPE_CHECKING:
    from schema.types.evaluation import Evaluation
    from schema.types.feedback import Feedback
    from schema.types.judge_version import JudgeVersion
    from schema.types.training_job import TrainingJob

LazyVersion = Annotated["JudgeVersion", strawberry.lazy("schema.types.judge_version")]
LazyEvaluation = Annotated["Evaluation", strawberry.lazy("schema.types.evaluation")]
LazyFeedback = Annotated["Feedback", strawberry.lazy("schema.types.feedback")]
LazyJob = Annotated["TrainingJob", strawberry.lazy("schema.types.training_job")]


@object_type
class Judge(Node):
    """What scores items on a set of criteria: usually a language model with instructions, run on your side.

    People's feedback on its scores is what versions learn from; a version turns the judge's own, raw scores into
    scores that agree better with people.
    """

    name: str = strawberry.field(description="What people call the judge.")
    description: str | None = strawberry.field(description="What it judges, in words; null when not told.")
    created_at: datetime = strawberry.field(description="When the judge was created here.")
    row: strawberry.Private[JudgeRecord]

    @field
    async def criteria(self, info: Info) -> list[Criterion]:
        """What the judge scores, in the order given when it was created."""
        return [Criterion.of(criterion) for criterion in await info.context.loaders.criteria.load(self.row.pk)]

    @field
    async def active_version(self, info: Info) -> LazyVersion | None:
        """The version that scores now; null when the judge's raw scores stand."""
        from schema.types.judge_version import load_version

        return await load_version(info, self.row.active_version_id)

    @field
    async def versions(
        self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET
    ) -> Connection[LazyVersion]:
        """All versions of the judge, newest first."""
        from schema.types.judge_version import JudgeVersion

        return connection(
            await judges.list_versions(info.context, self.row.pk, size(first), unset_to_none(after)), JudgeVersion.of
        )

    @field
    async def feedback_summary(
        self,
        info: Info,
        since: Since = strawberry.UNSET,
        until: Until = strawberry.UNSET,
        target_criteria: TargetCriteria = strawberry.UNSET,
    ) -> FeedbackSummary:
        """What feedback there is to learn from, in figures."""
        bounds = unset_to_none(since), unset_to_none(until), criteria_ids(unset_to_none(target_criteria))
        figures, within = await summary.summarize_by_pk(info.context, self.row.pk, *bounds)
        return FeedbackSummary.of(figures, self.row.pk, within)

    @field
    async def evaluations(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        which: Evaluations = strawberry.UNSET,
    ) -> Connection[LazyEvaluation]:
        """The judge's evaluations, newest first. Every page takes the same time, however far down the list."""
        from schema.types.evaluation import Evaluation

        wanted = unset_to_none(which)
        asked = EvaluationFilter() if wanted is None else wanted.wanted()
        criterion = None if wanted is None else wanted.criterion_id
        page = await lists.list_evaluations(
            info.context, self.row.pk, size(first), unset_to_none(after), asked, criterion
        )
        return connection(page, Evaluation.of)

    @field
    async def feedback(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        which: GivenFeedback = strawberry.UNSET,
    ) -> Connection[LazyFeedback]:
        """What people said about the judge's evaluations, newest first.

        Every page takes the same time, however far down the list.
        """
        from schema.types.feedback import Feedback

        wanted = unset_to_none(which)
        asked = FeedbackFilter() if wanted is None else wanted.wanted()
        criterion = None if wanted is None else wanted.criterion_id
        page = await lists.list_feedback(info.context, self.row.pk, size(first), unset_to_none(after), asked, criterion)
        return connection(page, Feedback.of)

    @field
    async def training_jobs(
        self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET, which: Filter = strawberry.UNSET
    ) -> Connection[LazyJob]:
        """The judge's training jobs, newest first. The filter's `judgeId` is settled here: leave it out."""
        from schema.types.training_job import TrainingJob

        wanted = job_filter(unset_to_none(which))
        if wanted.judge_id not in (None, self.row.id):
            raise Invalid(f"These are the jobs of {self.row.id}; leave judgeId out.", ("filter", "judge_id"))
        wanted = replace(wanted, judge_id=self.row.id)
        return connection(await jobs.list_jobs(info.context, size(first), unset_to_none(after), wanted), TrainingJob.of)

    @field
    async def created_by(self, info: Info) -> User:
        """Who created the judge here."""
        return User.of(await info.context.loaders.users.load(self.row.created_by))

    @classmethod
    def of(cls, row: JudgeRecord) -> Self:
        """The GraphQL view of a record."""
        return cls(id=ID(row.id), name=row.name, description=row.description, created_at=row.created_at, row=row)


async def load_judge(info: Info, judge_pk: int) -> Judge:
    """The judge something belongs to."""
    return Judge.of(await info.context.loaders.judges.load(judge_pk))
