"""A table of jobs that keeps up with them, with each one's loss as a sparkline."""

from collections import deque
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.client.client import Client
from cli.display.evidence import NONE, interval
from cli.display.job import OVER, sparkline, words

Data = dict[str, Any]

_STYLES = {"COMPLETED": "green", "FAILED": "red", "CANCELLED": "yellow", "CREATED": "dim", "QUEUED": "dim"}
_REMEMBERED = 200  # losses a job
_BAR_WIDTH = 6
_SPARK_WIDTH = 6
_REST = 74  # columns that all but the judge's name take


class JobsView:
    """Takes in what happens to jobs and draws the latest of them."""

    def __init__(self, jobs: list[Data], most: int) -> None:
        self._jobs = {job["id"]: job for job in reversed(jobs)}  # oldest first, so that new ones come last
        self._losses: dict[str, deque[float]] = {}
        self._most = most

    def take(self, update: Data) -> bool:
        """Take in one update; whether the job's row must be read anew, since its state or result changed."""
        event, job = update["event"], update["trainingJob"]
        if event["__typename"] == "EpochCompleted":
            self._losses.setdefault(job["id"], deque(maxlen=_REMEMBERED)).append(event["loss"])
        known = self._jobs.get(job["id"])
        self._jobs[job["id"]] = (known or {}) | job
        return known is None or event["__typename"] != "EpochCompleted"

    def know(self, job: Data) -> None:
        """Take in a job's whole row."""
        self._jobs[job["id"]] = job

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the newest jobs, narrow enough for a terminal of 80 columns: names get what the rest leaves."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("Job", no_wrap=True)
        table.add_column("Judge", no_wrap=True, overflow="ellipsis", max_width=max(6, options.max_width - _REST))
        table.add_column("Status", no_wrap=True)
        table.add_column("Loss; change, % of range", no_wrap=True)
        for job in list(reversed(self._jobs.values()))[: self._most]:
            status = Text(words(job["status"]), _STYLES.get(job["status"], "bold cyan"))
            table.add_row(job["id"], job["judge"]["name"], status, self._outcome(job))
        yield table

    def _outcome(self, job: Data) -> RenderableType:
        evidence, losses = job.get("evidence"), self._losses.get(job["id"])
        if job["status"] in OVER:
            change = evidence and evidence["maeChange"]
            return interval(change, 100, 1) if change else NONE
        row = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [
            ProgressBar(total=1, completed=job["progress"]["fraction"], width=_BAR_WIDTH),
            Text(f"{job['progress']['fraction']:4.0%}"),
        ]
        if losses:
            cells.append(Text.assemble((sparkline(list(losses), _SPARK_WIDTH), "magenta"), f" {losses[-1]:.3f}"))
        row.add_row(*cells)
        return row


def watch_jobs(client: Client, wanted: Data, first: int, console: Console) -> None:
    """Show the jobs until it is interrupted; where nobody looks at a terminal, a line for each event."""
    page = client.run("TrainingJobs", first=first, filter=wanted)["trainingJobs"]
    updates = client.subscribe("TrainingJobActivity", **({"judgeId": wanted["judgeId"]} if "judgeId" in wanted else {}))
    if not console.is_terminal:
        for result in updates:
            update = result["trainingJobActivity"]
            if update["event"]["__typename"] != "EpochCompleted":
                console.print(f"{update['trainingJob']['id']}  {update['event']['message']}", soft_wrap=True)
        return
    view = JobsView(page["nodes"], first)
    with Live(view, console=console, refresh_per_second=8):
        for result in updates:
            update = result["trainingJobActivity"]
            if view.take(update):
                view.know(client.run("TrainingJob", id=update["trainingJob"]["id"])["trainingJob"])
