"""Live table of jobs with the loss of each as a sparkline."""

from collections import deque

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.client import operations
from cli.client.client import Client
from cli.client.inputs import TrainingJobFilter
from cli.client.responses import ActiveJob, JobActivity, JobRow, TrainingJob
from cli.display.figures import MISSING, format_enum, format_interval
from cli.display.job import FINAL_STATES, grid_row, loss_curve, progress_cells

_STYLES = {"COMPLETED": "green", "FAILED": "red", "CANCELLED": "yellow", "CREATED": "dim", "QUEUED": "dim"}
_MAX_LOSSES = 200  # of each job
_BAR_WIDTH = 6  # columns
_SPARKLINE_WIDTH = 6  # columns
_OTHER_COLUMNS_WIDTH = 74  # columns that everything but the judge's name takes
_REFRESHES_PER_SECOND = 8


class JobsView:
    """Table of the latest jobs that their events are applied to."""

    def __init__(self, jobs: list[JobRow], max_rows: int) -> None:
        self._jobs: dict[str, ActiveJob] = {}  # oldest first, so that new ones come last
        self._evidence: dict[str, str] = {}
        self._losses: dict[str, deque[float]] = {}
        self._max_rows = max_rows
        for job in reversed(jobs):
            self.replace_row(job)

    def apply(self, activity: JobActivity) -> bool:
        """Apply one event; return whether the job's row must be read again because its state or result changed."""
        event, job = activity["event"], activity["trainingJob"]
        is_epoch = event["__typename"] == "EpochCompleted"
        if is_epoch:
            self._losses.setdefault(job["id"], deque(maxlen=_MAX_LOSSES)).append(event["loss"])
        is_new = job["id"] not in self._jobs
        self._jobs[job["id"]] = job
        return is_new or not is_epoch

    def replace_row(self, job: JobRow | TrainingJob) -> None:
        """Replace a job's row by what was read again."""
        self._jobs[job["id"]] = job
        change = job["evidence"] and job["evidence"]["maeChange"]
        self._evidence[job["id"]] = format_interval(change or None, 100, 1)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the newest jobs so that 80 columns suffice: the judge's name gets what the rest leaves."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("Job", no_wrap=True)
        name_width = max(6, options.max_width - _OTHER_COLUMNS_WIDTH)
        table.add_column("Judge", no_wrap=True, overflow="ellipsis", max_width=name_width)
        table.add_column("Status", no_wrap=True)
        table.add_column("Loss; change, % of range", no_wrap=True)
        for job in list(reversed(self._jobs.values()))[: self._max_rows]:
            status = Text(format_enum(job["status"]), _STYLES.get(job["status"], "bold cyan"))
            table.add_row(job["id"], job["judge"]["name"], status, self._result(job))
        yield table

    def _result(self, job: ActiveJob) -> RenderableType:
        """Return the change in error of a finished job, or the progress of a running one."""
        if job["status"] in FINAL_STATES:
            return self._evidence.get(job["id"], MISSING)
        cells = progress_cells(job["progress"]["fraction"], _BAR_WIDTH)
        if losses := self._losses.get(job["id"]):
            cells.append(loss_curve(list(losses), _SPARKLINE_WIDTH))
        return grid_row(cells)


def watch_jobs(client: Client, job_filter: TrainingJobFilter, first: int, console: Console) -> None:
    """Show the jobs until it is interrupted; print a line for each event if the console is not a terminal.

    Args:
        client: the connection.
        job_filter: the jobs to list; events follow only its judge.
        first: the largest number of rows.
        console: where to print.
    """
    page = operations.list_jobs(client, first, job_filter)
    activities = operations.follow_jobs(client, job_filter.get("judgeId"))
    if not console.is_terminal:
        for activity in activities:
            if activity["event"]["__typename"] != "EpochCompleted":
                console.print(f"{activity['trainingJob']['id']}  {activity['event']['message']}", soft_wrap=True)
        return
    view = JobsView(page["nodes"], first)
    with Live(view, console=console, refresh_per_second=_REFRESHES_PER_SECOND):
        for activity in activities:
            if view.apply(activity):
                job = operations.find_job(client, activity["trainingJob"]["id"])
                if job is not None:
                    view.replace_row(job)
