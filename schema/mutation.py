"""What can be changed."""

from typing import Annotated

import strawberry

from resolvers import access, evaluations, feedback, jobs, judges
from schema.decorators import field, object_type
from schema.info import Info
from schema.inputs.api_key import CreateApiKeyInput, CreateApiKeyPayload, RevokeApiKeyInput, RevokeApiKeyPayload
from schema.inputs.evaluation import EvaluateInput, RecordEvaluationsInput
from schema.inputs.feedback import RetractFeedbackInput, SubmitFeedbackInput
from schema.inputs.judge import CreateJudgeInput, DeployJudgeVersionInput, RollbackJudgeInput, UpdateJudgeInput
from schema.inputs.training_job import (
    CancelTrainingJobInput,
    CreateTrainingJobInput,
    RetryTrainingJobInput,
    StartTrainingJobInput,
)
from schema.payload import (
    CreateJudgePayload,
    CreateTrainingJobPayload,
    EvaluatePayload,
    JudgePayload,
    RecordEvaluationsPayload,
    RetractFeedbackPayload,
    SubmitFeedbackPayload,
    TrainingJobPayload,
    UpdateJudgePayload,
)
from schema.types.feedback import Feedback
from schema.types.judge import Judge
from schema.types.training_job import TrainingJob
from schema.types.user_error import REJECTIONS, user_errors


