"""Showing a job live until it is over, then its proof."""

from typing import Any

from rich.console import Console
from rich.live import Live

from cli.client.client import Client
from cli.display.evidence import evidence_view
from cli.display.job import JobView, clock
from cli.errors import ApiError

Data = dict[str, Any]

_PLAIN_STEP = 0.1  # a log needs a line for every tenth of the way, not for every epoch


def watch(client: Client, job_id: str, console: Console) -> Data:
    """Show a job until it is over, with its before/after table, and return it as it then is."""
    job = find_job(client, job_id)
    if console.is_terminal:
        _watch_live(client, job, console)
    else:
        _watch_plainly(client, job, console)
    job = find_job(client, job_id)
    if job["error"]:
        console.print(f"{job['error']['code']}: {job['error']['message']}", style="red")
    if job["evidence"]:
        console.print(evidence_view(job))
    return job


def find_job(client: Client, job_id: str) -> Data:
    """The job of an id, or an error that says where to look."""
    job: Data | None = client.run("TrainingJob", id=job_id)["trainingJob"]
    if job is None:
        raise ApiError(f"There is no training job {job_id}. `judgesmith jobs` lists them.", "NOT_FOUND")
    return job


def _watch_live(client: Client, job: Data, console: Console) -> None:
    view = JobView(job)
    with Live(view, console=console, refresh_per_second=12):
        for result in client.subscribe("TrainingJobStatus", jobId=job["id"]):
            view.take(result["trainingJobStatus"])


def _watch_plainly(client: Client, job: Data, console: Console) -> None:
    shown = 0.0
    for result in client.subscribe("TrainingJobStatus", jobId=job["id"]):
        update = result["trainingJobStatus"]
        event, fraction = update["event"], update["trainingJob"]["progress"]["fraction"]
        if event["__typename"] == "EpochCompleted":
            if fraction < shown + _PLAIN_STEP:
                continue
            shown = fraction
        console.print(f"{clock(event['at'])}  {fraction:4.0%}  {event['message']}", soft_wrap=True)
