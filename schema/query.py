"""The query type."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import strawberry
from strawberry import ID

from models.evaluation import Evaluation as EvaluationRecord
from models.job import TrainingJob as JobRecord
from models.judge import Judge as JudgeRecord
from resolvers import access, analysis, evaluations, jobs, judges, summary
from resolvers import node as nodes
from schema.decorators import deprecated_field, field, input_field, object_type
from schema.info import Info, unset_to_none
from schema.inputs.filters import AuditFilterArgument, to_audit_filter
from schema.inputs.training_job import CreateTrainingJobInput, JobFilterArgument, to_job_filter
from schema.selection import selected_columns
from schema.types.access import ApiKey, User, Viewer, Workspace
from schema.types.analysis import (
    EvaluationSuggestion,
    FromVersion,
    LearningCurve,
    ToVersion,
    VersionComparison,
    to_version_choice,
)
from schema.types.audit import AuditEntry
from schema.types.connection import PAGE_SIZE, After, Connection, First, page_arguments, page_size, to_connection
from schema.types.criterion import load_criteria
from schema.types.evaluation import Evaluation
from schema.types.feedback import Feedback
from schema.types.feedback_summary import (
    FeedbackDay,
    FeedbackSummary,
    Since,
    TargetCriteria,
    TimeZone,
    Until,
    criteria_ids,
    selected_figures,
)
from schema.types.judge import Judge
from schema.types.judge_version import JudgeVersion
from schema.types.node import Node
from schema.types.preflight import TrainingPreflight
from schema.types.training_job import TrainingJob
from schema.types.user_error import REJECTIONS

# The GraphQL type for each kind of record that ``resolvers.node`` finds.
_NODE_TYPES: dict[str, Callable[[Any], Node]] = {
    "judge": Judge.of,
    "version": JudgeVersion.of,
    "job": TrainingJob.of,
    "evaluation": Evaluation.of,
    "feedback": Feedback.of,
    "user": User.of,
    "workspace": Workspace.of,
}

JudgeId = Annotated[ID, strawberry.argument(description="The judge's id: `jdg_...`.")]


def _id_argument(prefix: str) -> Any:
    return strawberry.argument(name="id", description=f"The id: `{prefix}_...`.")


@object_type
class Query:
    """All queries. Objects of other workspaces are treated as if they did not exist."""

    @field
    async def node(
        self, info: Info, any_id: Annotated[ID, strawberry.argument(name="id", description="The id of any object.")]
    ) -> Node | None:
        """The object with this id; null if there is none."""
        found = await nodes.find_node(info.context, any_id, partial(selected_columns, info))
        if found is None:
            return None
        kind, record = found
        return _NODE_TYPES[kind](record)

    @field
    def viewer(self, info: Info) -> Viewer:
        """The API key that sent the request, with its user, role and workspace."""
        return Viewer.of(info.context.viewer)

    @field
    async def judge(self, info: Info, judge_id: Annotated[ID, _id_argument("jdg")]) -> Judge | None:
        """The judge with this id; null if there is none."""
        row = await judges.find_judge(info.context, judge_id, selected_columns(info, JudgeRecord))
        return None if row is None else Judge.of(row)

    @field
    async def judges(self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET) -> Connection[Judge]:
        """The judges of the workspace, oldest first.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
        """
        columns = selected_columns(info, JudgeRecord)
        return await to_connection(judges.list_judges(info.context, *page_arguments(first, after), columns), Judge.of)

    @field
    async def training_job(self, info: Info, job_id: Annotated[ID, _id_argument("job")]) -> TrainingJob | None:
        """The training job with this id; null if there is none."""
        row = await jobs.find_job(info.context, job_id, selected_columns(info, JobRecord))
        return None if row is None else TrainingJob.of(row)

    @field
    async def training_jobs(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        filter_: JobFilterArgument = strawberry.UNSET,
    ) -> Connection[TrainingJob]:
        """The training jobs of the workspace, newest first.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
            filter_: Conditions on the objects.
        """
        columns = selected_columns(info, JobRecord)
        page = jobs.list_jobs(info.context, *page_arguments(first, after), to_job_filter(filter_), columns)
        return await to_connection(page, TrainingJob.of)

    @field
    async def feedback_summary(
        self,
        info: Info,
        judge_id: JudgeId,
        since: Since = strawberry.UNSET,
        until: Until = strawberry.UNSET,
        target_criteria: TargetCriteria = strawberry.UNSET,
    ) -> FeedbackSummary | None:
        """Counts and measures of a judge's feedback; null if there is no such judge.

        A job created with the same bounds starts from the same numbers.

        Args:
            info: The request.
            judge_id: The judge.
            since: The lower bound of the time.
            until: The upper bound of the time.
            target_criteria: The criteria that corrections must touch.
        """
        bounds = unset_to_none(since), unset_to_none(until), criteria_ids(unset_to_none(target_criteria))
        found = await summary.summarize_judge(info.context, judge_id, *bounds, selected_figures(info))
        if found is None:
            return None
        judge, figures, within = found
        return FeedbackSummary.of(figures, judge.pk, within)

    @field
    async def feedback_by_day(
        self,
        info: Info,
        judge_id: JudgeId,
        since: Since = strawberry.UNSET,
        until: Until = strawberry.UNSET,
        target_criteria: TargetCriteria = strawberry.UNSET,
        time_zone: TimeZone = "UTC",
    ) -> list[FeedbackDay] | None:
        """A judge's feedback by day in ascending order, for charts; null if there is no such judge.

        Days without feedback are omitted. At most 4,000 days.

        Args:
            info: The request.
            judge_id: The judge.
            since: The lower bound of the time.
            until: The upper bound of the time.
            target_criteria: The criteria that corrections must touch.
            time_zone: The time zone in which days begin.
        """
        bounds = unset_to_none(since), unset_to_none(until), criteria_ids(unset_to_none(target_criteria))
        found = await summary.summarize_days(info.context, judge_id, *bounds, time_zone or "UTC")
        if found is None:
            return None
        judge, days = found
        return [FeedbackDay.of(day, judge.pk) for day in days]

    @field
    async def evaluation(self, info: Info, evaluation_id: Annotated[ID, _id_argument("evl")]) -> Evaluation | None:
        """The evaluation with this id; null if there is none."""
        row = await evaluations.find_evaluation(info.context, evaluation_id, selected_columns(info, EvaluationRecord))
        return None if row is None else Evaluation.of(row)

    @input_field("The job that you consider creating.")
    async def training_preflight(self, info: Info, request: CreateTrainingJobInput) -> TrainingPreflight:
        """A dry run of `createTrainingJob`: the feedback it would use, what it could prove and how long it would take.

        Nothing is created or changed. Role: `TRAINER`.
        """
        try:
            return TrainingPreflight.of(await jobs.run_preflight(info.context, request.to_spec()))
        except REJECTIONS as rejection:
            return TrainingPreflight.rejected(rejection)

    @field
    async def users(self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET) -> Connection[User]:
        """The users of the workspace, oldest first.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
        """
        return await to_connection(access.list_users(info.context, *page_arguments(first, after)), User.of)

    @field
    async def api_keys(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        include_revoked: Annotated[bool | None, strawberry.argument(description="List revoked keys too.")] = False,
    ) -> Connection[ApiKey]:
        """The API keys of the workspace, oldest first, without their secrets. Role: `ADMIN`.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
            include_revoked: Whether to list revoked keys.
        """
        page = access.list_api_keys(info.context, *page_arguments(first, after), revoked=bool(include_revoked))
        return await to_connection(page, ApiKey.of)

    @field
    async def audit_log(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        filter_: AuditFilterArgument = strawberry.UNSET,
    ) -> Connection[AuditEntry]:
        """The recorded actions in the workspace, newest first. Role: `ADMIN`.

        Args:
            info: The request.
            first: The size of the page.
            after: The cursor after which to continue.
            filter_: Conditions on the objects.
        """
        page = access.list_audit_entries(info.context, *page_arguments(first, after), to_audit_filter(filter_))
        return await to_connection(page, AuditEntry.of)

    @field
    async def version_comparison(
        self,
        info: Info,
        judge_id: JudgeId,
        old: FromVersion = strawberry.UNSET,
        new: ToVersion = strawberry.UNSET,
        first: First = PAGE_SIZE,
    ) -> VersionComparison | None:
        """A comparison of two versions on the judge's newest 5,000 evaluations; null if there is no such judge.

        It counts the verdicts that differ and lists the evaluations with the largest differences. By default, it
        compares the active version with the newest candidate.

        Args:
            info: The request.
            judge_id: The judge.
            old: The version to start from.
            new: The version to compare.
            first: The size of the page.
        """
        return await _compare_versions(info, judge_id, old, new, first)

    @deprecated_field("versionComparison")
    async def compare_versions(
        self,
        info: Info,
        judge_id: JudgeId,
        old: FromVersion = strawberry.UNSET,
        new: ToVersion = strawberry.UNSET,
        first: First = PAGE_SIZE,
    ) -> VersionComparison | None:
        """The former name of `versionComparison`.

        Args:
            info: The request.
            judge_id: The judge.
            old: The version to start from.
            new: The version to compare.
            first: The size of the page.
        """
        return await _compare_versions(info, judge_id, old, new, first)

    @field
    async def learning_curve(self, info: Info, judge_id: JudgeId) -> LearningCurve | None:
        """The agreement with people for growing amounts of feedback; null if there is no such judge.

        The first query takes seconds; the result is cached until the feedback changes.
        """
        found = await analysis.compute_learning_curve(info.context, judge_id)
        return None if found is None else LearningCurve.of(found)

    @field
    async def review_suggestions(
        self, info: Info, judge_id: JudgeId, first: First = PAGE_SIZE
    ) -> list[EvaluationSuggestion] | None:
        """The evaluations whose correction is expected to help most, best first; null if there is no such judge.

        They are uncertain and differ from each other. Evaluations with a correction, an approval or a high rating are
        excluded. The newest 20,000 evaluations are searched.

        Args:
            info: The request.
            judge_id: The judge.
            first: The size of the page.
        """
        return await _suggest_evaluations(info, judge_id, first)

    @deprecated_field("reviewSuggestions")
    async def suggest_evaluations_to_review(
        self, info: Info, judge_id: JudgeId, first: First = PAGE_SIZE
    ) -> list[EvaluationSuggestion] | None:
        """The former name of `reviewSuggestions`.

        Args:
            info: The request.
            judge_id: The judge.
            first: The size of the page.
        """
        return await _suggest_evaluations(info, judge_id, first)


async def _compare_versions(
    info: Info, judge_id: ID, old: ID | None, new: ID | None, first: int | None
) -> VersionComparison | None:
    choices = to_version_choice(old), to_version_choice(new)
    columns = selected_columns(info, EvaluationRecord)
    found = await analysis.compare_versions(info.context, judge_id, *choices, page_size(first), columns)
    return None if found is None else VersionComparison.of(found, await load_criteria(info, found.judge.pk))


async def _suggest_evaluations(info: Info, judge_id: ID, first: int | None) -> list[EvaluationSuggestion] | None:
    found = await analysis.suggest_evaluations(
        info.context, judge_id, page_size(first), selected_columns(info, EvaluationRecord)
    )
    return None if found is None else [EvaluationSuggestion.of(row, item) for row, item in found]
