"""Live view of one running job: its states, progress, loss and latest events."""

from collections import deque

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.client.responses import JobEvent, JobUpdate, LiveJob, TrainingJob
from cli.display.figures import format_clock, format_enum

FINAL_STATES = ("COMPLETED", "FAILED", "CANCELLED")
_PATH = ("CREATED", "QUEUED", "PREPARING", "TRAINING", "VALIDATING", "COMPLETED")
_BARS = "▁▂▃▄▅▆▇█"
_BAR_WIDTH = 24  # columns
_SPARKLINE_WIDTH = 20  # columns
_MAX_EVENTS = 6
_STYLES = {"COMPLETED": "bold green", "FAILED": "bold red", "CANCELLED": "bold yellow"}


class JobView:
    """View of a job that its updates are applied to."""

    def __init__(self, job: TrainingJob) -> None:
        self._job: LiveJob = job
        self._title = f"{format_enum(job['trainingType'])} of {job['judge']['name']}"
        self._passed: list[str] = []
        self._losses: list[float] = []
        self._events: deque[JobEvent] = deque(maxlen=_MAX_EVENTS)
        self._spinner = Spinner("dots")

    def apply(self, update: JobUpdate) -> None:
        """Apply one update of the subscription."""
        event = update["event"]
        self._job = update["trainingJob"]
        if event["__typename"] == "StatusChanged":
            self._passed.append(event["to"])
        elif event["__typename"] == "EpochCompleted":
            self._losses.append(event["loss"])
            return  # the curve shows epochs better than a list of them
        self._events.append(event)

    def __rich__(self) -> RenderableType:
        """Draw the view."""
        status = self._job["status"]
        title = Text.assemble((self._title, "bold"), f"  {self._job['id']}")
        head = Table.grid(padding=(0, 1))
        head.add_row(Text("●", _STYLES[status]) if status in FINAL_STATES else self._spinner, title)
        lines = [Text(f"  {format_clock(event['at'])}  {event['message']}", "dim") for event in self._events]
        return Group(head, self._states(), self._progress(), *lines)

    def _states(self) -> Text:
        status = self._job["status"]
        ahead = [] if status in FINAL_STATES else [state for state in _PATH if state not in self._passed]
        text = Text("  ")
        for state in [*self._passed, *ahead]:
            if len(text) > 2:
                text.append(" → ", "dim")
            if state in ahead:
                text.append(format_enum(state), "dim")
            else:
                text.append(format_enum(state), _STYLES.get(state, "bold cyan" if state == status else "cyan"))
        return text

    def _progress(self) -> Table:
        progress = self._job["progress"]
        cells = [Text(""), *progress_cells(progress["fraction"], _BAR_WIDTH)]
        if progress["epoch"] is not None:
            maximum = f"/{progress['maxEpochs']}" if progress["maxEpochs"] else ""
            cells.append(Text(f"epoch {progress['epoch']}{maximum}"))
        if self._losses:
            cells.append(Text.assemble("loss ", loss_curve(self._losses, _SPARKLINE_WIDTH)))
        return grid_row(cells)


def progress_cells(fraction: float, width: int) -> list[RenderableType]:
    """Return a progress bar of some columns and the percentage after it."""
    return [ProgressBar(total=1, completed=fraction, width=width), Text(f"{fraction:4.0%}")]


def loss_curve(losses: list[float], width: int) -> Text:
    """Return a sparkline of the losses of a job with the latest one as a number."""
    return Text.assemble((sparkline(losses, width), "magenta"), f" {losses[-1]:.3f}")


def grid_row(cells: list[RenderableType]) -> Table:
    """Return cells side by side."""
    row = Table.grid(padding=(0, 1))
    row.add_row(*cells)
    return row


def sparkline(values: list[float], width: int = _SPARKLINE_WIDTH) -> str:
    """Return numbers as a row of at most `width` small bars with the latest on the right."""
    if len(values) > width:  # keep evenly spaced values and both ends
        values = [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in values)
