"""`judgesmith train`, `judgesmith watch` and `judgesmith cancel`."""

from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer

from cli import console
from cli.client.client import Client
from cli.display.job import words
from cli.display.watch import watch
from cli.options import DEFAULT_URL, Json, JudgeId, Key, Since, Target, Url, friendly_errors, moment

Data = dict[str, Any]

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]


class Type(StrEnum):
    """What a job does with the feedback."""

    INCREMENTAL = "incremental"
    FULL_RETRAIN = "full-retrain"
    FINE_TUNE = "fine-tune"
    VALIDATION = "validation"


class Priority(StrEnum):
    """Which jobs go first."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


def train(
    judge: JudgeId,
    type_: Annotated[Type, typer.Option("--type", help="What to do with the feedback.")] = Type.INCREMENTAL,
    watch_: Annotated[bool, typer.Option("--watch", help="Show the job live until it is over.")] = False,
    minimum: Annotated[int | None, typer.Option(help="Refuse to train on fewer usable items of feedback.")] = None,
    since: Since = None,
    target: Target = None,
    validation_split: Annotated[float | None, typer.Option(help="Share of the groups held out for the proof.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Left out: chosen from the data.")] = None,
    max_epochs: Annotated[int | None, typer.Option(help="Left out: chosen from the data.")] = None,
    early_stopping: Annotated[
        bool | None, typer.Option("--early-stopping/--no-early-stopping", help="Left out: chosen from the data.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same feedback: same version.")] = None,
    auto_deploy: Annotated[bool, typer.Option("--auto-deploy", help="Deploy the version if proven better.")] = False,
    priority: Annotated[Priority | None, typer.Option(help="Which jobs go first.")] = None,
    email: Annotated[str | None, typer.Option(help="Write to this address when the job is over.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Call this URL when the job is over.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="Run again with the same key: the first job.")] = None,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Create a job that learns from the feedback on a judge.

    With --watch the command ends with status 0 only if the job completes.
    """
    config = {
        "feedbackCutoffDate": moment(since),
        "minimumFeedbackCount": minimum,
        "targetCriteria": target,
        "validationSplit": validation_split,
        "learningRate": learning_rate,
        "maxEpochs": max_epochs,
        "earlyStopping": early_stopping,
        "seed": seed,
    }
    options = {
        "autoDeploy": auto_deploy,
        "priority": priority.name if priority else None,
        "notificationEmail": email,
        "webhookUrl": webhook,
    }
    wanted: Data = {
        "judgeId": judge,
        "trainingType": type_.name,
        "trainingConfig": _given(config),
        "executionOptions": _given(options),
    } | _given({"idempotencyKey": idempotency_key})
    with friendly_errors(), Client(url, key) as client:
        payload = client.run("CreateTrainingJob", input=wanted)["createTrainingJob"]
        for warning in payload["warnings"]:
            console.stderr().print(f"Note: {warning['message']}", style="yellow")
        job = payload["trainingJob"]
        if watch_:
            _watch(client, job["id"], json=json)
        elif json:
            typer.echo(orjson.dumps(job))
        else:
            console.stdout().print(
                f"Job {job['id']} is {words(job['status'])}. `judgesmith watch {job['id']}` shows it live."
            )


def watch_job(job: JobId, json: Json = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show a job live, then its proof.

    Ends with status 0 only if the job completes.
    """
    with friendly_errors(), Client(url, key) as client:
        _watch(client, job, json=json)


def cancel(
    job: JobId,
    reason: Annotated[str | None, typer.Option(help="Why, for those who look at the job later.")] = None,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Stop a job that is not over."""
    with friendly_errors(), Client(url, key) as client:
        payload = client.run("CancelTrainingJob", input={"jobId": job} | _given({"reason": reason}))
    cancelled = payload["cancelTrainingJob"]["trainingJob"]
    if json:
        typer.echo(orjson.dumps(cancelled))
    else:
        console.stdout().print(f"Job {job} is {words(cancelled['status'])}.")


def _watch(client: Client, job_id: str, *, json: bool) -> None:
    with friendly_errors(when_interrupted=f"The job goes on. `judgesmith watch {job_id}` shows it again."):
        job = watch(client, job_id, console.stderr() if json else console.stdout())
    if json:
        typer.echo(orjson.dumps(job))
    if job["status"] != "COMPLETED":
        raise typer.Exit(1)


def _given(values: Data) -> Data:
    """Only what was asked for: the server has its own choice for the rest."""
    return {name: value for name, value in values.items() if value is not None}
