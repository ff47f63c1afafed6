"""Importer of a judge's files: first the evaluations, then the feedback on them, with a progress bar."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.client.bulk import BulkSender, LineCounts, LineError, LineResult
from cli.client.client import Client
from cli.client.responses import Judge, ScaledCriterion
from cli.errors import ApiError, with_field_path
from cli.transfer.dry_run import LineChecker, SeenEvaluations, only_evaluation_is_unknown, read_field
from cli.transfer.line_reader import LineReader, open_lines
from cli.transfer.mapping.report import Effect, LoadReport, NotLoaded
from cli.transfer.rejects import RejectsFile
from cli.transfer.similar_ids import SimilarIds
from cli.transfer.waiting import WaitingFeedback
from models.bulk.line_splitter import Line

_MAX_EXAMINED_LINES = 10_000  # of a file whose first line is no object

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
    waiting_file: str | None = None
    not_loaded: list[NotLoaded] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """The number of lines and values that could not be loaded, or not yet."""
        return self.evaluations.refused + self.feedback.refused + self.feedback.waiting

    def to_json(self) -> dict[str, object]:
        """Return the totals as the command prints them with `--json`."""
        return asdict(self) | {"not_loaded": [entry.to_json() for entry in self.not_loaded]}


def pass_through(_kind: str, source: LineReader) -> Iterator[Line]:
    """Return the lines of a file that is in the import format.

    Raises:
        ApiError: the file is JSON in another layout, so that each of its lines would be refused.
    """
    lines = iter(source)
    start = list(islice(lines, 1))
    first = (start[0][1] if start else None) or b""
    if first.startswith(b"[") or (first.startswith(b"{") and not _is_json(first)):
        start += islice(lines, _MAX_EXAMINED_LINES)
        text = b"\n".join(line or b"" for _, line in start)
        if first.startswith(b"[") or _begins_with_object(text):
            layout = "a JSON list" if first.startswith(b"[") else "one JSON object over several lines"
            raise ApiError(
                f"{source.name} is {layout}, but the import format has one object on each line. Add --map json, or "
                "--map with the name of the tool that wrote the file, and --records PATH if its records are a list "
                "within; judgesmith import --inspect shows which map fits."
            )
    return chain(start, lines)


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _begins_with_object(text: bytes) -> bool:
    try:
        json.JSONDecoder().raw_decode(text.decode())
    except (ValueError, RecursionError):
        return False
    return True


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
        self._similar = SimilarIds()
        self._waiting = WaitingFeedback(errors.with_name(f"import-waiting-{target.judge_id}.jsonl"))
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
            stack.enter_context(self._waiting)
            # Both are opened before anything is sent, so that a wrong second name does not leave half an import.
            opened = [
                (kind, stack.enter_context(open_lines(path)), counts)
                for kind, path, counts in files
                if path is not None
            ]
            stack.enter_context(self._progress)
            try:
                for kind, reader, counts in opened:
                    self._load(kind, reader, counts, self._convert)
                    if kind == "evaluations":
                        self._load_waiting(totals.feedback)
                for kind, _, counts in files:
                    counts.refused += self._report.count(Effect.REFUSED, kind)
                    counts.skipped += self._report.count(Effect.SKIPPED, kind)
            finally:
                if self._waiting.count:
                    totals.waiting_file = str(self._waiting.path)
                if self._rejects.count:
                    totals.errors_file = str(self._rejects.path)
                totals.not_loaded = self._report.entries
        return totals

    def _load_waiting(self, counts: LineCounts) -> None:
        """Load the feedback of earlier imports that has waited for its evaluations."""
        if self._seen is not None:
            return
        with self._waiting.open_earlier() as reader:
            if reader is not None:
                self._load("feedback", reader, counts, pass_through)

    def _load(self, kind: str, reader: LineReader, counts: LineCounts, convert: Converter) -> None:
        """Load one file.

        Args:
            kind: `evaluations` or `feedback`.
            reader: the file.
            counts: the numbers of its lines, which are updated.
            convert: reads its lines.
        """
        lines = convert(kind, reader)
        if kind == "evaluations":
            lines = self._similar.record(lines)
            if self._seen is not None:
                lines = self._seen.record(lines)
        task = self._progress.add_task(kind.capitalize(), total=reader.size_bytes, lines=0, rate=0.0)

        def on_rejected(number: int, text: bytes | None, errors: list[LineError]) -> LineResult:
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
        total = reader.size_bytes or 1
        self._progress.update(task, total=total, completed=total, lines=counts.lines)
        if not counts.lines and not self._report.entries:
            state = "has no records" if reader.position_bytes else "is empty"
            self._progress.console.print(f"{reader.name} {state}: there is nothing to load.")

    def _reject(self, reader: LineReader, number: int, text: bytes | None, errors: list[LineError]) -> LineResult:
        """Return the result of a line with errors: it waits for its evaluation, or is written to the rejects file.

        Args:
            reader: the file.
            number: the line's number.
            text: the line, or None if it is far too long.
            errors: the problems.
        """
        if self._seen is not None and only_evaluation_is_unknown(errors) and self._seen.include_target_of(text):
            return LineResult.NEW
        reason = "; ".join(with_field_path(error.message, error.field) for error in errors)
        if only_evaluation_is_unknown(errors):
            hint = self._hint_at_similar_id(text)
            if not hint and text is not None and self._seen is None:
                self._waiting.add(text)
                return LineResult.WAITING
            reason += hint
        self._rejects.add(reader.name, number, reason, errors[0].external_id)
        return LineResult.REFUSED

    def _hint_at_similar_id(self, text: bytes | None) -> str:
        external_id = read_field(text, "evaluation")
        similar = self._similar.find_similar(external_id) if external_id is not None else None
        if similar is None:
            return ""
        return f" There is an evaluation {similar!r}: a spreadsheet may have changed the zeros of {external_id!r}."

    def _show_progress(self, task: TaskID, reader: LineReader, lines: int) -> None:
        elapsed = self._progress.tasks[task].elapsed or 0.0
        rate = lines / elapsed if elapsed else 0.0
        self._progress.update(task, completed=reader.position_bytes, lines=lines, rate=rate)
        self._rejects.flush()

    def _show_retry(self, problem: str, pause_seconds: float) -> None:
        self._progress.console.print(f"{problem} Retrying in {pause_seconds:g} s.")
