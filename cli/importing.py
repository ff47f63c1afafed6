"""Importing the files of a judge: first the evaluations, then the feedback on them, with a progress bar."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.client import Client
from cli.importer import EVALUATIONS, FEEDBACK, Count, Importer, Kind, Refusals
from cli.judge_file import Judge
from cli.lines import open_lines


@dataclass
class Totals:
    """What an import did."""

    judge_id: str
    evaluations: Count = field(default_factory=Count)
    feedback: Count = field(default_factory=Count)
    errors_file: str | None = None

    @property
    def refused(self) -> int:
        """How many lines did not go in."""
        return self.evaluations.refused + self.feedback.refused

    def as_json(self) -> dict[str, Any]:
        """The totals as the command prints them with `--json`."""
        return asdict(self)


def import_files(
    client: Client, judge: Judge, evaluations: Path | None, feedback: Path | None, errors: Path, console: Console
) -> Totals:
    """Load both files, where given, and say what became of their lines; the bar goes to `console`."""
    totals = Totals(judge["id"])
    refusals = Refusals(errors)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[lines]:,} lines, {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with progress:
        for kind, path, count in (
            (EVALUATIONS, evaluations, totals.evaluations),
            (FEEDBACK, feedback, totals.feedback),
        ):
            if path is not None:
                _import_file(Importer(client, judge, kind, refusals, count), kind, path, progress)
    if refusals.count:
        totals.errors_file = str(errors)
    return totals


def _import_file(importer: Importer, kind: Kind, path: Path, progress: Progress) -> None:
    with open_lines(path) as lines:
        task = progress.add_task(kind.list_name.capitalize(), total=lines.size, lines=0, rate=0.0)
        importer.load(lines, lines.name, lambda: _show(progress, task, importer.count.lines, lines.position))
        total = lines.size or 1
        progress.update(task, total=total, completed=total)


def _show(progress: Progress, task: TaskID, lines: int, position: int) -> None:
    elapsed = progress.tasks[task].elapsed or 0.0
    progress.update(task, completed=position, lines=lines, rate=lines / elapsed if elapsed else 0.0)
