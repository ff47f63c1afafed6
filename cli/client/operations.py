"""One typed function for each operation that the command runs."""

from collections.abc import Iterator
from typing import Literal, TypeVar, cast

from cli.client.client import Client
from cli.client.inputs import CreateTrainingJobInput, EvaluateInput, TrainingJobFilter, drop_unset
from cli.client.responses import (
    CreatedJob,
    EvaluationResult,
    FeedbackSummary,
    JobActivity,
    JobPage,
    JobUpdate,
    Judge,
    JudgePage,
    JudgeWithVersions,
    LearningCurve,
    ReviewSuggestion,
    Scoring,
    TrainingJob,
    VersionComparison,
    VersionPage,
)
from cli.errors import ApiError

Found = TypeVar("Found")


def list_judges(client: Client, first: int) -> JudgePage:
    """Return the first page of the workspace's judges."""
    return cast("JudgePage", client.run("Judges", first=first))


def find_judge(client: Client, judge_id: str) -> Judge | None:
    """Return a judge, or None if there is none with this id."""
    return cast("Judge | None", client.run("Judge", id=judge_id))


def get_judge(client: Client, judge_id: str) -> Judge:
    """Return a judge.

    Raises:
        ApiError: there is no such judge.
    """
    return _require_judge(find_judge(client, judge_id), judge_id)


def create_judge(client: Client, judge_input: object) -> Judge:
    """Create a judge from a `CreateJudgeInput` and return it."""
    return cast("Judge", client.run("CreateJudge", input=judge_input)["judge"])


def list_versions(client: Client, judge_id: str, first: int) -> VersionPage:
    """Return the first page of a judge's versions, newest first.

    Args:
        client: the connection.
        judge_id: the judge.
        first: the largest number of versions to return.

    Raises:
        ApiError: there is no such judge.
    """
    judge = cast("JudgeWithVersions | None", client.run("JudgeVersions", judgeId=judge_id, first=first))
    return _require_judge(judge, judge_id)["versions"]


def compare_versions(
    client: Client, judge_id: str, first: int, sides: dict[Literal["from", "to"], str | None]
) -> VersionComparison:
    """Compare the verdicts of two versions of a judge.

    Args:
        client: the connection.
        judge_id: the judge.
        first: the largest number of evaluations to return.
        sides: the ids of the versions, None for the raw scores. A missing side is the server's default: the active
            version as `from`, the newest candidate as `to`.

    Raises:
        ApiError: there is no such judge.
    """
    comparison = client.run("CompareVersions", judgeId=judge_id, first=first, **sides)
    return _require_judge(cast("VersionComparison | None", comparison), judge_id)


def deploy_version(client: Client, version_id: str, *, force: bool, reason: str | None) -> Judge:
    """Deploy a version and return its judge.

    Args:
        client: the connection.
        version_id: the version.
        force: deploy it without proof that it is better.
        reason: the reason for the audit log; required with `force`.
    """
    values = drop_unset({"versionId": version_id, "force": force, "reason": reason or None})
    return cast("Judge", client.run("DeployJudgeVersion", input=values)["judge"])


def roll_back_judge(client: Client, judge_id: str, reason: str | None) -> Judge:
    """Undo a judge's last deployment and return the judge.

    Args:
        client: the connection.
        judge_id: the judge.
        reason: the reason for the audit log.
    """
    values = drop_unset({"judgeId": judge_id, "reason": reason or None})
    return cast("Judge", client.run("RollbackJudge", input=values)["judge"])


def list_jobs(client: Client, first: int, job_filter: TrainingJobFilter) -> JobPage:
    """Return the first page of the training jobs that pass a filter, newest first.

    Args:
        client: the connection.
        first: the largest number of jobs to return.
        job_filter: the judge and the states of the jobs.
    """
    return cast("JobPage", client.run("TrainingJobs", first=first, filter=job_filter))


