"""`judgesmith train`, `judgesmith watch` and `judgesmith cancel`."""

from enum import StrEnum
from typing import Annotated

import orjson
import typer

from cli import console
from cli.client import operations
from cli.client.client import Client
from cli.client.inputs import CreateTrainingJobInput, ExecutionOptionsInput, TrainingConfigInput, drop_unset
from cli.display import watch
from cli.display.figures import format_enum
from cli.options import (
    ClientOptions,
    JobId,
    JudgeId,
    option_group,
    parse_timestamp,
    report_errors,
)


class Type(StrEnum):
    """The training types."""

    INCREMENTAL = "incremental"
    FULL_RETRAIN = "full-retrain"
    FINE_TUNE = "fine-tune"
    VALIDATION = "validation"


class Priority(StrEnum):
    """The priorities in the queue of jobs."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@option_group
class TrainingOptions:
    """The options of `train` that configure the training."""

    minimum: Annotated[
        int | None,
        typer.Option(
            help="Smallest number of usable items of feedback, 1 to 1,000,000; with fewer, no job is created. "
            "Default: 20."
        ),
    ] = None
    since: Annotated[
        str | None,
        typer.Option(
            metavar="ISO-DATE",
            help="Only feedback given at or after this time, in local time unless it has an offset. Default: all "
            "feedback, or for incremental what arrived since the active version was created.",
        ),
    ] = None
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CRITERION",
            help="Criterion to change (fine-tune) or to measure (validation), by id or key; may be repeated. "
            "Required for fine-tune. Default: all criteria.",
        ),
    ] = None
    validation_split: Annotated[
        float | None,
        typer.Option(
            help="Share of the groups held out for the proof, above 0 and at most 0.5. Default: none are held out; the "
            "proof is made out of fold."
        ),
    ] = None
    learning_rate: Annotated[
        float | None, typer.Option(help="Learning rate, above 0 and at most 1. Default: chosen from the data.")
    ] = None
    max_epochs: Annotated[
        int | None, typer.Option(help="Largest number of epochs, 1 to 10,000. Default: chosen from the data.")
    ] = None
    early_stopping: Annotated[
        bool | None,
        typer.Option(
            "--early-stopping/--no-early-stopping",
            help="Stop when the error on feedback kept apart no longer falls. Default: chosen from the data.",
        ),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the random numbers; the same seed and feedback give the same version. Default: 0."),
    ] = None

    def to_input(self) -> TrainingConfigInput:
        """Return the `trainingConfig` of the job."""
        return drop_unset(
            TrainingConfigInput(
                feedbackCutoffDate=parse_timestamp(self.since),
                minimumFeedbackCount=self.minimum,
                targetCriteria=self.target,
                validationSplit=self.validation_split,
                learningRate=self.learning_rate,
                maxEpochs=self.max_epochs,
                earlyStopping=self.early_stopping,
                seed=self.seed,
            )
        )


@option_group
class ExecutionOptions:
    """The options of `train` for running the job."""

    auto_deploy: Annotated[
        bool, typer.Option("--auto-deploy", help="Deploy automatically if the version is proven better.")
    ] = False
    priority: Annotated[Priority | None, typer.Option(help="Priority in the queue. Default: normal.")] = None
    email: Annotated[str | None, typer.Option(help="E-mail address to notify when the job ends. Default: none.")] = None
    webhook: Annotated[str | None, typer.Option(help="URL to call when the job ends. Default: none.")] = None
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            help="Key of at most 200 characters; repeating the command with it returns the same job. Default: none."
        ),
    ] = None

    def to_input(self) -> ExecutionOptionsInput:
        """Return the `executionOptions` of the job."""
        return drop_unset(
            ExecutionOptionsInput(
                autoDeploy=self.auto_deploy,
                priority=self.priority.name if self.priority else None,
                notificationEmail=self.email,
                webhookUrl=self.webhook,
            )
        )


def train(
    judge: JudgeId,
    type_: Annotated[Type, typer.Option("--type", help="Training type.")] = Type.INCREMENTAL,
    watch_: Annotated[bool, typer.Option("--watch", help="Show the job live until it ends.")] = False,
    *,
    training: TrainingOptions,
    execution: ExecutionOptions,
    client_options: ClientOptions,
) -> None:
    """Create a job that trains a new version of a judge on its feedback.

    With --watch the exit status is 0 only if the job completes.

    Args:
        judge: the judge's id.
        type_: the training type.
        watch_: show the job live until it ends.
        training: the configuration of the training.
        execution: the options for running the job.
        client_options: output format and server.
    """
    job_input = drop_unset(
        CreateTrainingJobInput(
            judgeId=judge,
            trainingType=type_.name,
            trainingConfig=training.to_input(),
            executionOptions=execution.to_input(),
            idempotencyKey=execution.idempotency_key,
        )
    )
    with client_options.connect() as client:
        created = operations.create_job(client, job_input)
        for warning in created["warnings"]:
            console.stderr().print(f"Note: {warning['message']}", style="yellow")
        job = created["trainingJob"]
        if watch_:
            _watch(client, job["id"], as_json=client_options.json)
            return
        console.print_result(
            job,
            lambda: f"Job {job['id']} is {format_enum(job['status'])}. `judgesmith watch {job['id']}` shows it live.",
            as_json=client_options.json,
        )


def watch_job(job: JobId, *, client_options: ClientOptions) -> None:
    """Show a job live, then its proof.

    The exit status is 0 only if the job completes.
    """
    with client_options.connect() as client:
        _watch(client, job, as_json=client_options.json)


def cancel(
    job: JobId,
    reason: Annotated[str | None, typer.Option(help="Reason for the job's log. Default: none.")] = None,
    *,
    client_options: ClientOptions,
) -> None:
    """Cancel a job that has not ended.

    Args:
        job: the job's id.
        reason: the reason for the job's log.
        client_options: output format and server.
    """
    with client_options.connect() as client:
        cancelled = operations.cancel_job(client, job, reason)
    console.print_result(
        cancelled, lambda: f"Job {job} is {format_enum(cancelled['status'])}.", as_json=client_options.json
    )


def _watch(client: Client, job_id: str, *, as_json: bool) -> None:
    """Show a job until it ends; exit with status 1 unless it completed.

    Args:
        client: the connection.
        job_id: the job.
        as_json: show it on stderr and print the job as JSON to stdout.
    """
    with report_errors(when_interrupted=f"The job continues. `judgesmith watch {job_id}` shows it again."):
        job = watch.watch_job(client, job_id, console.stderr() if as_json else console.stdout())
    if as_json:
        typer.echo(orjson.dumps(job))
    if job["status"] != "COMPLETED":
        raise typer.Exit(1)
