"""`judgesmith compare`, `judgesmith export-version` and `judgesmith import-version`."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import console
from cli.client.client import Client
from cli.errors import ApiError
from cli.options import DEFAULT_URL, Json, JudgeId, Key, Url, friendly_errors

Data = dict[str, Any]

RAW = "raw"
_SHOWN = 60  # characters of an output in a table

From = Annotated[str | None, typer.Option("--from", metavar="VERSION", help="Left out: the active version.")]
To = Annotated[str | None, typer.Option("--to", metavar="VERSION", help="Left out: the newest candidate.")]
VersionId = Annotated[str, typer.Argument(metavar="VERSION", help="The version's id.")]


def compare(
    judge: JudgeId,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="VERSION", help="Left out: the active version.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="VERSION", help="Left out: the newest candidate.")] = None,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many evaluations to show.")] = 10,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show what would change if another version scored: how many verdicts flip, and where most.

    A version is named by its id; the word raw means the judge's own scores.
    """
    sides = {name: None if side == RAW else side for name, side in (("from", from_), ("to", to)) if side is not None}
    with friendly_errors(), Client(url, key) as client:
        found = client.run("CompareVersions", judgeId=judge, first=first, **sides)["compareVersions"]
        if found is None:
            raise ApiError(f"There is no judge {judge}. `judgesmith judges` lists them.", "NOT_FOUND")
    if json:
        typer.echo(orjson.dumps(found))
    else:
        console.stdout().print(_view(found))


def export_version(
    version: VersionId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it, such as version.npz.")],
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Write a judge version into a file, which another judge or the offline scorer can read."""
    with friendly_errors(), Client(url, key) as client:
        content = client.download(f"/versions/{version}/file")
        try:
            file.write_bytes(content)
        except OSError as error:
            raise ApiError(f"{file} can't be written: {error.strerror}.") from error
    if json:
        typer.echo(orjson.dumps({"version": version, "file": str(file), "bytes": len(content)}))
    else:
        console.stdout().print(f"Version {version} is in {file} ({len(content):,} bytes).")


def import_version(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `judgesmith export-version`.")],
    judge: Annotated[str, typer.Option("--judge", metavar="JUDGE", help="The judge that is to have the version.")],
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Add the version in a file to a judge with the same criteria: a candidate without proof."""
    with friendly_errors(), Client(url, key) as client:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ApiError(f"{file} can't be read: {error.strerror}.") from error
        made = client.upload(f"/judges/{judge}/versions", content)
    if json:
        typer.echo(orjson.dumps(made))
    else:
        console.stdout().print(
            f"Version {made['number']} of {judge} is {made['version_id']}: a candidate without proof. "
            f"`judgesmith compare {judge} --to {made['version_id']}` shows what it would change."
        )


def _view(found: Data) -> Group:
    old, new = (_name(found[side]) for side in ("from", "to"))
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Criterion", "Compared", "Flipped", "Higher", "Lower", "Mean change"):
        table.add_column(heading, justify="left" if heading == "Criterion" else "right")
    for row in found["criteria"]:
        table.add_row(
            row["criterion"]["name"],
            f"{row['comparedCount']:,}",
            f"{row['flippedCount']:,} ({row['flippedShare']:.0%})",
            f"{row['raisedCount']:,}",
            f"{row['loweredCount']:,}",
            f"{row['meanChange']:+.2f}",
        )
    head = (
        f"{new} gives {found['flippedCount']:,} of {found['comparedCount']:,} verdicts otherwise than {old}, on "
        f"{found['flippedEvaluationCount']:,} of the {found['evaluationCount']:,} newest evaluations."
    )
    return Group(Text(head), table, *([_items(found["items"])] if found["items"] else []))


def _items(items: list[Data]) -> Table:
    table = Table(title="Where they differ most", title_justify="left", box=box.SIMPLE_HEAD)
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
        shown = output if len(output) <= _SHOWN else output[: _SHOWN - 1] + "…"
        table.add_row(evaluation["externalId"] or evaluation["id"], shown, ", ".join(changes))
    return table


def _name(version: Data | None) -> str:
    return "The judge itself" if version is None else f"Version {version['number']} ({version['status'].lower()})"
