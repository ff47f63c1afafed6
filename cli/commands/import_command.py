"""`judgesmith import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from cli import console
from cli.client.client import Client
from cli.errors import ApiError
from cli.options import DEFAULT_URL, Json, Key, Url, friendly_errors
from cli.transfer.convert.formats import Format, converter
from cli.transfer.importer import Totals, as_they_are, import_files
from cli.transfer.judge_file import Judge, create_or_find, find, find_described
from cli.transfer.line_reader import STDIN

if TYPE_CHECKING:
    from cli.transfer.new_judge import NewJudge

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
    map_: Annotated[
        Format | None, typer.Option("--map", help="The files come from elsewhere: convert them on the way.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PLACE", help="With --map: where a field is, as a column or dotted path; may be repeated."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line, and load none.")] = False,
    errors: Annotated[
        Path, typer.Option(metavar="FILE", help="Where lines that can't be loaded are reported; made only if needed.")
    ] = Path("import-errors.jsonl"),
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Load evaluations and feedback from files.

    Loading is safe to repeat: a line is known by its external_id, or by a digest of what it says, so that a load that
    broke off is simply run again. Two identical lines without external_id therefore count once. A lost connection is
    taken up again for about a minute. Ends with status 0 if all lines are in, 1 if some were refused (see --errors), 2
    if the import could not run or not come to its end.
    """
    _check(judge, new, [evaluations, feedback], field or [], map_)
    fields = _fields(field or [])
    again = "Stopped. What is loaded stays; run the same command with --judge to go on."
    with friendly_errors(status=2, when_interrupted=again), Client(url, key) as client:
        loading, trial = _judge(client, judge, new, dry_run=dry_run)
        if new is not None and not dry_run:
            console.stderr().print(f"Loading into judge {loading['id']} ({loading['name']}).")
        convert = as_they_are if map_ is None else converter(map_, loading["criteria"], fields)
        try:
            totals = import_files(
                client,
                loading,
                evaluations,
                feedback,
                errors,
                console.stderr(),
                convert=convert,
                dry_run=dry_run,
                new=trial,
            )
        except ApiError as error:
            if dry_run:
                raise
            more = f"What is loaded stays; once that is mended, run the command again with --judge {loading['id']}."
            raise ApiError(f"{error}\n{more}", error.code) from error
    if json:
        typer.echo(orjson.dumps(totals.as_json()))
    else:
        _print(totals, dry_run=dry_run)
    if totals.refused:
        raise typer.Exit(1)


def _check(
    judge: str | None, new: Path | None, paths: list[Path | None], field: list[str], map_: Format | None
) -> None:
    if (judge is None) == (new is None):
        raise typer.BadParameter("Name the judge with --judge ID, or describe a new one with --new judge.json.")
    if paths.count(STDIN) > 1:
        raise typer.BadParameter("Only one of --evaluations and --feedback can be read from stdin.")
    for path in paths:
        if path is not None and path != STDIN and not path.exists():
            raise typer.BadParameter(f"There is no file {path}.")
        if path is not None and path.is_dir():
            raise typer.BadParameter(f"{path} is a directory; name the file in it.")
    if field and map_ is None:
        raise typer.BadParameter("--field goes with --map.")


def _judge(client: Client, judge: str | None, new: Path | None, *, dry_run: bool) -> "tuple[Judge, NewJudge | None]":
    """The judge to load into; in a dry run one that does not exist yet is not made."""
    if judge is not None:
        return find(client, judge), None
    assert new is not None
    if not dry_run:
        return create_or_find(client, new), None
    found = find_described(client, new)
    if found is not None:
        return found, None
    from cli.transfer.new_judge import NewJudge  # the rules are wanted here only

    trial = NewJudge(new)
    return trial.judge, trial


def _fields(given: list[str]) -> dict[str, str]:
    fields = {}
    for text in given:
        name, equals, place = text.partition("=")
        if not (name and equals and place):
            raise typer.BadParameter(f"{text!r} is not of the form NAME=PLACE, like output=data.answer.")
        fields[name] = place
    return fields


def _print(totals: Totals, *, dry_run: bool) -> None:
    out = console.stdout()
    if dry_run:
        out.print("Nothing was loaded; this is what would be:")
    for name, count in (("Evaluations", totals.evaluations), ("Feedback", totals.feedback)):
        if count.lines:
            out.print(f"{name}: {count.new:,} new, {count.already_there:,} already there, {count.refused:,} refused")
    if totals.errors_file:
        out.print(f"The refused lines and the reasons are in {totals.errors_file}")
    if not (dry_run and totals.judge_id == "new"):
        out.print(f"Judge: {totals.judge_id}")
