"""`judgesmith compare`, `judgesmith export-version` and `judgesmith import-version`."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import console
from cli.client import operations
from cli.client.responses import ComparedEvaluation, VersionComparison, VersionWithStatus
from cli.errors import ApiError
from cli.options import ClientOptions, First, JudgeId, VersionId

RAW = "raw"  # names the raw scores in place of a version's id
_MAX_OUTPUT_CHARACTERS = 60  # of an output in a table


def compare(
    judge: JudgeId,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="VERSION", help="Version to compare. Default: the active version.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="Version to compare with. Default: the newest candidate."),
    ] = None,
    first: First = 10,
    *,
    client_options: ClientOptions,
) -> None:
    """Show how many verdicts another version would change, and on which evaluations most.

    A version is named by its id; the word raw means the raw scores.

    Args:
        judge: the judge's id.
        from_: one version.
        to: the other version.
        first: the number of evaluations to show.
        client_options: output format and server.
    """
    sides: dict[Literal["from", "to"], str | None] = {}
    if from_ is not None:
        sides["from"] = None if from_ == RAW else from_
    if to is not None:
        sides["to"] = None if to == RAW else to
    with client_options.connect() as client:
        comparison = operations.compare_versions(client, judge, first, sides)
    console.print_result(comparison, lambda: _render_comparison(comparison), as_json=client_options.json)


def export_version(
    version: VersionId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write, such as version.npz.")],
    *,
    client_options: ClientOptions,
) -> None:
    """Write a judge version to a file that another judge or the offline scorer can read.

    Args:
        version: the version's id.
        file: the file to write.
        client_options: output format and server.
    """
    with client_options.connect() as client:
        content = client.download(f"/versions/{version}/file")
        try:
            file.write_bytes(content)
        except OSError as error:
            raise ApiError(f"{file} can't be written: {error.strerror}.") from error
    console.print_result(
        {"version": version, "file": str(file), "bytes": len(content)},
        lambda: f"Version {version} is in {file} ({len(content):,} bytes).",
        as_json=client_options.json,
    )


def import_version(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of `judgesmith export-version`.")],
    judge: Annotated[str, typer.Option("--judge", metavar="JUDGE", help="Id of the judge that gets the version.")],
    *,
    client_options: ClientOptions,
) -> None:
    """Add the version in a file to a judge with the same criteria, as a candidate without proof.

    Args:
        file: the version file.
        judge: the judge's id.
        client_options: output format and server.
    """
    with client_options.connect() as client:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ApiError(f"{file} can't be read: {error.strerror}.") from error
        added = client.upload_version(judge, content)
    console.print_result(
        added,
        lambda: (
            f"Version {added['number']} of {judge} is {added['version_id']}: a candidate without proof. "
            f"`judgesmith compare {judge} --to {added['version_id']}` shows what it would change."
        ),
        as_json=client_options.json,
    )


def _render_comparison(comparison: VersionComparison) -> Group:
    old, new = _describe_version(comparison["from"]), _describe_version(comparison["to"])
    table = console.new_table("Criterion", right=("Compared", "Flipped", "Higher", "Lower", "Mean change"))
    for row in comparison["criteria"]:
        table.add_row(
            row["criterion"]["name"],
            f"{row['comparedCount']:,}",
            f"{row['flippedCount']:,} ({row['flippedShare']:.0%})",
            f"{row['raisedCount']:,}",
            f"{row['loweredCount']:,}",
            f"{row['meanChange']:+.2f}",
        )
    head = (
        f"From {old} to {new}, {comparison['flippedCount']:,} of {comparison['comparedCount']:,} verdicts change, on "
        f"{comparison['flippedEvaluationCount']:,} of the {comparison['evaluationCount']:,} newest evaluations."
    )
    return Group(Text(head), table, *([_render_items(comparison["items"])] if comparison["items"] else []))


def _render_items(items: list[ComparedEvaluation]) -> Table:
    table = Table(title="Largest differences", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("Evaluation", "Output", "Verdicts"):
        table.add_column(heading, overflow="fold")
    for item in items:
        evaluation = item["evaluation"]
        changes = [
            f"{new['criterion']['name']} {old['verdict']:g} → {new['verdict']:g}"
            for old, new in zip(item["fromScores"], item["toScores"], strict=True)
            if old["verdict"] != new["verdict"]
        ]
        output = " ".join(evaluation["output"].split())
        if len(output) > _MAX_OUTPUT_CHARACTERS:
            output = output[: _MAX_OUTPUT_CHARACTERS - 1] + "…"
        table.add_row(evaluation["externalId"] or evaluation["id"], output, ", ".join(changes))
    return table


def _describe_version(version: VersionWithStatus | None) -> str:
    return "the raw scores" if version is None else f"version {version['number']} ({version['status'].lower()})"
