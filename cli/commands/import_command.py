"""`judgesmith import`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli import console
from cli.client import operations
from cli.client.client import Client
from cli.errors import ApiError
from cli.options import ClientOptions, option_group
from cli.transfer.convert.formats import Format, build_converter
from cli.transfer.importer import FileImporter, ImportTarget, ImportTotals, pass_through
from cli.transfer.judge_file import create_or_find_judge, find_described_judge
from cli.transfer.line_reader import STDIN

_FILE_HELP = "JSON Lines, gzipped or not; - is stdin. Default: not loaded."
_INTERRUPTED = "Stopped. Loaded lines stay; run the same command with --judge to load the rest."


@option_group
class ImportOptions:
    """The options of `import` that name the judge, the files and their format."""

    judge: Annotated[
        str | None, typer.Option("--judge", metavar="ID", help="Id of the judge to load into. Default: use --new.")
    ] = None
    new: Annotated[
        Path | None,
        typer.Option("--new", metavar="judge.json", help="Create the judge that this file describes first."),
    ] = None
    evaluations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"File of items with the judge's scores. {_FILE_HELP}"),
    ] = None
    feedback: Annotated[Path | None, typer.Option(metavar="FILE", help=f"File of people's feedback. {_FILE_HELP}")] = (
        None
    )
    map_: Annotated[
        Format | None,
        typer.Option("--map", help="Convert the files from another tool's format. Default: the import format."),
    ] = None
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PLACE", help="With --map: a field's column or dotted path in the files; may be repeated."
        ),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line without loading any.")] = False
    errors: Annotated[
        Path, typer.Option(metavar="FILE", help="File for refused lines, which is created only if there are any.")
    ] = Path("import-errors.jsonl")

    def check(self) -> None:
        """Check that the options fit together and the files exist.

        Raises:
            typer.BadParameter: they do not.
        """
        if (self.judge is None) == (self.new is None):
            raise typer.BadParameter("Name the judge with --judge ID, or describe a new one with --new judge.json.")
        paths = [path for path in (self.evaluations, self.feedback) if path is not None]
        if paths.count(STDIN) > 1:
            raise typer.BadParameter("Only one of --evaluations and --feedback can be read from stdin.")
        for path in paths:
            if path != STDIN and not path.exists():
                raise typer.BadParameter(f"There is no file {path}.")
            if path.is_dir():
                raise typer.BadParameter(f"{path} is a directory; name the file in it.")
        if self.field and self.map_ is None:
            raise typer.BadParameter("--field requires --map.")

    def field_paths(self) -> dict[str, str]:
        """Return the values of `--field` by the name of the field.

        Raises:
            typer.BadParameter: a value has another form.
        """
        paths = {}
        for text in self.field or []:
            name, equals, path = text.partition("=")
            if not (name and equals and path):
                raise typer.BadParameter(f"{text!r} is not of the form NAME=PLACE, like output=data.answer.")
            paths[name] = path
        return paths


def import_command(*, files: ImportOptions, client_options: ClientOptions) -> None:
    """Load evaluations and feedback from files.

    Loading is safe to repeat: a line is identified by its external_id, or by a digest of its content, so an interrupted
    import can simply be run again. Two identical lines without external_id therefore count once. A lost connection is
    retried for about a minute. Exits with status 0 if all lines are loaded, 1 if some were refused (see --errors), 2 if
    the import could not run or not finish.
    """
    files.check()
    paths = files.field_paths()
    with client_options.connect(error_status=2, when_interrupted=_INTERRUPTED) as client:
        target = _resolve_target(client, files)
        if files.new is not None and not files.dry_run:
            console.stderr().print(f"Loading into judge {target.judge_id} ({target.judge_name}).")
        convert = pass_through if files.map_ is None else build_converter(files.map_, target.criteria, paths)
        importer = FileImporter(client, target, files.errors, console.stderr(), convert, dry_run=files.dry_run)
        with _hint_how_to_resume(target.judge_id, dry_run=files.dry_run):
            totals = importer.run(files.evaluations, files.feedback)
    if client_options.json:
        typer.echo(orjson.dumps(totals.to_json()))
    else:
        _print_totals(totals, dry_run=files.dry_run)
    if totals.refused:
        raise typer.Exit(1)


def _resolve_target(client: Client, files: ImportOptions) -> ImportTarget:
    """Return the judge to load into; a dry run does not create it."""
    if files.judge is not None:
        return ImportTarget.from_judge(operations.get_judge(client, files.judge))
    assert files.new is not None
    if not files.dry_run:
        return ImportTarget.from_judge(create_or_find_judge(client, files.new))
    found = find_described_judge(client, files.new)
    if found is not None:
        return ImportTarget.from_judge(found)
    from cli.transfer.new_judge import NewJudgeChecker  # imports the rules, which only this case needs

    return NewJudgeChecker(files.new).target


@contextmanager
def _hint_how_to_resume(judge_id: str, *, dry_run: bool) -> Iterator[None]:
    """Add to an error how to load the rest of the lines."""
    try:
        yield
    except ApiError as error:
        if dry_run:
            raise
        hint = f"Loaded lines stay; fix the problem and run the command again with --judge {judge_id}."
        raise ApiError(f"{error}\n{hint}", error.code) from error


def _print_totals(totals: ImportTotals, *, dry_run: bool) -> None:
    out = console.stdout()
    if dry_run:
        out.print("Nothing was loaded. The import would give:")
    for name, counts in (("Evaluations", totals.evaluations), ("Feedback", totals.feedback)):
        if counts.lines:
            out.print(f"{name}: {counts.new:,} new, {counts.already_there:,} already there, {counts.refused:,} refused")
    if totals.errors_file:
        out.print(f"The refused lines and the reasons are in {totals.errors_file}")
    if not (dry_run and totals.judge_id == "new"):
        out.print(f"Judge: {totals.judge_id}")
