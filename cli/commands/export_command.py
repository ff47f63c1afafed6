"""`judgesmith export`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cli import console
from cli.client.client import Client
from cli.options import DEFAULT_URL, Json, Key, Url, friendly_errors
from cli.transfer.exporter import write_judge, write_lines
from cli.transfer.judge_file import find
from cli.transfer.line_reader import STDIN as STDOUT

_HELP = "Gzipped if the name ends in .gz; - is stdout."


def export_command(
    judge: Annotated[str, typer.Option("--judge", metavar="ID", help="The judge.")],
    judge_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the judge's description here, for import --new.")
    ] = None,
    evaluations: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"Write all evaluations here. {_HELP}")
    ] = None,
    feedback: Annotated[Path | None, typer.Option(metavar="FILE", help=f"Write all feedback here. {_HELP}")] = None,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Write a judge, its evaluations and its feedback to files that import loads.

    What has no external_id is called by its own id. Retracted feedback and trained versions are not part of it. Files
    are replaced once they are whole.
    """
    paths = [path for path in (judge_file, evaluations, feedback) if path is not None]
    if not paths:
        raise typer.BadParameter("Say what to write: --judge-file, --evaluations, --feedback.")
    if paths.count(STDOUT) > 1:
        raise typer.BadParameter("Only one of the files can be stdout.")
    if json and STDOUT in paths:
        raise typer.BadParameter("The files and --json can't both go to stdout.")
    written: dict[str, dict[str, str | int]] = {}
    out = console.stderr()
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed:,} lines"), TimeElapsedColumn())
    with friendly_errors(), Client(url, key) as client:
        found = find(client, judge)
        if judge_file is not None:
            write_judge(found, judge_file)
            written["judge"] = {"file": str(judge_file)}
        with Progress(*columns, console=out, disable=not out.is_terminal) as progress:
            # Feedback first, so that all it is about is among the evaluations, whatever comes in meanwhile.
            for kind, path in (("feedback", feedback), ("evaluations", evaluations)):
                if path is not None:
                    task = progress.add_task(kind.capitalize(), total=None)
                    show = partial(_show, progress, task)
                    lines = write_lines(client, judge, kind, path, show)
                    written[kind] = {"file": str(path), "lines": lines}
                    if not json:
                        out.print(f"{kind.capitalize()}: {lines:,} lines in {path}")
    if json:
        typer.echo(orjson.dumps(written))


def _show(progress: Progress, task: TaskID, lines: int) -> None:
    progress.update(task, completed=lines)
