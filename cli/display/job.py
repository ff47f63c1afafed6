"""What a running job looks like: its states, its progress, its loss and the latest events."""

from collections import deque
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

Data = dict[str, Any]

OVER = ("COMPLETED", "FAILED", "CANCELLED")
_PATH = ("CREATED", "QUEUED", "PREPARING", "TRAINING", "VALIDATING", "COMPLETED")
_BARS = "▁▂▃▄▅▆▇█"
_BAR_WIDTH = 24
_SPARK_WIDTH = 20
_LATEST = 6
_STYLES = {"COMPLETED": "bold green", "FAILED": "bold red", "CANCELLED": "bold yellow"}


class JobView:
    """Takes in a job's updates and draws where it stands."""

    def __init__(self, job: Data) -> None:
        self._job = job
        self._title = f"{words(job['trainingType'])} of {job['judge']['name']}"
        self._passed: list[str] = []
        self._losses: list[float] = []
        self._latest: deque[Data] = deque(maxlen=_LATEST)
        self._spinner = Spinner("dots")

    def take(self, update: Data) -> None:
        """Take in one update of the subscription."""
        event = update["event"]
        self._job = self._job | update["trainingJob"]
        if event["__typename"] == "StatusChanged":
            self._passed.append(event["to"])
        elif event["__typename"] == "EpochCompleted":
            self._losses.append(event["loss"])
            return  # the curve shows epochs better than a list of them
        self._latest.append(event)

    def __rich__(self) -> RenderableType:
        """Draw the view."""
        status = self._job["status"]
        title = Text.assemble((self._title, "bold"), f"  {self._job['id']}")
        head = Table.grid(padding=(0, 1))
        head.add_row(Text("●", _STYLES[status]) if status in OVER else self._spinner, title)
        lines = [Text(f"  {clock(event['at'])}  {event['message']}", "dim") for event in self._latest]
        return Group(head, self._states(), self._progress(), *lines)

    def _states(self) -> Text:
        status = self._job["status"]
        ahead = [state for state in _PATH if state not in self._passed] if status not in OVER else []
        text = Text("  ")
        for state in [*self._passed, *ahead]:
            if len(text) > 2:
                text.append(" → ", "dim")
            if state in ahead:
                text.append(words(state), "dim")
            else:
                text.append(words(state), _STYLES.get(state, "bold cyan" if state == status else "cyan"))
        return text

    def _progress(self) -> Table:
        progress = self._job["progress"]
        row = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [
            Text(""),
            ProgressBar(total=1, completed=progress["fraction"], width=_BAR_WIDTH),
            Text(f"{progress['fraction']:4.0%}"),
        ]
        if progress["epoch"] is not None:
            of = f"/{progress['maxEpochs']}" if progress["maxEpochs"] else ""
            cells.append(Text(f"epoch {progress['epoch']}{of}"))
        if self._losses:
            cells.append(Text.assemble("loss ", (sparkline(self._losses), "magenta"), f" {self._losses[-1]:.3f}"))
        row.add_row(*cells)
        return row


def sparkline(values: list[float], width: int = _SPARK_WIDTH) -> str:
    """Numbers as a row of small bars, the latest on the right."""
    if len(values) > width:  # thin out evenly, keeping both ends
        values = [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in values)


def words(name: str) -> str:
    """The name of a state or a type of training, in words."""
    return name.lower().replace("_", " ")


def clock(at: str) -> str:
    """The time of day of a moment, here."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
