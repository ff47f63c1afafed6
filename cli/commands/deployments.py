"""`judgesmith versions`, `deploy`, `rollback` and `retry`."""

from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.table import Table
from rich.text import Text

from cli import console
from cli.client.client import Client
from cli.commands.jobs import JobId
from cli.display.evidence import NONE, interval, percent
from cli.display.job import words
from cli.errors import ApiError
from cli.options import DEFAULT_URL, Json, JudgeId, Key, Url, friendly_errors

Data = dict[str, Any]

Reason = Annotated[str | None, typer.Option(help="Why, for the record.")]
_STYLES = {"ACTIVE": "green", "BACKUP": "cyan"}


def versions(
    judge: JudgeId,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many to show.")] = 20,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List a judge's versions, newest first, with what each one proved."""
    with friendly_errors(), Client(url, key) as client:
        found = client.run("JudgeVersions", judgeId=judge, first=first)["judge"]
        if found is None:
            raise ApiError(f"There is no judge {judge}. `judgesmith judges` lists them.", "NOT_FOUND")
    page = found["versions"]
    if json:
        typer.echo(orjson.dumps(page["nodes"]))
        return
    if not page["nodes"]:
        console.stdout().print("No versions yet: the judge's own scores stand. `judgesmith train` makes the first one.")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Version", "Id", "State"):
        table.add_column(heading, overflow="fold")
    for heading in ("n", "MAE before → after", "Change, % of range [95 %]"):
        table.add_column(heading, justify="right")
    table.add_column("Verdict")
    for version in page["nodes"]:
        state = Text(words(version["status"]), _STYLES.get(version["status"], ""))
        table.add_row(str(version["number"]), version["id"], state, *_proof(version["evidence"]))
    console.stdout().print(table)


def _proof(evidence: Data | None) -> list[str | Text]:
    if evidence is None:
        return [NONE, NONE, NONE, Text("no proof", "dim")]
    before, after = (side and side["meanAbsoluteError"] for side in (evidence["before"], evidence["after"]))
    verdict = Text("better", "green") if evidence["improved"] else Text("unproven", "yellow")
    count = f"{evidence['heldOutCount']:,}"
    return [count, f"{percent(before, 1)} → {percent(after, 1)}", interval(evidence["maeChange"], 100, 1), verdict]


def deploy(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The version's id.")],
    force: Annotated[bool, typer.Option("--force", help="Although it is not proven better; takes a reason.")] = False,
    reason: Reason = None,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Let a version score from now on, if it is proven better than what does."""
    wanted: Data = {"versionId": version, "force": force} | ({"reason": reason} if reason else {})
    with friendly_errors(), Client(url, key) as client:
        judge = client.run("DeployJudgeVersion", input=wanted)["deployJudgeVersion"]["judge"]
    _tell(judge, json=json)


def rollback(
    judge: JudgeId, reason: Reason = None, json: Json = False, url: Url = DEFAULT_URL, key: Key = None
) -> None:
    """Take a judge's last deployment back."""
    wanted: Data = {"judgeId": judge} | ({"reason": reason} if reason else {})
    with friendly_errors(), Client(url, key) as client:
        changed = client.run("RollbackJudge", input=wanted)["rollbackJudge"]["judge"]
    _tell(changed, json=json)


def retry(job: JobId, json: Json = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Try a failed or cancelled job again: a new job on the feedback there is now."""
    with friendly_errors(), Client(url, key) as client:
        made = client.run("RetryTrainingJob", input={"jobId": job})["retryTrainingJob"]["trainingJob"]
    if json:
        typer.echo(orjson.dumps(made))
    else:
        console.stdout().print(f"Job {made['id']} tries it again. `judgesmith watch {made['id']}` shows it live.")


def _tell(judge: Data, *, json: bool) -> None:
    version = judge["activeVersion"]
    if json:
        typer.echo(orjson.dumps(judge))
    elif version:
        console.stdout().print(f"Version {version['number']} ({version['id']}) scores for {judge['name']} now.")
    else:
        console.stdout().print(f"The judge's own scores stand for {judge['name']} now.")
