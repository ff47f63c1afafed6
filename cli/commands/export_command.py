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
from cli.options import ClientOptions
from cli.transfer.exporter import write_judge, write_lines
from cli.transfer.line_reader import STDIN as STDOUT

_FILE_HELP = "Gzipped if the name ends in .gz; - is stdout. Default: not written."
_COLUMNS = (SpinnerColumn(), TextColumn("{task.description}: {task.completed:,} lines"), TimeElapsedColumn())

JudgeFilePath = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the judge's description here, for import --new. Default: not written."),
]
EvaluationsPath = Annotated[Path | None, typer.Option(metavar="FILE", help=f"Write all evaluations here. {_FILE_HELP}")]
FeedbackPath = Annotated[Path | None, typer.Option(metavar="FILE", help=f"Write all feedback here. {_FILE_HELP}")]


def export_command(
    judge: Annotated[str, typer.Option("--judge", metavar="ID", help="The judge's id.")],
    judge_file: JudgeFilePath = None,
    evaluations: EvaluationsPath = None,
    feedback: FeedbackPath = None,
    *,
    client_options: ClientOptions,
) -> None:
    """Write a judge, its evaluations and its feedback to files that import loads.

    An item without an external_id gets its id as external_id. Retracted feedback and trained versions are not exported.
    Existing files are replaced only once the new ones are complete.

    Args:
        judge: the judge's id.
        judge_file: the file for the judge's description.
        evaluations: the file for its evaluations.
        feedback: the file for its feedback.
        client_options: output format and server.
    """
    _check_paths([path for path in (judge_file, evaluations, feedback) if path is not None], client_options)
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
    if client_options.json:
        typer.echo(orjson.dumps(written))


def _check_paths(paths: list[Path], client_options: ClientOptions) -> None:
    if not paths:
        raise typer.BadParameter("Nothing to write: give --judge-file, --evaluations or --feedback.")
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
