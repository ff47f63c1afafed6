"""`POST /training/jobs`: the REST call, with the same rules as `createTrainingJob`, in snake_case."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.errors import DomainError, ErrorCode, Forbidden, RequestRejected, Unauthenticated
from models.job import Priority, TrainingJob, TrainingType
from models.judge import Judge
from models.specs.limits import MAX_EPOCHS, MAX_FEEDBACK_COUNT, MAX_NAME, MAX_SEED
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec
from resolvers import jobs
from resolvers.context import Context
from runner.jobs.duration import round_up_to_minutes
from server.auth import authenticate
from server.errors import error_response
from server.rest.responses import DateRangeAnswer, FeedbackAnswer, JobAnswer
from server.services import Services

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


def _described(description: str, **schema: object) -> msgspec.Meta:
    """What a field is for, and its range, which is for readers only: the rules themselves are in ``models.specs``."""
    return msgspec.Meta(description=description, extra_json_schema=dict(schema))


class ConfigBody(msgspec.Struct, forbid_unknown_fields=True):
    """`training_config`: what the job learns from and how."""

    feedback_cutoff_date: Annotated[
        Moment | None, _described("Only feedback given at or after this moment, with its offset from UTC.")
    ] = None
    minimum_feedback_count: Annotated[
        int, _described("Fewer usable items are refused.", minimum=1, maximum=MAX_FEEDBACK_COUNT)
    ] = 20
    validation_split: Annotated[
        float | None, _described("The share held out for the proof.", exclusiveMinimum=0, maximum=0.5)
    ] = None
    learning_rate: Annotated[
        float | None, _described("Left out: chosen from the data.", exclusiveMinimum=0, maximum=1)
    ] = None
    max_epochs: Annotated[
        int | None, _described("Steps of learning at most. Left out: chosen.", minimum=1, maximum=MAX_EPOCHS)
    ] = None
    early_stopping: Annotated[bool | None, _described("Whether to stop when it gets no better.")] = None
    target_criteria: Annotated[
        list[str] | None,
        _described("The criteria to change, by id or key; for fine_tune and validation only.", minItems=1),
    ] = None
    seed: Annotated[int, _described("The same seed and data give the same version.", minimum=0, maximum=MAX_SEED)] = 0


class OptionsBody(msgspec.Struct, forbid_unknown_fields=True):
    """`execution_options`: how the job is run and what follows it."""

    priority: Literal["high", "normal", "low"] = "normal"
    auto_deploy: Annotated[bool, _described("Whether to deploy what is proven better.")] = False
    backup_current_version: Annotated[bool, _described("Whether to keep what a deployment replaces.")] = True
    notification_email: Annotated[
        str | None, _described("Whom to tell when the job is over.", format="email", maxLength=MAX_NAME)
    ] = None
    webhook_url: Annotated[str | None, _described("Where to post when the job is over.", format="uri")] = None
    auto_start: Annotated[bool, _described("Whether to queue the job at once.")] = True


class JobBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request for a training job."""

    judge_id: Annotated[str, _described("The judge to train.")]
    training_type: Literal["incremental", "full_retrain", "fine_tune", "validation"]
    training_config: ConfigBody
    execution_options: OptionsBody = msgspec.field(default_factory=OptionsBody)

    def to_spec(self, idempotency_key: str | None) -> TrainingSpec:
        """The same as the domain knows it."""
        config, options = self.training_config, self.execution_options
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


Endpoint = Callable[[Request], Awaitable[Response]]

_STATUS = {
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.IDEMPOTENCY_MISMATCH: 409,
}


def requires(name: str) -> Callable[[Callable[[Request, Context], Awaitable[Response]]], Endpoint]:
    """Make a function an endpoint that is only reached by those whom the table lets through this door.

    ``name`` is the method and the path, as in ``models.permissions``. Expected failures are answered with their status
    and code.
    """

    def decorate(endpoint: Callable[[Request, Context], Awaitable[Response]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            services: Services = request.app.state.services
            try:
                ctx = services.context(await authenticate(services.store, request.headers.get("authorization")))
                ctx.require(name)
                return await endpoint(request, ctx)
            except Unauthenticated as error:
                return error_response(401, "UNAUTHENTICATED", str(error), headers={"www-authenticate": "Bearer"})
            except Forbidden as error:
                return error_response(403, "FORBIDDEN", str(error))
            except RequestRejected as refusal:
                return _refused(refusal.errors)
            except DomainError as error:
                return _refused((error,))

        return answer

    return decorate


@requires("POST /training/jobs")
async def create_job(request: Request, ctx: Context) -> Response:
    """Create a training job; 201 with its address."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return error_response(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json.")
    try:
        body = msgspec.json.decode(await request.body(), type=JobBody)
    except msgspec.ValidationError as error:  # before DecodeError, its parent
        message, field = _field_of(error)
        return error_response(422, "INVALID", message, [{"field": field, "message": message, "code": "INVALID"}])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return error_response(400, "MALFORMED", f"The body is no valid JSON: {error}.")
    created = await jobs.create_job(ctx, body.to_spec(request.headers.get("idempotency-key")))
    judge = await ctx.loaders.judges.load(created.job.judge_pk)
    location = str(request.url.path).rstrip("/") + f"/{created.job.id}"
    return _answer(as_json(created.job, judge), 201, {"location": location})


@requires("GET /training/jobs/{job_id}")
async def get_job(request: Request, ctx: Context) -> Response:
    """One training job, in the shape in which it was created."""
    job_id = request.path_params["job_id"]
    job = await jobs.find_job(ctx, job_id)
    if job is None:
        return error_response(404, "NOT_FOUND", f"There is no training job {job_id!r}.")
    return _answer(as_json(job, await ctx.loaders.judges.load(job.judge_pk)))


def as_json(job: TrainingJob, judge: Judge) -> JobAnswer:
    """A job as REST shows it."""
    summary = job.summary
    return JobAnswer(
        job_id=job.id,
        judge_id=judge.id,
        training_type=job.training_type.value,
        status=job.status.value,
        feedback_data_summary=FeedbackAnswer(
            total_feedback_count=summary["total"],
            correction_count=summary["corrections"],
            rating_count=summary["ratings"],
            date_range=DateRangeAnswer(summary["earliest"], summary["latest"]),
        ),
        estimated_duration=round_up_to_minutes(job.estimated_seconds) if job.estimated_seconds is not None else None,
        created_at=job.created_at.isoformat(),
        created_by=job.created_by,
    )


def _answer(job: JobAnswer, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(job), status, headers, media_type="application/json")


def _refused(errors: tuple[DomainError, ...]) -> JSONResponse:
    first = errors[0]
    details = [
        {"field": ".".join(error.field) or None, "message": error.message, "code": error.code.value} | _figures(error)
        for error in errors
    ]
    return error_response(_STATUS.get(first.code, 422), first.code.value, first.message, details)


def _figures(error: DomainError) -> dict[str, object]:
    names = {"usable": "usable_count", "required": "required_count"}
    return {names[name]: value for name, value in error.details.items() if name in names}


def _field_of(error: msgspec.ValidationError) -> tuple[str, str | None]:
    """The sentence and the field of a message such as ``Expected `int`, got `str` - at `$.training_config.seed```."""
    message, _, place = str(error).partition(" - at `$")
    return message + ".", place.strip("`.") or None
