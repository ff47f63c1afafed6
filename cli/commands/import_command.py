"""`judgesmith import`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli import console
from cli.client import operations
from cli.client.client import Client
from cli.client.responses import NamedCriterion, ScaledCriterion
from cli.errors import ApiError
from cli.options import ClientOptions, option_group, report_errors
from cli.transfer.convert.formats import build_converter
from cli.transfer.convert.registry import Format
from cli.transfer.importer import Converter, FileImporter, ImportTarget, ImportTotals, pass_through
from cli.transfer.inspection import inspect_file
from cli.transfer.judge_file import create_or_find_judge, find_described_judge
from cli.transfer.line_reader import STDIN, open_lines
from cli.transfer.mapping.options import (
    FileOptions,
    MappingOptions,
    OptionError,
    RowFilter,
    check_time_zone,
    parse_fields,
    parse_filters,
    parse_meanings,
    parse_scales,
)
from cli.transfer.mapping.report import LoadReport

_FILE_HELP = "JSON Lines, gzipped or not; - is stdin. Default: not loaded."
_FIELD_HELP = "With --map: a field's or criterion's column or dotted path; may be repeated. For records"
_WHERE_HELP = "With --map: load only records with this value (or, with !=, without it); may be repeated. For records"
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
    field: Annotated[list[str] | None, typer.Option(metavar="NAME=PLACE", help=f"{_FIELD_HELP} of both files.")] = None
    evaluations_field: Annotated[
        list[str] | None,
        typer.Option("--evaluations.field", metavar="NAME=PLACE", help=f"{_FIELD_HELP} of the evaluations."),
    ] = None
    feedback_field: Annotated[
        list[str] | None,
        typer.Option("--feedback.field", metavar="NAME=PLACE", help=f"{_FIELD_HELP} of the feedback."),
    ] = None
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="PLACE=VALUE", help=f"{_WHERE_HELP}, in each file that has the place."),
    ] = None
    evaluations_where: Annotated[
        list[str] | None,
        typer.Option("--evaluations.where", metavar="PLACE=VALUE", help=f"{_WHERE_HELP} of the evaluations."),
    ] = None
    feedback_where: Annotated[
        list[str] | None,
        typer.Option("--feedback.where", metavar="PLACE=VALUE", help=f"{_WHERE_HELP} of the feedback."),
    ] = None
    value: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CRITERION.LABEL=SCORE",
            help="With --map: the score that a label means, like quality.Poor=2; may be repeated.",
        ),
    ] = None
    scale: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CRITERION=MIN-MAX",
            help="With --map: the files' scale of a criterion or of `rating`, if it is not the judge's, like "
            "rating=0-10; may be repeated.",
        ),
    ] = None
    records: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="With --map: the dotted path of the list in a JSON object, or a sheet."),
    ] = None
    encoding: Annotated[
        str | None, typer.Option(help="With --map: the files' encoding, like cp1252. Default: detected.")
    ] = None
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --map: the zone of times without an offset, like Europe/Berlin."),
    ] = None
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Replace feedback that has changed since it was loaded also if its time shows no later edit.",
        ),
    ] = False
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 1 also if anything was skipped or changed.")
    ] = False
    inspect: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Show the format of a file, the places of its fields and a preview, and load nothing. Add --judge or "
            "--new for the criteria.",
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
        if self.inspect is not None and not self.inspect.is_file():
            raise typer.BadParameter(f"There is no file {self.inspect}.")
        if (self.judge is None) == (self.new is None) and (self.inspect is None or self.judge is not None):
            raise typer.BadParameter("Name the judge with --judge ID, or describe a new one with --new judge.json.")
        paths = [path for path in (self.evaluations, self.feedback) if path is not None]
        if paths.count(STDIN) > 1:
            raise typer.BadParameter("Only one of --evaluations and --feedback can be read from stdin.")
        for path in paths:
            if path != STDIN and not path.exists():
                raise typer.BadParameter(f"There is no file {path}.")
            if path.is_dir():
                raise typer.BadParameter(f"{path} is a directory; name the file in it.")
        if self.map_ is None and self.inspect is None and (given := self._mapping_options()):
            raise typer.BadParameter(f"{given[0]} requires --map.")
        self._parse_places()

    @property
    def has_one_file(self) -> bool:
        """True if the evaluations and the feedback are in the same file."""
        if self.evaluations is None or self.feedback is None or STDIN in (self.evaluations, self.feedback):
            return False
        return self.evaluations.samefile(self.feedback)

    def to_mapping(self, criteria: Sequence[NamedCriterion]) -> MappingOptions:
        """Return the options of both files.

        Args:
            criteria: the judge's criteria.

        Raises:
            typer.BadParameter: a value has another form.
        """
        try:
            check_time_zone(self.time_zone)
            names = [name for one in criteria for name in (one["name"], one["key"], one["id"])]
            meanings, scales = parse_meanings(self.value or [], names), parse_scales(self.scale or [])
            return MappingOptions(
                {
                    kind: FileOptions(
                        fields=fields,
                        filters=filters,
                        meanings=meanings,
                        scales=scales,
                        records=self.records,
                        encoding=self.encoding,
                        time_zone=self.time_zone,
                    )
                    for kind, (fields, filters) in self._parse_places().items()
                }
            )
        except OptionError as error:
            raise typer.BadParameter(str(error)) from None

    def _parse_places(self) -> dict[str, tuple[dict[str, str], list[RowFilter]]]:
        """Return the fields' places and the row filters of each file, which need no criteria.

        Raises:
            typer.BadParameter: a value has another form.
        """
        own = {
            "evaluations": (self.evaluations_field, self.evaluations_where),
            "feedback": (self.feedback_field, self.feedback_where),
        }
        try:
            shared = parse_filters(self.where or [], is_own=False)
            return {
                kind: (
                    parse_fields(self.field or []) | parse_fields(fields or []),
                    [*shared, *parse_filters(filters or [], is_own=True)],
                )
                for kind, (fields, filters) in own.items()
            }
        except OptionError as error:
            raise typer.BadParameter(str(error)) from None

    def _mapping_options(self) -> list[str]:
        """Return the names of the given options that have a meaning only with `--map`."""
        given = {
            "--field": self.field,
            "--evaluations.field": self.evaluations_field,
            "--feedback.field": self.feedback_field,
            "--where": self.where,
            "--evaluations.where": self.evaluations_where,
            "--feedback.where": self.feedback_where,
            "--value": self.value,
            "--scale": self.scale,
            "--records": self.records,
            "--encoding": self.encoding,
            "--time-zone": self.time_zone,
        }
        return [name for name, value in given.items() if value]


def import_command(*, files: ImportOptions, client_options: ClientOptions) -> None:
    """Load evaluations and feedback from files.

    Loading is safe to repeat: a line is identified by its external_id, or by a digest of its content, so an interrupted
    import can simply be run again. Two identical lines without external_id therefore count once. A lost connection is
    retried for about a minute. Everything that is not loaded is reported with the reason. Exits with status 0 if all
    lines are loaded or skipped on purpose, 1 if some lines or values were refused (see --errors), 2 if the import could
    not run or not finish.
    """
    files.check()
    if files.inspect is not None:
        _inspect(files.inspect, files, client_options)
        return
    report = LoadReport()
    with client_options.connect(error_status=2, when_interrupted=_INTERRUPTED) as client:
        target = _resolve_target(client, files)
        if files.new is not None and not files.dry_run:
            console.stderr().print(f"Loading into judge {target.judge_id} ({target.judge_name}).")
        convert: Converter = pass_through
        if files.map_ is not None:
            options = files.to_mapping(target.criteria)
            convert = build_converter(files.map_, target.criteria, options, report, has_one_file=files.has_one_file)
        importer = FileImporter(
            client,
            target,
            files.errors,
            console.stderr(),
            convert,
            report=report,
            dry_run=files.dry_run,
            edits="any" if files.update else "newer",
        )
        with _hint_how_to_resume(target.judge_id, dry_run=files.dry_run):
            totals = importer.run(files.evaluations, files.feedback)
    if client_options.json:
        typer.echo(orjson.dumps(totals.to_json()))
    else:
        _print_totals(totals, dry_run=files.dry_run)
    if totals.refused or (files.strict and totals.not_loaded):
        raise typer.Exit(1)


def _inspect(path: Path, files: ImportOptions, client_options: ClientOptions) -> None:
    """Print the inspection of a file."""
    criteria: Sequence[ScaledCriterion] = []
    if files.judge is not None:
        with client_options.connect(error_status=2) as client:
            criteria = operations.get_judge(client, files.judge)["criteria"]
    elif files.new is not None:
        from cli.transfer.new_judge import NewJudgeChecker  # imports the rules, which only this case needs

        with report_errors(2, _INTERRUPTED):
            criteria = NewJudgeChecker(files.new).target.criteria
    with report_errors(2, _INTERRUPTED):
        found = inspect_file(lambda: open_lines(path), criteria, files.to_mapping(criteria), files.map_)
    if client_options.json:
        typer.echo(orjson.dumps(found.to_json()))
    else:
        for line in found.describe():
            console.stdout().print(line, markup=False, highlight=False, soft_wrap=True)


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
            loaded = f"{counts.new:,} new, {counts.already_there:,} already there, {counts.refused:,} refused"
            updated = f" ({counts.updated:,} of them newer edits)" if counts.updated else ""
            skipped = f", {counts.skipped:,} skipped" if counts.skipped else ""
            waiting = f", {counts.waiting:,} waiting" if counts.waiting else ""
            out.print(f"{name}: {loaded}{updated}{skipped}{waiting}")
    if totals.waiting_file:
        out.print(
            f"Feedback on unknown evaluations waits in {totals.waiting_file}; the next import of evaluations into this "
            "judge loads it."
        )
    if totals.evaluations.skipped and not totals.evaluations.new + totals.evaluations.already_there:
        out.print(
            "No evaluation has a score by the judge. Judgesmith learns from the differences between the judge's scores "
            "and people's, so it needs both: name the place of the judge's scores with --evaluations.field."
        )
    for entry in totals.not_loaded:
        out.print(f"- {entry.describe()}", markup=False, highlight=False, soft_wrap=True)
    if totals.errors_file:
        out.print(f"The refused lines and the reasons are in {totals.errors_file}")
    if not (dry_run and totals.judge_id == "new"):
        out.print(f"Judge: {totals.judge_id}")
