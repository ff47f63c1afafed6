"""Live display of one job until it ends, followed by its proof."""

from rich.console import Console
from rich.live import Live

from cli.client import operations
from cli.client.client import Client
from cli.client.responses import TrainingJob
from cli.display.evidence import render_evidence
from cli.display.figures import format_clock
from cli.display.job import JobView

_LOG_STEP = 0.1  # share of the progress after which a log gets another line, instead of one for each epoch
_REFRESHES_PER_SECOND = 12


def watch_job(client: Client, job_id: str, console: Console) -> TrainingJob:
    """Show a job until it ends, then its before/after table, and return the job as it ended.

    Args:
        client: the connection.
        job_id: the job.
        console: where to print: a live view on a terminal, lines otherwise.

    Raises:
        ApiError: there is no such job, or the connection was lost for good.
    """
    job = operations.get_job(client, job_id)
    if console.is_terminal:
        _show_live(client, job, console)
    else:
        _print_lines(client, job, console)
    job = operations.get_job(client, job_id)
    if job["error"]:
        console.print(f"{job['error']['code']}: {job['error']['message']}", style="red")
    if job["evidence"]:
        console.print(render_evidence(job))
    return job


def _show_live(client: Client, job: TrainingJob, console: Console) -> None:
    view = JobView(job)
    with Live(view, console=console, refresh_per_second=_REFRESHES_PER_SECOND):
        for update in operations.follow_job(client, job["id"]):
            view.apply(update)


def _print_lines(client: Client, job: TrainingJob, console: Console) -> None:
    printed = 0.0
    for update in operations.follow_job(client, job["id"]):
        event, fraction = update["event"], update["trainingJob"]["progress"]["fraction"]
        if event["__typename"] == "EpochCompleted":
            if fraction < printed + _LOG_STEP:
                continue
            printed = fraction
        console.print(f"{format_clock(event['at'])}  {fraction:4.0%}  {event['message']}", soft_wrap=True)
