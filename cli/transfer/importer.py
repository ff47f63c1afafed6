"""Importer of a judge's files: first the evaluations, then the feedback on them, with a progress bar."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.client.bulk import BulkSender, LineCounts, LineError
from cli.client.client import Client
from cli.client.responses import Judge, ScaledCriterion
from cli.errors import with_field_path
from cli.transfer.dry_run import LineChecker, SeenEvaluations, only_evaluation_is_unknown
from cli.transfer.line_reader import LineReader, open_lines
from cli.transfer.mapping.report import Effect, LoadReport, NotLoaded
from cli.transfer.rejects import RejectsFile
from models.bulk.line_splitter import Line

#: Turns a file of any format into lines of a kind, `evaluations` or `feedback`, numbered as in that file.
Converter = Callable[[str, LineReader], Iterator[Line]]


@dataclass(frozen=True)
class ImportTarget:
    """The judge to load into.

    Attributes:
        judge_id: the judge's id; `new` if it does not exist yet.
        judge_name: the judge's name.
        criteria: the judge's criteria.
        check: checks the lines in a dry run for a judge that does not exist yet; None if the server does.
    """

    judge_id: str
    judge_name: str
    criteria: Sequence[ScaledCriterion]
    check: LineChecker | None = None

    @classmethod
    def from_judge(cls, judge: Judge) -> Self:
        """Return a judge of the server as a target."""
        return cls(judge["id"], judge["name"], judge["criteria"])


@dataclass
class ImportTotals:
    """The result of an import. The names are those of the command's JSON output."""

    judge_id: str
    evaluations: LineCounts = field(default_factory=LineCounts)
    feedback: LineCounts = field(default_factory=LineCounts)
    errors_file: str | None = None
    not_loaded: list[NotLoaded] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """The number of lines and values that could not be loaded."""
        return self.evaluations.refused + self.feedback.refused

    def to_json(self) -> dict[str, object]:
        """Return the totals as the command prints them with `--json`."""
        return asdict(self) | {"not_loaded": [entry.to_json() for entry in self.not_loaded]}


def pass_through(_kind: str, source: LineReader) -> Iterator[Line]:
    """Return the lines of a file that is in the import format."""
    return iter(source)


class FileImporter:
    """Loads files into one judge, or checks them in a dry run."""

    def __init__(
        self,
        client: Client,
        target: ImportTarget,
        errors: Path,
        console: Console,
        convert: Converter = pass_through,
        *,
        report: LoadReport | None = None,
        dry_run: bool = False,
        edits: str = "newer",
    ) -> None:
        """Create the importer.

        Args:
            client: the connection.
            target: the judge to load into.
            errors: the file for refused lines.
            console: shows the progress.
            convert: reads the lines of a file.
            report: the report to which `convert` adds what it does not return as lines.
            dry_run: check the lines without loading them.
            edits: the rule for feedback that has changed since it was loaded, see `BulkSender`.
        """
        self._client = client
        self._target = target
        self._convert = convert
        self._edits = edits
        self._rejects = RejectsFile(errors)
        self._report = report or LoadReport()
        self._report.on_refused = self._rejects.add
        self._seen = SeenEvaluations() if dry_run else None
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[lines]:,} lines, {task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def run(self, evaluations: Path | None, feedback: Path | None) -> ImportTotals:
        """Load both files, if given, and return the numbers of their lines by result.

        Raises:
            ApiError: a file could not be read to its end, or the server could not take its lines.
        """
        totals = ImportTotals(self._target.judge_id)
        files = (("evaluations", evaluations, totals.evaluations), ("feedback", feedback, totals.feedback))
        with ExitStack() as stack:
            stack.enter_context(self._rejects)
            # Both are opened before anything is sent, so that a wrong second name does not leave half an import.
            opened = [
                (kind, stack.enter_context(open_lines(path)), counts)
                for kind, path, counts in files
                if path is not None
            ]
            stack.enter_context(self._progress)
            try:
                for kind, reader, counts in opened:
                    self._load(kind, reader, counts)
            finally:
                if self._rejects.count:
                    totals.errors_file = str(self._rejects.path)
                totals.not_loaded = self._report.entries
        return totals

    def _load(self, kind: str, reader: LineReader, counts: LineCounts) -> None:
        """Load one file.

        Args:
            kind: `evaluations` or `feedback`.
            reader: the file.
            counts: the numbers of its lines, which are updated.
        """
        lines = self._convert(kind, reader)
        if self._seen is not None and kind == "evaluations":
            lines = self._seen.record(lines)
        task = self._progress.add_task(kind.capitalize(), total=reader.size_bytes, lines=0, rate=0.0)

        def on_rejected(number: int, text: bytes | None, errors: list[LineError]) -> bool:
            return self._reject(reader, number, text, errors)

        if self._target.check is not None and self._seen is not None:
            self._target.check(kind, lines, counts, on_rejected, self._seen)
        else:
            BulkSender(
                client=self._client,
                path=f"/judges/{self._target.judge_id}/{kind}",
                dry_run=self._seen is not None,
                counts=counts,
                on_rejected=on_rejected,
                on_progress=lambda sent: self._show_progress(task, reader, sent),
                on_retry=self._show_retry,
                edits=self._edits,
            ).send(lines)
        counts.refused += self._report.count(Effect.REFUSED, kind)
        counts.skipped += self._report.count(Effect.SKIPPED, kind)
        total = reader.size_bytes or 1
        self._progress.update(task, total=total, completed=total, lines=counts.lines)
        if not counts.lines:
            self._progress.console.print(f"{reader.name} is empty: there is nothing to load.")

    def _reject(self, reader: LineReader, number: int, text: bytes | None, errors: list[LineError]) -> bool:
        """Write a refused line to the rejects file; return False if a real import would not refuse it.

        Args:
            reader: the file.
            number: the line's number.
            text: the line, or None if it is far too long.
            errors: the problems.
        """
        if self._seen is not None and only_evaluation_is_unknown(errors) and self._seen.include_target_of(text):
            return False
        reason = "; ".join(with_field_path(error.message, error.field) for error in errors)
        self._rejects.add(reader.name, number, reason, errors[0].external_id)
        return True

    def _show_progress(self, task: TaskID, reader: LineReader, lines: int) -> None:
        elapsed = self._progress.tasks[task].elapsed or 0.0
        rate = lines / elapsed if elapsed else 0.0
        self._progress.update(task, completed=reader.position_bytes, lines=lines, rate=rate)
        self._rejects.flush()

    def _show_retry(self, problem: str, pause_seconds: float) -> None:
        self._progress.console.print(f"{problem} Retrying in {pause_seconds:g} s.")