@object_type
class Mutation:
    """Everything that can be changed. Each mutation takes one `input`; what it refuses is told in `userErrors`."""

    @field
    async def create_judge(
        self,
        info: Info,
        request: Annotated[CreateJudgeInput, strawberry.argument(name="input", description="The judge to create.")],
    ) -> CreateJudgePayload:
        """Make a judge known, with the criteria it scores, so that its evaluations can be recorded. Role: `TRAINER`."""
        try:
            judge = await judges.create_judge(info.context, request.to_spec())
        except REJECTIONS as refusal:
            return CreateJudgePayload(user_errors=user_errors(refusal))
        return CreateJudgePayload(judge=Judge.of(judge))

    @field
    async def update_judge(
        self,
        info: Info,
        request: Annotated[UpdateJudgeInput, strawberry.argument(name="input", description="What to change.")],
    ) -> UpdateJudgePayload:
        """Rename or describe a judge, rename, describe or weigh its criteria, or add criteria. Role: `TRAINER`.

        All of it or nothing. What would take the meaning from scores and versions is refused: another scale, and
        criteria that go.
        """
        try:
            judge = await judges.update_judge(info.context, request.to_spec())
        except REJECTIONS as refusal:
            return UpdateJudgePayload(user_errors=user_errors(refusal))
        return UpdateJudgePayload(judge=Judge.of(judge))

    @field
    async def record_evaluations(
        self,
        info: Info,
        request: Annotated[
            RecordEvaluationsInput, strawberry.argument(name="input", description="The evaluations to record.")
        ],
    ) -> RecordEvaluationsPayload:
        """Record items with the raw scores a judge gave them, so that people can say what they think of them.

        Up to 500 a call; each item is taken or refused by itself. With an `externalId`, sending an item again is
        safe. Role: `ANNOTATOR`.
        """
        try:
            specs = tuple(evaluation.to_spec() for evaluation in request.evaluations)
            batch = await evaluations.record_evaluations(info.context, request.judge_id, specs)
        except REJECTIONS as refusal:
            return RecordEvaluationsPayload(user_errors=user_errors(refusal))
        return RecordEvaluationsPayload.of(batch)

    @field
    async def submit_feedback(
        self,
        info: Info,
        request: Annotated[
            SubmitFeedbackInput, strawberry.argument(name="input", description="The feedback to submit.")
        ],
    ) -> SubmitFeedbackPayload:
        """Tell what people said about evaluations: corrections, ratings, approvals and comments.

        Up to 500 a call; each item is taken or refused by itself. With an `externalId`, sending an item again is
        safe. Role: `ANNOTATOR`.
        """
        try:
            batch = await feedback.submit_feedback(
                info.context, request.judge_id, tuple(item.to_spec() for item in request.feedback)
            )
        except REJECTIONS as refusal:
            return SubmitFeedbackPayload(user_errors=user_errors(refusal))
        return SubmitFeedbackPayload.of(batch)

    @field
    async def retract_feedback(
        self,
        info: Info,
        request: Annotated[
            RetractFeedbackInput, strawberry.argument(name="input", description="The feedback to take back.")
        ],
    ) -> RetractFeedbackPayload:
        """Take an item of feedback back: it counts no longer, and jobs that have not started leave it out.

        It stays readable, with who took it back, when and why; its `externalId` stays taken. To retract it again
        changes nothing and gives it as it is. Jobs that have started keep what they had. Role: `ANNOTATOR` for what
        was submitted by the key's user, `TRAINER` for everything.
        """
        try:
            item = await feedback.retract_feedback(info.context, request.feedback_id, request.reason)
        except REJECTIONS as refusal:
            return RetractFeedbackPayload(user_errors=user_errors(refusal))
        return RetractFeedbackPayload(feedback=Feedback.of(item))

    @field
    async def create_training_job(
        self,
        info: Info,
        request: Annotated[
            CreateTrainingJobInput, strawberry.argument(name="input", description="The training job to create.")
        ],
    ) -> CreateTrainingJobPayload:
        """Create a job that learns from a judge's feedback; it starts by itself unless `autoStart` is false.

        What it learns from is fixed from now on. Follow it with the subscription `trainingJobStatus`. Role: `TRAINER`.
        """
        try:
            created = await jobs.create_job(info.context, request.to_spec())
        except REJECTIONS as refusal:
            return CreateTrainingJobPayload(user_errors=user_errors(refusal))
        return CreateTrainingJobPayload.of(created)

    @field
    async def start_training_job(
        self,
        info: Info,
        request: Annotated[StartTrainingJobInput, strawberry.argument(name="input", description="The job to start.")],
    ) -> TrainingJobPayload:
        """Queue a job that was created with `autoStart: false`. Role: `TRAINER`."""
        try:
            job = await jobs.start_job(info.context, request.job_id)
        except REJECTIONS as refusal:
            return TrainingJobPayload(user_errors=user_errors(refusal))
        return TrainingJobPayload(training_job=TrainingJob.of(job))

    @field
    async def cancel_training_job(
        self,
        info: Info,
        request: Annotated[CancelTrainingJobInput, strawberry.argument(name="input", description="The job to stop.")],
    ) -> TrainingJobPayload:
        """Stop a job that is not over. One that runs ends within moments; its status tells when. Role: `TRAINER`."""
        try:
            job = await jobs.cancel_job(info.context, request.job_id, request.reason)
        except REJECTIONS as refusal:
            return TrainingJobPayload(user_errors=user_errors(refusal))
        return TrainingJobPayload(training_job=TrainingJob.of(job))

    @field
    async def retry_training_job(
        self,
        info: Info,
        request: Annotated[
            RetryTrainingJobInput, strawberry.argument(name="input", description="The job to try again.")
        ],
    ) -> TrainingJobPayload:
        """Try a failed or cancelled job again: a new job with the same configuration on the feedback there is now.

        The new job's `retryOf` is the old one. Role: `TRAINER`.
        """
        try:
            job = await jobs.retry_job(info.context, request.job_id)
        except REJECTIONS as refusal:
            return TrainingJobPayload(user_errors=user_errors(refusal))
        return TrainingJobPayload(training_job=TrainingJob.of(job))

    @field
    async def deploy_judge_version(
        self,
        info: Info,
        request: Annotated[
            DeployJudgeVersionInput, strawberry.argument(name="input", description="The version to deploy.")
        ],
    ) -> JudgePayload:
        """Make a version the one that scores, if it is proven better than what is active.

        A proof counts only while the version it was measured against is active. Role: `TRAINER`; with `force`,
        `ADMIN`.
        """
        try:
            judge = await judges.deploy_version(
                info.context,
                request.version_id,
                force=request.force,
                reason=request.reason,
                backup_current_version=request.backup_current_version,
                expected_active_version_id=request.expected_active_version_id,
            )
        except REJECTIONS as refusal:
            return JudgePayload(user_errors=user_errors(refusal))
        return JudgePayload(judge=Judge.of(judge))

    @field
    async def rollback_judge(
        self,
        info: Info,
        request: Annotated[
            RollbackJudgeInput, strawberry.argument(name="input", description="The judge to roll back.")
        ],
    ) -> JudgePayload:
        """Take the last deployment back: the newest backup scores again, or the raw scores after a first deployment.

        The version that was active becomes `ARCHIVED`. Role: `TRAINER`.
        """
        try:
            judge = await judges.roll_back_judge(
                info.context,
                request.judge_id,
                reason=request.reason,
                expected_active_version_id=request.expected_active_version_id,
            )
        except REJECTIONS as refusal:
            return JudgePayload(user_errors=user_errors(refusal))
        return JudgePayload(judge=Judge.of(judge))

    @field
    async def evaluate(
        self,
        info: Info,
        request: Annotated[EvaluateInput, strawberry.argument(name="input", description="The items to score.")],
    ) -> EvaluatePayload:
        """Score items with a judge version: the active one, unless you name another.

        You send the raw scores the judge gave, and get what people would most likely say. Role: `VIEWER`; with
        `record`, `ANNOTATOR`.
        """
        try:
            specs = tuple(item.to_spec() for item in request.items)
            evaluated = await evaluations.evaluate_items(
                info.context, request.judge_id, request.version_id, specs, record=request.record
            )
        except REJECTIONS as refusal:
            return EvaluatePayload(user_errors=user_errors(refusal))
        return EvaluatePayload.of(evaluated)

    @field
    async def create_api_key(
        self,
        info: Info,
        request: Annotated[CreateApiKeyInput, strawberry.argument(name="input", description="The key to make.")],
    ) -> CreateApiKeyPayload:
        """Make a key to the workspace. Its secret is in the answer, and never shown again. Role: `ADMIN`."""
        try:
            created = await access.create_api_key(info.context, request.to_spec())
        except REJECTIONS as refusal:
            return CreateApiKeyPayload(user_errors=user_errors(refusal))
        return CreateApiKeyPayload.of(created)

    @field
    async def revoke_api_key(
        self,
        info: Info,
        request: Annotated[RevokeApiKeyInput, strawberry.argument(name="input", description="The key to revoke.")],
    ) -> RevokeApiKeyPayload:
        """Take a key back for good: it opens nothing any more, and open connections with it are closed.

        Revoking a key again changes nothing. The last key with the role `ADMIN` is refused with `CONFLICT`, so that
        nobody is locked out by mistake; `force` revokes it all the same. Role: `ADMIN`.
        """
        try:
            key = await access.revoke_api_key(info.context, request.key_id, force=request.force, reason=request.reason)
        except REJECTIONS as refusal:
            return RevokeApiKeyPayload(user_errors=user_errors(refusal))
        return RevokeApiKeyPayload.of(key)
