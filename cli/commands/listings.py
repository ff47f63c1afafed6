"""`judgesmith judges`, `judgesmith jobs` and `judgesmith summary`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from cli import console
from cli.client import operations
from cli.client.inputs import TrainingJobFilter
from cli.client.responses import Deployment, JobPage, JudgePage, NumberedVersion, RowEvidence
from cli.display.figures import MISSING, format_enum, format_interval
from cli.display.jobs_live import watch_jobs
from cli.display.summary import render_summary
from cli.options import ClientOptions, First, JudgeId, Since, Target, Until, option_group, parse_timestamp


class Status(StrEnum):
    """The states of a training job."""

    CREATED = "created"
    QUEUED = "queued"
    PREPARING = "preparing"
    TRAINING = "training"
    VALIDATING = "validating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@option_group
class JobFilterOptions:
    """The options of `jobs` that choose the jobs."""

    judge: Annotated[str | None, typer.Option(metavar="ID", help="Only jobs of this judge. Default: all judges.")] = (
        None
    )
    status: Annotated[
        list[Status] | None, typer.Option(help="Only jobs in this state; may be repeated. Default: all states.")
    ] = None

    def to_input(self) -> TrainingJobFilter:
        """Return the filter of the list."""
        job_filter = TrainingJobFilter()
        if self.judge:
            job_filter["judgeId"] = self.judge
        if self.status:
            job_filter["statuses"] = [state.name for state in self.status]
        return job_filter


def judges(first: First = 20, *, client_options: ClientOptions) -> None:
    """List the judges."""
    with client_options.connect() as client:
        page = operations.list_judges(client, first)
    rows = [
        (
            judge["id"],
            judge["name"],
            ", ".join(criterion["name"] for criterion in judge["criteria"]),
            _format_active(judge["activeVersion"]),
            _format_minute(judge["createdAt"]),
        )
        for judge in page["nodes"]
    ]
    table = _fill(console.new_table("Judge", "Name", "Criteria", "Active version", "Created"), rows)
    empty = "There are no judges yet. `judgesmith import --new judge.json` creates one."
    _print_page(page, table, empty, as_json=client_options.json)


def jobs(
    *,
    job_filter: JobFilterOptions,
    first: First = 20,
    watch: Annotated[bool, typer.Option("--watch", help="Show the jobs live until Ctrl-C.")] = False,
    client_options: ClientOptions,
) -> None:
    """List training jobs, newest first.

    Args:
        job_filter: the jobs to list.
        first: the number of rows.
        watch: show them live.
        client_options: output format and server.
    """
    if watch and (client_options.json or job_filter.status):
        raise typer.BadParameter("--watch can't be combined with --status or --json.")
    with client_options.connect(when_interrupted="The jobs continue.") as client:
        if watch:
            watch_jobs(client, job_filter.to_input(), first, console.stdout())
            return
        page = operations.list_jobs(client, first, job_filter.to_input())
    rows = [
        (
            job["id"],
            job["judge"]["name"],
            format_enum(job["trainingType"]),
            format_enum(job["status"]),
            _format_change(job["evidence"]),
            _format_deployment(job["deployment"]),
            _format_minute(job["createdAt"]),
        )
        for job in page["nodes"]
    ]
    table = console.new_table("Job", "Judge", "Type", "Status", "Change, % of range", "Deployed", "Created")
    empty = "No such jobs. `judgesmith train JUDGE` creates one."
    _print_page(page, _fill(table, rows), empty, as_json=client_options.json)


def summary(
    judge: JudgeId,
    since: Since = None,
    until: Until = None,
    target: Target = None,
    *,
    client_options: ClientOptions,
) -> None:
    """Show the counts of a judge's feedback.

    Args:
        judge: the judge's id.
        since: the time from which feedback counts.
        until: the time before which feedback counts.
        target: the criteria to count.
        client_options: output format and server.
    """
    bounds = {"since": parse_timestamp(since), "until": parse_timestamp(until), "targetCriteria": target}
    with client_options.connect() as client:
        found = operations.summarize_feedback(client, judge, **{name: value for name, value in bounds.items() if value})
    console.print_result(found, lambda: render_summary(found), as_json=client_options.json)


def _print_page(page: JudgePage | JobPage, table: Table, empty: str, *, as_json: bool) -> None:
    """Print a page of a list.

    Args:
        page: the page.
        table: its rows as people read them.
        empty: the message if there are no rows.
        as_json: print the rows as JSON instead.
    """
    nodes = page["nodes"]
    console.print_result(nodes, lambda: table if nodes else empty, as_json=as_json)
    if page["pageInfo"]["hasNextPage"] and nodes and not as_json:
        console.stdout().print(f"{len(nodes)} of {page['totalCount']:,}; --first shows more.")


def _fill(table: Table, rows: Sequence[tuple[str, ...]]) -> Table:
    for row in rows:
        table.add_row(*row)
    return table


def _format_active(version: NumberedVersion | None) -> str:
    return f"{version['number']} ({version['id']})" if version else "none, raw scores"


def _format_deployment(deployment: Deployment | None) -> str:
    if deployment is None:
        return MISSING
    return "yes" if deployment["deployed"] else "no"


def _format_minute(timestamp: str) -> str:
    """Return a timestamp of the API, which is in UTC, without seconds."""
    return f"{timestamp[:16].replace('T', ' ')}Z"


def _format_change(evidence: RowEvidence | None) -> str:
    return format_interval(evidence["maeChange"], 100, 1) if evidence else MISSING
