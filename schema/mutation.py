"""The mutation type: translation of inputs to specs, and of results and rejections to payloads."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from resolvers import access, evaluations, feedback, jobs, judges
from schema.decorators import input_field, object_type
from schema.info import Info
from schema.inputs.api_key import CreateApiKeyInput, RevokeApiKeyInput
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
    CreateApiKeyPayload,
    CreateJudgePayload,
    CreateTrainingJobPayload,
    EvaluatePayload,
    JudgePayload,
    RecordEvaluationsPayload,
    RetractFeedbackPayload,
    RevokeApiKeyPayload,
    SubmitFeedbackPayload,
    TrainingJobPayload,
    UpdateJudgePayload,
)
from schema.types.feedback import Feedback
from schema.types.judge import Judge
from schema.types.training_job import TrainingJob
from schema.types.user_error import REJECTIONS, to_user_errors


def mutation(input_description: str) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """Make a method a mutation whose rejections become the ``userErrors`` of its payload.

    The method takes the input as ``request``, which clients send as ``input``, and returns its payload.

    Args:
        input_description: The description of the argument ``input``.
    """

    def decorate(resolver: Callable[..., Awaitable[Any]]) -> Any:
        payload_type = inspect.signature(resolver).return_annotation

        @functools.wraps(resolver)
        async def resolve(self: "Mutation", info: Info, request: Any) -> Any:
            try:
                return await resolver(self, info, request)
            except REJECTIONS as rejection:
                return payload_type(user_errors=to_user_errors(rejection))

        return input_field(input_description)(resolve)

    return decorate


@object_type
class Mutation:
    """All changes. Each mutation takes one `input`; expected failures are returned in `userErrors`."""

    @mutation("The judge to create.")
    async def create_judge(self, info: Info, request: CreateJudgeInput) -> CreateJudgePayload:
        """Create a judge with its criteria, so that its evaluations can be recorded. Role: `TRAINER`."""
        return CreateJudgePayload(judge=Judge.of(await judges.create_judge(info.context, request.to_spec())))

    @mutation("The changes to make.")
    async def update_judge(self, info: Info, request: UpdateJudgeInput) -> UpdateJudgePayload:
        """Change the texts of a judge, the texts and weights of its criteria, or add criteria. Role: `TRAINER`.

        Either all changes are made or none. Changing a scale and removing a criterion are rejected, because existing
        scores and versions depend on them.
        """
        return UpdateJudgePayload(judge=Judge.of(await judges.update_judge(info.context, request.to_spec())))

    @mutation("The evaluations to record.")
    async def record_evaluations(self, info: Info, request: RecordEvaluationsInput) -> RecordEvaluationsPayload:
        """Record items with the raw scores a judge gave them, so that people can give feedback on them.

        At most 500 per call; each item is accepted or rejected on its own. Sending an item again is safe if it has an
        `externalId`. Role: `ANNOTATOR`.
        """
        return RecordEvaluationsPayload.of(
            await evaluations.record_evaluations(info.context, request.judge_id, request.to_specs())
        )

    @mutation("The feedback to submit.")
    async def submit_feedback(self, info: Info, request: SubmitFeedbackInput) -> SubmitFeedbackPayload:
        """Submit people's feedback on evaluations: corrections, ratings, approvals and comments.

        At most 500 per call; each item is accepted or rejected on its own. Sending an item again is safe if it has an
        `externalId`. Role: `ANNOTATOR`.
        """
        return SubmitFeedbackPayload.of(
            await feedback.submit_feedback(info.context, request.judge_id, request.to_specs())
        )

    @mutation("The feedback to retract.")
    async def retract_feedback(self, info: Info, request: RetractFeedbackInput) -> RetractFeedbackPayload:
        """Retract an item of feedback: it no longer counts, and jobs that have not started exclude it.

        It stays readable with the user, time and reason of its retraction, and keeps its `externalId`. Retracting it
        again changes nothing. Jobs that have started keep it. Role: `ANNOTATOR` for feedback that the key's user
        submitted, `TRAINER` for all.
        """
        item = await feedback.retract_feedback(info.context, request.feedback_id, request.reason)
        return RetractFeedbackPayload(feedback=Feedback.of(item))

    @mutation("The training job to create.")
    async def create_training_job(self, info: Info, request: CreateTrainingJobInput) -> CreateTrainingJobPayload:
        """Create a job that trains a version on a judge's feedback. It starts at once unless `autoStart` is false.

        The feedback it learns from is fixed when it is created. Follow it with the subscription `trainingJobStatus`.
        Role: `TRAINER`.
        """
        return CreateTrainingJobPayload.of(await jobs.create_job(info.context, request.to_spec()))

    @mutation("The job to start.")
    async def start_training_job(self, info: Info, request: StartTrainingJobInput) -> TrainingJobPayload:
        """Queue a job that was created with `autoStart: false`. Role: `TRAINER`."""
        return TrainingJobPayload(training_job=TrainingJob.of(await jobs.start_job(info.context, request.job_id)))

    @mutation("The job to cancel.")
    async def cancel_training_job(self, info: Info, request: CancelTrainingJobInput) -> TrainingJobPayload:
        """Cancel a job that has not ended. A running job stops within seconds, as its status shows. Role: `TRAINER`."""
        job = await jobs.cancel_job(info.context, request.job_id, request.reason)
        return TrainingJobPayload(training_job=TrainingJob.of(job))

    @mutation("The job to retry.")
    async def retry_training_job(self, info: Info, request: RetryTrainingJobInput) -> TrainingJobPayload:
        """Create a new job with the configuration of a failed or cancelled one, on the feedback that exists now.

        The new job's `retryOf` is the old one. Role: `TRAINER`.
        """
        return TrainingJobPayload(training_job=TrainingJob.of(await jobs.retry_job(info.context, request.job_id)))

    @mutation("The version to deploy.")
    async def deploy_judge_version(self, info: Info, request: DeployJudgeVersionInput) -> JudgePayload:
        """Deploy a version if it is proven better than the active one.

        A proof is valid only while the version it was measured against is active. Role: `TRAINER`; with `force`,
        `ADMIN`.
        """
        return JudgePayload(judge=Judge.of(await judges.deploy_version(info.context, request.to_request())))

    @mutation("The judge to roll back.")
    async def rollback_judge(self, info: Info, request: RollbackJudgeInput) -> JudgePayload:
        """Undo the last deployment: activate the newest backup, or the raw scores after a first deployment.

        The version that was active becomes `ARCHIVED`. Role: `TRAINER`.
        """
        judge = await judges.roll_back_judge(
            info.context,
            request.judge_id,
            reason=request.reason,
            expected_active_version_id=request.expected_active_version_id,
        )
        return JudgePayload(judge=Judge.of(judge))

    @mutation("The items to score.")
    async def evaluate(self, info: Info, request: EvaluateInput) -> EvaluatePayload:
        """Score items with a judge version: the active one, unless you name another.

        You send the judge's raw scores and get the scores that people would most likely give. Role: `VIEWER`; with
        `record`, `ANNOTATOR`.
        """
        evaluated = await evaluations.evaluate_items(
            info.context, request.judge_id, request.version_id, request.to_specs(), record=request.record
        )
        return EvaluatePayload.of(evaluated)

    @mutation("The key to create.")
    async def create_api_key(self, info: Info, request: CreateApiKeyInput) -> CreateApiKeyPayload:
        """Create an API key for the workspace. Only this answer contains its secret. Role: `ADMIN`."""
        return CreateApiKeyPayload.of(await access.create_api_key(info.context, request.to_spec()))

    @mutation("The key to revoke.")
    async def revoke_api_key(self, info: Info, request: RevokeApiKeyInput) -> RevokeApiKeyPayload:
        """Revoke an API key permanently. Open connections that use it are closed.

        Revoking it again changes nothing. Revoking the last key with the role `ADMIN` is rejected with `CONFLICT`, so
        that nobody is locked out by mistake; `force` revokes it nevertheless. Role: `ADMIN`.
        """
        key = await access.revoke_api_key(info.context, request.key_id, force=request.force, reason=request.reason)
        return RevokeApiKeyPayload.of(key)
