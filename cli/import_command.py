"""`judgesmith import`."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli import console
from cli.client import Client
from cli.errors import ApiError
from cli.importing import Totals, import_files
from cli.judge_file import Judge, create_or_find, find
from cli.lines import STDIN
from cli.options import DEFAULT_URL, Json, Key, Url, friendly_errors

_FILE_HELP = "JSON Lines, gzipped or not; - is stdin."


def import_command(
    judge: Annotated[str | None, typer.Option("--judge", metavar="ID", help="Load into this judge.")] = None,
    new: Annotated[
        Path | None, typer.Option("--new", metavar="judge.json", help="Create the judge this file describes first.")
    ] = None,
    evaluations: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"The items and the scores the judge gave them. {_FILE_HELP}")
    ] = None,
    feedback: Annotated[Path | None, typer.Option(metavar="FILE", help=f"What people said. {_FILE_HELP}")] = None,
    errors: Annotated[
        Path, typer.Option(metavar="FILE", help="Where lines that can't be loaded are reported; made only if needed.")
    ] = Path("import-errors.jsonl"),
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Load evaluations and feedback from files.

    Loading is safe to repeat: a line is known by its external_id, or by a digest of what it says, so that a load that
    broke off is simply run again. Two identical lines without external_id therefore count once. Ends with status 0 if
    all lines are in, 1 if some were refused (see --errors), 2 if the import could not run.
    """
    if (judge is None) == (new is None):
        raise typer.BadParameter("Name the judge with --judge ID, or describe a new one with --new judge.json.")
    if evaluations == STDIN and feedback == STDIN:
        raise typer.BadParameter("Only one of --evaluations and --feedback can be read from stdin.")
    for path in (evaluations, feedback):
        if path is not None and path != STDIN and not path.exists():
            raise typer.BadParameter(f"There is no file {path}.")
    again = "Stopped. What is loaded stays; run the same command with --judge to go on."
    with friendly_errors(status=2, when_interrupted=again), Client(url, key) as client:
        loading = find(client, judge) if judge is not None else create_or_find(client, new or Path())
        if new is not None:
            console.stderr().print(f"Loading into judge {loading['id']} ({loading['name']}).")
        totals = _load(client, loading, evaluations, feedback, errors)
    if json:
        typer.echo(orjson.dumps(totals.as_json()))
    else:
        _print(totals)
    if totals.refused:
        raise typer.Exit(1)


def _load(client: Client, judge: Judge, evaluations: Path | None, feedback: Path | None, errors: Path) -> Totals:
    try:
        return import_files(client, judge, evaluations, feedback, errors, console.stderr())
    except ApiError as error:
        again = f"What is loaded stays; once that is mended, run the command again with --judge {judge['id']}."
        raise ApiError(f"{error}\n{again}", error.code) from error


def _print(totals: Totals) -> None:
    out = console.stdout()
    for name, count in (("Evaluations", totals.evaluations), ("Feedback", totals.feedback)):
        if count.lines:
            out.print(f"{name}: {count.new:,} new, {count.already_there:,} already there, {count.refused:,} refused")
    if totals.errors_file:
        out.print(f"The refused lines and the reasons are in {totals.errors_file}")
    out.print(f"Judge: {totals.judge_id}")