def find_job(client: Client, job_id: str) -> TrainingJob | None:
    """Return a training job, or None if there is none with this id."""
    return cast("TrainingJob | None", client.run("TrainingJob", id=job_id))


def get_job(client: Client, job_id: str) -> TrainingJob:
    """Return a training job.

    Raises:
        ApiError: there is no such job.
    """
    job = find_job(client, job_id)
    if job is None:
        raise ApiError(f"There is no training job {job_id}. `judgesmith jobs` lists them.", "NOT_FOUND")
    return job


def create_job(client: Client, job_input: CreateTrainingJobInput) -> CreatedJob:
    """Create a training job and return it with its warnings."""
    return cast("CreatedJob", client.run("CreateTrainingJob", input=job_input))


def cancel_job(client: Client, job_id: str, reason: str | None) -> TrainingJob:
    """Cancel a training job and return it.

    Args:
        client: the connection.
        job_id: the job.
        reason: the reason that the job's log shows.
    """
    values = drop_unset({"jobId": job_id, "reason": reason})
    return cast("TrainingJob", client.run("CancelTrainingJob", input=values)["trainingJob"])


def retry_job(client: Client, job_id: str) -> TrainingJob:
    """Create a job that repeats a failed or cancelled one, and return it."""
    return cast("TrainingJob", client.run("RetryTrainingJob", input={"jobId": job_id})["trainingJob"])


def follow_job(client: Client, job_id: str) -> Iterator[JobUpdate]:
    """Yield the events of one job from its start until it has ended."""
    return cast("Iterator[JobUpdate]", client.subscribe("TrainingJobStatus", jobId=job_id))


def follow_jobs(client: Client, judge_id: str | None) -> Iterator[JobActivity]:
    """Yield the events of all jobs, or those of one judge, from now on."""
    variables = {} if judge_id is None else {"judgeId": judge_id}
    return cast("Iterator[JobActivity]", client.subscribe("TrainingJobActivity", **variables))


def summarize_feedback(client: Client, judge_id: str, **bounds: object) -> FeedbackSummary:
    """Count a judge's feedback.

    Args:
        client: the connection.
        judge_id: the judge.
        bounds: `since`, `until` and `targetCriteria` of the document; each may be missing.

    Raises:
        ApiError: there is no such judge.
    """
    summary = client.run("FeedbackSummary", judgeId=judge_id, **bounds)
    return _require_judge(cast("FeedbackSummary | None", summary), judge_id)


def compute_learning_curve(client: Client, judge_id: str) -> LearningCurve:
    """Return the quality of a judge's versions by the number of labels they learn from.

    Raises:
        ApiError: there is no such judge.
    """
    return _require_judge(cast("LearningCurve | None", client.run("LearningCurve", judgeId=judge_id)), judge_id)


def suggest_reviews(client: Client, judge_id: str, first: int) -> list[ReviewSuggestion]:
    """Return the evaluations whose correction would improve a judge most.

    Args:
        client: the connection.
        judge_id: the judge.
        first: the largest number of suggestions.

    Raises:
        ApiError: there is no such judge.
    """
    suggestions = client.run("SuggestEvaluationsToReview", judgeId=judge_id, first=first)
    return _require_judge(cast("list[ReviewSuggestion] | None", suggestions), judge_id)


def evaluate(client: Client, evaluate_input: EvaluateInput) -> list[EvaluationResult]:
    """Score items with a version and return the results in the order of the items."""
    return cast("list[EvaluationResult]", client.run("Evaluate", input=evaluate_input)["results"])


def score_items(client: Client, evaluate_input: EvaluateInput) -> Scoring:
    """Score items with a version, by default the active one; the result of a rejected item is null."""
    return cast("Scoring", client.run("Evaluate", input=evaluate_input))


def _require_judge(found: Found | None, judge_id: str) -> Found:
    """Return what the server found for a judge, or raise the error of an unknown judge."""
    if found is None:
        raise ApiError(f"There is no judge {judge_id}. `judgesmith judges` lists them.", "NOT_FOUND")
    return found
