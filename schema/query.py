"""What can be asked."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry
from strawberry import ID

from resolvers import access, evaluations, jobs, judges, summary
from resolvers import analysis as insight
from resolvers import node as nodes
from schema.decorators import field, object_type
from schema.info import Info, unset_to_none
from schema.inputs.training_job import CreateTrainingJobInput, Filter, job_filter
from schema.types.access import ApiKey, User, Viewer, Workspace
from schema.types.analysis import EvaluationSuggestion, LearningCurve, NewVersion, OldVersion, VersionComparison, named
from schema.types.audit import AuditEntry, TrailFilter, audit_filter
from schema.types.connection import PAGE_SIZE, After, Connection, First, connection, size
from schema.types.criterion import Criterion
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
)
from schema.types.judge import Judge
from schema.types.judge_version import JudgeVersion
from schema.types.node import Node
from schema.types.preflight import TrainingPreflight
from schema.types.training_job import TrainingJob
from schema.types.user_error import REJECTIONS

_KINDS: dict[str, Callable[[Any], Node]] = {
    "judge": Judge.of,
    "version": JudgeVersion.of,
    "job": TrainingJob.of,
    "evaluation": Evaluation.of,
    "feedback": Feedback.of,
    "user": User.of,
    "workspace": Workspace.of,
}


@object_type
class Query:
    """Everything that can be asked. A thing of another workspace is as unknown as one that never was."""

    @field
    async def node(
        self, info: Info, any_id: Annotated[ID, strawberry.argument(name="id", description="The id of anything.")]
    ) -> Node | None:
        """Anything that has an id, by that id alone. Null: there is no such thing."""
        found = await nodes.find_node(info.context, any_id)
        if found is None:
            return None
        kind, record = found
        return _KINDS[kind](record)

    @field
    def viewer(self, info: Info) -> Viewer:
        """You, as this server sees you: whose API key it is and what it may do."""
        return Viewer.of(info.context.viewer)

    @field
    async def judge(
        self, info: Info, judge_id: Annotated[ID, strawberry.argument(name="id", description="Its id: `jdg_...`.")]
    ) -> Judge | None:
        """A judge. Null: there is no such judge."""
        row = await judges.find_judge(info.context, judge_id)
        return None if row is None else Judge.of(row)

    @field
    async def judges(self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET) -> Connection[Judge]:
        """All judges of the workspace, in the order they were created."""
        return connection(await judges.list_judges(info.context, size(first), unset_to_none(after)), Judge.of)

    @field
    async def training_job(
        self, info: Info, job_id: Annotated[ID, strawberry.argument(name="id", description="Its id: `job_...`.")]
    ) -> TrainingJob | None:
        """A training job. Null: there is no such job."""
        row = await jobs.find_job(info.context, job_id)
        return None if row is None else TrainingJob.of(row)

    @field
    async def training_jobs(
        self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET, which: Filter = strawberry.UNSET
    ) -> Connection[TrainingJob]:
        """Training jobs of all judges of the workspace, newest first."""
        page = await jobs.list_jobs(info.context, size(first), unset_to_none(after), job_filter(unset_to_none(which)))
        return connection(page, TrainingJob.of)

    @field
    async def feedback_summary(
        self,
        info: Info,
        judge_id: Annotated[ID, strawberry.argument(description="The judge whose feedback is meant.")],
        since: Since = strawberry.UNSET,
        until: Until = strawberry.UNSET,
        target_criteria: TargetCriteria = strawberry.UNSET,
    ) -> FeedbackSummary | None:
        """What feedback there is to learn from, in figures: the same that a job created with these bounds starts from.

        Null: there is no such judge.
        """
        bounds = unset_to_none(since), unset_to_none(until), criteria_ids(unset_to_none(target_criteria))
        found = await summary.summarize_judge(info.context, judge_id, *bounds)
        if found is None:
            return None
        judge, figures, within = found
        return FeedbackSummary.of(figures, judge.pk, within)

    @field
    async def feedback_by_day(
        self,
        info: Info,
        judge_id: Annotated[ID, strawberry.argument(description="The judge whose feedback is meant.")],
        since: Since = strawberry.UNSET,
        until: Until = strawberry.UNSET,
        target_criteria: TargetCriteria = strawberry.UNSET,
        time_zone: TimeZone = "UTC",
    ) -> list[FeedbackDay] | None:
        """The feedback day by day, in order, for charts; a day on which none was given is left out.

        At most 4,000 days. Null: there is no such judge.
        """
        bounds = unset_to_none(since), unset_to_none(until), criteria_ids(unset_to_none(target_criteria))
        found = await summary.summarize_days(info.context, judge_id, *bounds, time_zone or "UTC")
        if found is None:
            return None
        judge, days = found
        return [FeedbackDay.of(day, judge.pk) for day in days]

    @field
    async def evaluation(
        self, info: Info, evaluation_id: Annotated[ID, strawberry.argument(name="id", description="Its id: `evl_...`.")]
    ) -> Evaluation | None:
        """An evaluation. Null: there is no such evaluation."""
        row = await evaluations.find_evaluation(info.context, evaluation_id)
        return None if row is None else Evaluation.of(row)

    @field
    async def training_preflight(
        self,
        info: Info,
        request: Annotated[
            CreateTrainingJobInput,
            strawberry.argument(name="input", description="The job you think of creating, as for `createTrainingJob`."),
        ],
    ) -> TrainingPreflight:
        """A dry run of `createTrainingJob`: what it would use, what it could prove and how long it would take.

        Nothing is created or changed. Role: `TRAINER`.
        """
        try:
            return TrainingPreflight.of(await jobs.run_preflight(info.context, request.to_spec()))
        except REJECTIONS as refusal:
            return TrainingPreflight.refused(refusal)

    @field
    async def users(self, info: Info, first: First = PAGE_SIZE, after: After = strawberry.UNSET) -> Connection[User]:
        """Everybody who acts in the workspace, in the order in which they came."""
        return connection(await access.list_users(info.context, size(first), unset_to_none(after)), User.of)

    @field
    async def api_keys(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        include_revoked: Annotated[
            bool | None, strawberry.argument(description="Whether to list keys that were revoked, too.")
        ] = False,
    ) -> Connection[ApiKey]:
        """The keys to the workspace, in the order they were made, without their secrets. Role: `ADMIN`."""
        page = await access.list_api_keys(
            info.context, size(first), unset_to_none(after), revoked=bool(include_revoked)
        )
        return connection(page, ApiKey.of)

    @field
    async def audit_log(
        self,
        info: Info,
        first: First = PAGE_SIZE,
        after: After = strawberry.UNSET,
        which: TrailFilter = strawberry.UNSET,
    ) -> Connection[AuditEntry]:
        """Who did what, when and to what in the workspace, newest first. Role: `ADMIN`."""
        page = await access.list_audit_entries(
            info.context, size(first), unset_to_none(after), audit_filter(unset_to_none(which))
        )
        return connection(page, AuditEntry.of)

    @field
    async def compare_versions(
        self,
        info: Info,
        judge_id: Annotated[ID, strawberry.argument(description="The judge whose versions are meant.")],
        old: OldVersion = strawberry.UNSET,
        new: NewVersion = strawberry.UNSET,
        first: First = PAGE_SIZE,
    ) -> VersionComparison | None:
        """What would change if another version scored: how many verdicts flip, and which evaluations flip most.

        Left alone, it compares the active version with the newest candidate, on the newest 5,000 evaluations. Null:
        there is no such judge.
        """
        found = await insight.compare_versions(info.context, judge_id, named(old), named(new), size(first))
        if found is None:
            return None
        criteria = await info.context.loaders.criteria.load(found.judge.pk)
        return VersionComparison.of(found, [Criterion.of(criterion) for criterion in criteria])

    @field
    async def learning_curve(
        self,
        info: Info,
        judge_id: Annotated[ID, strawberry.argument(description="The judge whose feedback is meant.")],
    ) -> LearningCurve | None:
        """How good a version is with growing amounts of feedback, and so what more of it may bring.

        It takes seconds the first time; then it is remembered until there is other feedback. Null: there is no such
        judge.
        """
        found = await insight.compute_learning_curve(info.context, judge_id)
        return None if found is None else LearningCurve.of(found)

    @field
    async def suggest_evaluations_to_review(
        self,
        info: Info,
        judge_id: Annotated[ID, strawberry.argument(description="The judge whose evaluations are meant.")],
        first: First = PAGE_SIZE,
    ) -> list[EvaluationSuggestion] | None:
        """The evaluations whose correction would teach most: hard to foresee, and not all of one kind. Best first.

        Those with a correction, an approval or a high rating are left out. Looked for among the newest 20,000
        evaluations. Null: there is no such judge.
        """
        found = await insight.suggest_evaluations(info.context, judge_id, size(first))
        return None if found is None else [EvaluationSuggestion.of(row, item) for row, item in found]
