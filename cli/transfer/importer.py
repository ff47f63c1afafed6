"""Importing the files of a judge: first the evaluations, then the feedback on them, with a progress bar."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.client.bulk import Answer, Count, Sender
from cli.client.client import Client
from cli.transfer.dry_run import Evaluations, only_unknown
from cli.transfer.judge_file import Judge
from cli.transfer.line_reader import Lines, open_lines
from cli.transfer.rejects import Refusals
from models.bulk.line_splitter import Line

if TYPE_CHECKING:
    from cli.transfer.new_judge import NewJudge


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


# Makes lines of a kind, `evaluations` or `feedback`, from a file of any format, numbered as in that file.
Converter = Callable[[str, Lines], Iterator[Line]]


def as_they_are(_kind: str, source: Lines) -> Iterator[Line]:
    """The lines of a file that is in the import format."""
    return iter(source)


def import_files(
    client: Client,
    judge: Judge,
    evaluations: Path | None,
    feedback: Path | None,
    errors: Path,
    console: Console,
    *,
    convert: Converter = as_they_are,
    dry_run: bool = False,
    new: "NewJudge | None" = None,
) -> Totals:
    """Load both files, where given, and say what became of their lines; the bar goes to `console`.

    A dry run checks them instead; for a judge that does not exist yet, `new` does that.
    """
    totals = Totals(judge["id"])
    trial = _Trial(new) if dry_run else None
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[lines]:,} lines, {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with ExitStack() as files:
        # Both are opened before anything is sent: a slip in the second name leaves nothing half.
        refusals = files.enter_context(Refusals(errors))
        opened = [
            (kind, files.enter_context(open_lines(path)), count)
            for kind, path, count in (
                ("evaluations", evaluations, totals.evaluations),
                ("feedback", feedback, totals.feedback),
            )
            if path is not None
        ]
        files.enter_context(progress)
        try:
            for kind, lines, count in opened:
                _Importing(client, judge["id"], kind, lines, count, refusals, progress, trial).run(convert)
        finally:
            if refusals.count:
                totals.errors_file = str(errors)
    return totals


@dataclass
class _Trial:
    """What a dry run knows."""

    new: "NewJudge | None"
    evaluations: Evaluations = field(default_factory=Evaluations)


class _Importing:
    """One file on its way in."""

    def __init__(
        self,
        client: Client,
        judge_id: str,
        kind: str,
        lines: Lines,
        count: Count,
        refusals: Refusals,
        progress: Progress,
        trial: _Trial | None,
    ) -> None:
        self._client = client
        self._judge_id = judge_id
        self._kind = kind
        self._lines = lines
        self._count = count
        self._refusals = refusals
        self._progress = progress
        self._trial = trial
        self._task: TaskID = progress.add_task(kind.capitalize(), total=lines.size, lines=0, rate=0.0)

    def run(self, convert: Converter) -> None:
        """Load all of it."""
        lines, trial = convert(self._kind, self._lines), self._trial
        if trial is not None and self._kind == "evaluations":
            lines = trial.evaluations.watch(lines)
        if trial is not None and trial.new is not None:
            trial.new.check(self._kind, lines, self._count, self._refuse, trial.evaluations)
        else:
            Sender(
                client=self._client,
                path=f"/judges/{self._judge_id}/{self._kind}",
                dry_run=trial is not None,
                count=self._count,
                refuse=self._refuse,
                progress=self._show,
                retrying=self._tell,
            ).send(lines)
        total = self._lines.size or 1
        self._progress.update(self._task, total=total, completed=total, lines=self._count.lines)
        if not self._count.lines:
            self._progress.console.print(f"{self._lines.name} is empty: there is nothing to load.")

    def _refuse(self, number: int, text: bytes | None, errors: list[Answer]) -> bool:
        if self._trial is not None and only_unknown(errors) and self._trial.evaluations.hold(text):
            return False
        self._refusals.add(self._lines.name, number, "; ".join(map(_told, errors)), errors[0].get("external_id"))
        return True

    def _show(self, lines: int) -> None:
        elapsed = self._progress.tasks[self._task].elapsed or 0.0
        self._progress.update(
            self._task, completed=self._lines.position, lines=lines, rate=lines / elapsed if elapsed else 0.0
        )
        self._refusals.flush()

    def _tell(self, problem: str, pause: float) -> None:
        self._progress.console.print(f"{problem} Trying again in {pause:g} s.")


def _told(error: Answer) -> str:
    field_path = ".".join(error.get("field") or ())
    return f"{error['message']} (field: {field_path})" if field_path else str(error["message"])
