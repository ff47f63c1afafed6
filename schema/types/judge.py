"""Judges."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry import ID

from models.errors import Invalid
from models.evaluation import Evaluation as EvaluationRecord
from models.feedback import Feedback as FeedbackRecord
from models.job import TrainingJob as JobRecord
from models.judge import Judge as JudgeRecord
from models.judge import JudgeVersion as VersionRecord
from resolvers import jobs, judges, listings, summary
from schema.decorators import column, field, object_type, reads
from schema.info import Info, unset_to_none
from schema.inputs.filters import (
    EvaluationFilterArgument,
    FeedbackFilterArgument,
    to_evaluation_filter,
    to_feedback_filter,
)
from schema.inputs.training_job import JobFilterArgument, to_job_filter
from schema.selection import selected_columns
from schema.types.access import User, load_user
from schema.types.connection import PAGE_SIZE, After, Connection, First, page_arguments, to_connection
from schema.types.criterion import Criterion, load_criteria
from schema.types.feedback_summary import FeedbackSummary, Since, TargetCriteria, Until, criteria_ids, selected_figures
from schema.types.node import ID_DESCRIPTION, Node

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
    """An automated evaluator that scores items on a set of criteria: usually a language model that you run.

    Versions learn from people's feedback on its scores. A version adjusts the judge's raw scores so that they agree
    better with people.
    """

    name: str = column(JudgeRecord.name, "The display name.")
    description: str | None = column(
        JudgeRecord.description, "A description of what it judges; null if none was given."
    )
    created_at: datetime = column(JudgeRecord.created_at, "The moment of its creation on this server.")
    id: ID = column(JudgeRecord.id, ID_DESCRIPTION)
    row: strawberry.Private[JudgeRecord]

    @field
    @reads(JudgeRecord.pk)
    async def criteria(self, info: Info) -> list[Criterion]:
        """The criteria that the judge scores, in the order of its creation."""
        return await load_criteria(info, self.row.pk)

    @field
    @reads(JudgeRecord.active_version_id)
    def active_version(self, info: Info) -> LazyVersion | None:
        """The version that is active; null if none is and the raw scores are in use."""
        from schema.types.judge_version import load_version

        return load_version(info, self.row.active_version_id)

    @field
    @reads(JudgeRecord.pk)
    async def versions(
        self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET
    ) -> Connection[LazyVersion]:
        """The judge's versions, newest first.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
        """
        from schema.types.judge_version import JudgeVersion

        columns = selected_columns(info, VersionRecord)
        page = judges.list_versions(info.context, self.row.pk, *page_arguments(first, after), columns)
        return await to_connection(page, JudgeVersion.of)

    @field
    @reads(JudgeRecord.pk)
    async def feedback_summary(
        self,
        info: Info,
        since: Since = strawberry.UNSET,
        until: Until = strawberry.UNSET,
        target_criteria: TargetCriteria = strawberry.UNSET,
    ) -> FeedbackSummary:
        """Counts and measures of the judge's feedback.

        Args:
            info: The request.
            since: The lower bound of the time.
            until: The upper bound of the time.
            target_criteria: The criteria that corrections must touch.
        """
        bounds = unset_to_none(since), unset_to_none(until), criteria_ids(unset_to_none(target_criteria))
        figures, within = await summary.summarize_by_pk(info.context, self.row.pk, selected_figures(info), *bounds)
        return FeedbackSummary.of(figures, self.row.pk, within)

    @field
    @reads(JudgeRecord.pk)
    async def evaluations(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        filter_: EvaluationFilterArgument = strawberry.UNSET,
    ) -> Connection[LazyEvaluation]:
        """The judge's evaluations, newest first. The time for a page does not depend on its position in the list.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
            filter_: Conditions on the objects.
        """
        from schema.types.evaluation import Evaluation

        page = listings.list_evaluations(
            info.context,
            self.row.pk,
            *page_arguments(first, after),
            *to_evaluation_filter(filter_),
            selected_columns(info, EvaluationRecord),
        )
        return await to_connection(page, Evaluation.of)

    @field
    @reads(JudgeRecord.pk)
    async def feedback(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        filter_: FeedbackFilterArgument = strawberry.UNSET,
    ) -> Connection[LazyFeedback]:
        """The feedback on the judge's evaluations, newest first.

        The time for a page does not depend on its position in the list.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
            filter_: Conditions on the objects.
        """
        from schema.types.feedback import Feedback

        page = listings.list_feedback(
            info.context,
            self.row.pk,
            *page_arguments(first, after),
            *to_feedback_filter(filter_),
            selected_columns(info, FeedbackRecord),
        )
        return await to_connection(page, Feedback.of)

    @field
    @reads(JudgeRecord.id)
    async def training_jobs(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        filter_: JobFilterArgument = strawberry.UNSET,
    ) -> Connection[LazyJob]:
        """The judge's training jobs, newest first. Omit the filter's `judgeId`, which is this judge.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
            filter_: Conditions on the objects.
        """
        from schema.types.training_job import TrainingJob

        job_filter = to_job_filter(filter_)
        if job_filter.judge_id not in (None, self.row.id):
            raise Invalid(f"These are the jobs of {self.row.id}; leave judgeId out.", ("filter", "judge_id"))
        job_filter = replace(job_filter, judge_id=self.row.id)
        columns = selected_columns(info, JobRecord)
        page = jobs.list_jobs(info.context, *page_arguments(first, after), job_filter, columns)
        return await to_connection(page, TrainingJob.of)

    @field
    @reads(JudgeRecord.created_by)
    def created_by(self, info: Info) -> User:
        """The user who created the judge on this server."""
        return load_user(info, self.row.created_by)

    @classmethod
    def of(cls, row: JudgeRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(row=row)


async def load_judge(info: Info, judge_pk: int) -> Judge:
    """Return the judge with a primary key."""
    return Judge.of(await info.context.loaders.judges.load(judge_pk, selected_columns(info, JudgeRecord)))
