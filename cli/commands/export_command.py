"""`judgesmith export`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cli import console
from cli.client import operations
from cli.client.client import Client
from cli.client.responses import Judge
from cli.options import ClientOptions, option_group
from cli.transfer.exporter import open_atomic, write_judge, write_lines
from cli.transfer.line_reader import STDIN as STDOUT
from cli.transfer.scores.formats import ScoreFormat, ScoreStyle, write_scores
from cli.transfer.scores.scoring import ScoreSource

_FILE_HELP = "Gzipped if the name ends in .gz; - is stdout. Default: not written."
_COLUMNS = (SpinnerColumn(), TextColumn("{task.description}: {task.completed:,} lines"), TimeElapsedColumn())

JudgeFilePath = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the judge's description here, for import --new. Default: not written."),
]
EvaluationsPath = Annotated[Path | None, typer.Option(metavar="FILE", help=f"Write all evaluations here. {_FILE_HELP}")]
_SUFFIX, _CONTROL = "_adjusted", "response:number"
FeedbackPath = Annotated[Path | None, typer.Option(metavar="FILE", help=f"Write all feedback here. {_FILE_HELP}")]


@option_group
class ScoreOptions:
    """The options of `export` about a version's scores."""

    scores: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"Write a version's scores of all items here. {_FILE_HELP}")
    ] = None
    format_: Annotated[ScoreFormat, typer.Option("--format", help="With --scores: the tool for which the file is.")] = (
        ScoreFormat.CSV
    )
    version: Annotated[
        str | None, typer.Option("--version", metavar="ID", help="With --scores: the version. Default: the active one.")
    ] = None
    suffix: Annotated[
        str,
        typer.Option(metavar="TEXT", help="With --scores: the end of the scores' names, after that of the criterion."),
    ] = _SUFFIX
    control: Annotated[
        str,
        typer.Option(
            metavar="NAME:TYPE",
            help="With --format label-studio: the name of the labelled object and `number` or `rating`.",
        ),
    ] = _CONTROL

    def check(self) -> None:
        """Check that the options fit together.

        Raises:
            typer.BadParameter: they do not.
        """
        if self.scores is None and (self.format_ is not ScoreFormat.CSV or self.version is not None):
            raise typer.BadParameter("--format and --version require --scores FILE.")
        name, _, control = self.control.rpartition(":")
        if not name or control not in ("number", "rating"):
            raise typer.BadParameter(f"{self.control!r} is not of the form NAME:number or NAME:rating.")


def export_command(
    judge: Annotated[str, typer.Option("--judge", metavar="ID", help="The judge's id.")],
    judge_file: JudgeFilePath = None,
    evaluations: EvaluationsPath = None,
    feedback: FeedbackPath = None,
    *,
    scores: ScoreOptions,
    client_options: ClientOptions,
) -> None:
    """Write a judge, its evaluations and its feedback to files that import loads, or a version's scores for a tool.

    An item without an external_id gets its id as external_id. Retracted feedback and trained versions are not exported.
    Existing files are replaced only once the new ones are complete.

    Args:
        judge: the judge's id.
        judge_file: the file for the judge's description.
        evaluations: the file for its evaluations.
        feedback: the file for its feedback.
        scores: the file for a version's scores, and its format.
        client_options: output format and server.
    """
    scores.check()
    paths = (judge_file, evaluations, feedback, scores.scores)
    _check_paths([path for path in paths if path is not None], client_options)
    written: dict[str, dict[str, str | int]] = {}
    with client_options.connect() as client:
        found = operations.get_judge(client, judge)
        if judge_file is not None:
            write_judge(found, judge_file)
            written["judge"] = {"file": str(judge_file)}
        # Feedback comes first, so that all evaluations it refers to are exported even if more arrive meanwhile.
        for kind, path in (("feedback", feedback), ("evaluations", evaluations)):
            if path is not None:
                lines = _write_with_progress(client, judge, kind, path)
                written[kind] = {"file": str(path), "lines": lines}
                if not client_options.json:
                    console.stderr().print(f"{kind.capitalize()}: {lines:,} lines in {path}")
        if scores.scores is not None:
            written["scores"] = _write_scores(client, found, scores.scores, scores, quiet=client_options.json)
    if client_options.json:
        typer.echo(orjson.dumps(written))


def _write_scores(
    client: Client, judge: Judge, path: Path, options: ScoreOptions, *, quiet: bool
) -> dict[str, str | int]:
    """Write a version's scores, and return the file and the number of items.

    Args:
        client: the connection.
        judge: the judge.
        path: the file.
        options: its format and names.
        quiet: whether nothing is printed.
    """
    out = console.stderr()
    with Progress(*_COLUMNS, console=out, disable=not out.is_terminal) as progress:
        task = progress.add_task("Scores", total=None)
        source = ScoreSource(client, judge, options.version, partial(_show, progress, task))
        names = [criterion["name"] for criterion in judge["criteria"]]
        with open_atomic(path) as file:
            for block in write_scores(
                options.format_, source, lambda: ScoreStyle(names, source.version, options.suffix, options.control)
            ):
                file.write(block)
    if not quiet:
        version = f" by version {source.version['number']}" if source.version else ""
        out.print(f"Scores: {source.scored:,} items{version} in {path}")
        if source.unscored:
            out.print(f"{source.unscored:,} items were not scored.")
    return {"file": str(path), "items": source.scored, "unscored": source.unscored}


def _check_paths(paths: list[Path], client_options: ClientOptions) -> None:
    if not paths:
        raise typer.BadParameter("Nothing to write: give --judge-file, --evaluations, --feedback or --scores.")
    if paths.count(STDOUT) > 1:
        raise typer.BadParameter("Only one of the files can be stdout.")
    if client_options.json and STDOUT in paths:
        raise typer.BadParameter("The files and --json can't both go to stdout.")


def _write_with_progress(client: Client, judge: str, kind: str, path: Path) -> int:
    """Write a judge's evaluations or feedback with a progress display on a terminal.

    Args:
        client: the connection.
        judge: the judge's id.
        kind: `evaluations` or `feedback`.
        path: the file to write.

    Returns:
        The number of lines.
    """
    out = console.stderr()
    with Progress(*_COLUMNS, console=out, disable=not out.is_terminal) as progress:
        task = progress.add_task(kind.capitalize(), total=None)
        return write_lines(client, judge, kind, path, partial(_show, progress, task))


def _show(progress: Progress, task: TaskID, lines: int) -> None:
    progress.update(task, completed=lines)
