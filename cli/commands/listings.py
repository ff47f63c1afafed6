"""`judgesmith judges`, `judgesmith jobs` and `judgesmith summary`."""

from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.table import Table

from cli import console
from cli.client.client import Client
from cli.display.evidence import NONE, interval
from cli.display.job import words
from cli.display.jobs_live import watch_jobs
from cli.display.summary import summary_view
from cli.errors import ApiError
from cli.options import DEFAULT_URL, Json, JudgeId, Key, Since, Target, Until, Url, friendly_errors, moment

Data = dict[str, Any]

First = Annotated[int, typer.Option("--first", min=1, max=100, help="How many to show.")]


class Status(StrEnum):
    """The states a job can be in."""

    CREATED = "created"
    QUEUED = "queued"
    PREPARING = "preparing"
    TRAINING = "training"
    VALIDATING = "validating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


def judges(first: First = 20, json: Json = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """List the judges."""
    with friendly_errors(), Client(url, key) as client:
        page = client.run("Judges", first=first)["judges"]
    table = _table("Judge", "Name", "Criteria", "Active version", "Created")
    for judge in page["nodes"]:
        version = judge["activeVersion"]
        table.add_row(
            judge["id"],
            judge["name"],
            ", ".join(criterion["name"] for criterion in judge["criteria"]),
            f"{version['number']} ({version['id']})" if version else "none, raw scores",
            _minute(judge["createdAt"]),
        )
    _print(page, table, json=json, empty="There are no judges yet. `judgesmith import --new judge.json` makes one.")


def jobs(
    judge: Annotated[str | None, typer.Option(metavar="ID", help="Only jobs of this judge.")] = None,
    status: Annotated[list[Status] | None, typer.Option(help="Only jobs in this state; may be repeated.")] = None,
    first: First = 20,
    watch: Annotated[bool, typer.Option("--watch", help="Go on showing them, live, until Ctrl-C.")] = False,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List training jobs, newest first."""
    wanted: Data = {"judgeId": judge} if judge else {}
    if status:
        wanted["statuses"] = [state.name for state in status]
    if watch and (json or status):
        raise typer.BadParameter("--watch shows all states, and only to people: leave --status and --json out.")
    with friendly_errors(when_interrupted="The jobs go on."), Client(url, key) as client:
        if watch:
            watch_jobs(client, wanted, first, console.stdout())
            return
        page = client.run("TrainingJobs", first=first, filter=wanted)["trainingJobs"]
    table = _table("Job", "Judge", "Type", "Status", "Change in error", "Deployed", "Created")
    for job in page["nodes"]:
        table.add_row(
            job["id"],
            job["judge"]["name"],
            words(job["trainingType"]),
            words(job["status"]),
            _change(job["evidence"]),
            NONE if job["deployment"] is None else "yes" if job["deployment"]["deployed"] else "no",
            _minute(job["createdAt"]),
        )
    _print(page, table, json=json, empty="No such jobs. `judgesmith train JUDGE` creates one.")


def summary(
    judge: JudgeId,
    since: Since = None,
    until: Until = None,
    target: Target = None,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show what feedback there is to learn from."""
    bounds: Data = {"since": moment(since), "until": moment(until), "targetCriteria": target}
    given = {name: value for name, value in bounds.items() if value}
    with friendly_errors(), Client(url, key) as client:
        found = client.run("FeedbackSummary", judgeId=judge, **given)["feedbackSummary"]
        if found is None:
            raise ApiError(f"There is no judge {judge}. `judgesmith judges` lists them.", "NOT_FOUND")
    if json:
        typer.echo(orjson.dumps(found))
    else:
        console.stdout().print(summary_view(found))


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _print(page: Data, table: Table, *, json: bool, empty: str) -> None:
    if json:
        typer.echo(orjson.dumps(page["nodes"]))
    elif not page["nodes"]:
        console.stdout().print(empty)
    else:
        console.stdout().print(table)
        if page["pageInfo"]["hasNextPage"]:
            console.stdout().print(f"{len(page['nodes'])} of {page['totalCount']:,}; --first shows more.")


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _change(evidence: Data | None) -> str:
    return interval(evidence["maeChange"], 100, 1) + " %" if evidence and evidence["maeChange"] else NONE
