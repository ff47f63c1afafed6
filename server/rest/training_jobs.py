"""`POST /training/jobs` and `GET /training/jobs/{id}`: `createTrainingJob` as REST, in snake_case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from models.job import Priority, TrainingJob, TrainingType
from models.judge import Judge
from models.specs.limits import MAX_EPOCHS, MAX_FEEDBACK_COUNT, MAX_NAME, MAX_SEED
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec
from resolvers import jobs
from resolvers.context import Context
from runner.jobs.duration import round_up_to_minutes
from server.errors import error_response
from server.rest.authorization import requires
from server.rest.responses import DateRangeAnswer, FeedbackAnswer, JobAnswer

Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]


def _describe(description: str, **schema: object) -> msgspec.Meta:
    """Return the OpenAPI description of a field.

    Args:
        description: purpose of the field.
        schema: range of the field as JSON Schema keywords. It informs readers only; ``models.specs`` checks the values.
    """
    return msgspec.Meta(description=description, extra_json_schema=dict(schema))


class ConfigBody(msgspec.Struct, forbid_unknown_fields=True):
    """`training_config`: feedback that the job uses and parameters of the training."""

    feedback_cutoff_date: Annotated[
        Timestamp | None,
        _describe("Use only feedback given at or after this time, which needs a UTC offset. Default: all feedback."),
    ] = None
    minimum_feedback_count: Annotated[
        int,
        _describe(
            "Smallest number of usable feedback items; with fewer the request is rejected.",
            minimum=1,
            maximum=MAX_FEEDBACK_COUNT,
        ),
    ] = 20
    validation_split: Annotated[
        float | None, _describe("Share of the data held out for the proof.", exclusiveMinimum=0, maximum=0.5)
    ] = None
    learning_rate: Annotated[
        float | None, _describe("Learning rate. Default: chosen from the data.", exclusiveMinimum=0, maximum=1)
    ] = None
    max_epochs: Annotated[
        int | None, _describe("Largest number of epochs. Default: chosen from the data.", minimum=1, maximum=MAX_EPOCHS)
    ] = None
    early_stopping: Annotated[bool | None, _describe("Stop early when the loss no longer improves.")] = None
    target_criteria: Annotated[
        list[str] | None,
        _describe("Ids or keys of the criteria to change; for fine_tune and validation only.", minItems=1),
    ] = None
    seed: Annotated[
        int, _describe("Random seed. The same seed and data produce the same version.", minimum=0, maximum=MAX_SEED)
    ] = 0


class OptionsBody(msgspec.Struct, forbid_unknown_fields=True):
    """`execution_options`: how the job runs and what happens after it."""

    priority: Literal["high", "normal", "low"] = "normal"
    auto_deploy: Annotated[bool, _describe("Deploy the new version automatically if it is proven better.")] = False
    backup_current_version: Annotated[bool, _describe("Keep the version that a deployment replaces as a backup.")] = (
        True
    )
    notification_email: Annotated[
        str | None, _describe("E-mail address to notify when the job has ended.", format="email", maxLength=MAX_NAME)
    ] = None
    webhook_url: Annotated[
        str | None, _describe("URL that receives a POST request when the job has ended.", format="uri")
    ] = None
    auto_start: Annotated[bool, _describe("Queue the job immediately.")] = True


class JobBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a request that creates a training job."""

    judge_id: Annotated[str, _describe("Id of the judge to train.")]
    training_type: Literal["incremental", "full_retrain", "fine_tune", "validation"]
    training_config: ConfigBody
    execution_options: OptionsBody | None = None

    def to_spec(self, idempotency_key: str | None) -> TrainingSpec:
        """Return the request as a domain specification."""
        config, options = self.training_config, self.execution_options or OptionsBody()
        targets = tuple(config.target_criteria) if config.target_criteria is not None else None
        return TrainingSpec(
            judge_id=self.judge_id,
            training_type=TrainingType(self.training_type),
            config=TrainingConfig(**msgspec.structs.asdict(config) | {"target_criteria": targets}),
            options=ExecutionOptions(
                **msgspec.structs.asdict(options) | {"priority": Priority[options.priority.upper()]}
            ),
            idempotency_key=idempotency_key,
        )


@requires("POST /training/jobs")
async def create_job(request: Request, ctx: Context) -> Response:
    """Create a training job and respond with 201 and its location."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return error_response(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json.")
    try:
        body = msgspec.json.decode(await request.body(), type=JobBody)
    except msgspec.ValidationError as error:  # before DecodeError, its parent
        message, field = _split_message(error)
        return error_response(422, "INVALID", message, [{"field": field, "message": message, "code": "INVALID"}])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return error_response(400, "MALFORMED", f"The body is not valid JSON: {error}.")
    created = await jobs.create_job(ctx, body.to_spec(request.headers.get("idempotency-key")))
    judge = await ctx.loaders.judges.load(created.job.judge_pk)
    location = str(request.url.path).rstrip("/") + f"/{created.job.id}"
    return _respond(to_answer(created.job, judge), 201, {"location": location})


@requires("GET /training/jobs/{job_id}")
async def get_job(request: Request, ctx: Context) -> Response:
    """Respond with a training job in the shape in which it was created."""
    job_id = request.path_params["job_id"]
    job = await jobs.find_job(ctx, job_id)
    if job is None:
        return error_response(404, "NOT_FOUND", f"There is no training job {job_id!r}.")
    return _respond(to_answer(job, await ctx.loaders.judges.load(job.judge_pk)))


def to_answer(job: TrainingJob, judge: Judge) -> JobAnswer:
    """Return a job in its REST representation."""
    summary = job.summary.value
    return JobAnswer(
        job_id=job.id,
        judge_id=judge.id,
        training_type=job.training_type.value,
        status=job.status.value,
        feedback_data_summary=FeedbackAnswer(
            total_feedback_count=summary.total,
            correction_count=summary.corrections,
            rating_count=summary.ratings,
            date_range=DateRangeAnswer(summary.earliest, summary.latest),
        ),
        estimated_duration=round_up_to_minutes(job.estimated_seconds) if job.estimated_seconds is not None else None,
        created_at=job.created_at.isoformat(),
        created_by=job.created_by,
    )


def _respond(job: JobAnswer, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(job), status, headers, media_type="application/json")


_HINTS = {
    "training_type": f"; allowed are {', '.join(kind.value for kind in TrainingType)}.",
    "execution_options.priority": "; allowed are high, normal, low.",
    "training_config.feedback_cutoff_date": ", like 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00.",
}


def _split_message(error: msgspec.ValidationError) -> tuple[str, str | None]:
    """Return the sentence and the field path of a decoding error.

    Such a message reads ``Expected `int`, got `str` - at `$.training_config.seed```.
    """
    message, _, place = str(error).partition(" - at `$")
    field = place.strip("`.") or None
    return message + _HINTS.get(field or "", ".") if "Invalid" in message else f"{message}.", field
