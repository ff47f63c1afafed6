"""`judgesmith versions`, `deploy`, `rollback` and `retry`."""

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from cli import console
from cli.client import operations
from cli.client.responses import EvidenceHeadline, Judge, JudgeVersion
from cli.display.figures import MISSING, format_enum, format_interval, format_percent, improvement_verdict
from cli.options import ClientOptions, First, JobId, JudgeId, VersionId

Reason = Annotated[str | None, typer.Option(help="Reason for the audit log. Default: none.")]
_STYLES = {"ACTIVE": "green", "BACKUP": "cyan"}


def versions(judge: JudgeId, first: First = 20, *, client_options: ClientOptions) -> None:
    """List a judge's versions with their proofs, newest first.

    Args:
        judge: the judge's id.
        first: the number of rows.
        client_options: output format and server.
    """
    with client_options.connect() as client:
        nodes = operations.list_versions(client, judge, first)["nodes"]
    console.print_result(nodes, lambda: _render_versions(nodes), as_json=client_options.json)


def deploy(
    version: VersionId,
    force: Annotated[
        bool, typer.Option("--force", help="Deploy it without proof that it is better; requires --reason.")
    ] = False,
    reason: Reason = None,
    *,
    client_options: ClientOptions,
) -> None:
    """Make a version the active one if it is proven better than the one it replaces.

    Args:
        version: the version's id.
        force: deploy it without proof.
        reason: the reason for the audit log.
        client_options: output format and server.
    """
    with client_options.connect() as client:
        judge = operations.deploy_version(client, version, force=force, reason=reason)
    console.print_result(judge, lambda: _describe_active(judge), as_json=client_options.json)


def rollback(judge: JudgeId, reason: Reason = None, *, client_options: ClientOptions) -> None:
    """Undo a judge's last deployment.

    Args:
        judge: the judge's id.
        reason: the reason for the audit log.
        client_options: output format and server.
    """
    with client_options.connect() as client:
        changed = operations.roll_back_judge(client, judge, reason)
    console.print_result(changed, lambda: _describe_active(changed), as_json=client_options.json)


def retry(job: JobId, *, client_options: ClientOptions) -> None:
    """Create a job that repeats a failed or cancelled one on the feedback there is now."""
    with client_options.connect() as client:
        created = operations.retry_job(client, job)
    console.print_result(
        created,
        lambda: f"Job {created['id']} retries it. `judgesmith watch {created['id']}` shows it live.",
        as_json=client_options.json,
    )


def _render_versions(nodes: list[JudgeVersion]) -> RenderableType:
    if not nodes:
        return "No versions yet: raw scores are in use. `judgesmith train` creates the first version."
    table = console.new_table("Version", "Id", "State", right=("n", "MAE before → after", "Change, % of range [95%]"))
    table.add_column("Verdict")
    for version in nodes:
        state = Text(format_enum(version["status"]), _STYLES.get(version["status"], ""))
        table.add_row(str(version["number"]), version["id"], state, *_proof_cells(version["evidence"]))
    return table


def _proof_cells(evidence: EvidenceHeadline | None) -> list[str | Text]:
    if evidence is None:
        return [MISSING, MISSING, MISSING, Text("no proof", "dim")]
    before, after = (side and side["meanAbsoluteError"] for side in (evidence["before"], evidence["after"]))
    return [
        f"{evidence['heldOutCount']:,}",
        f"{format_percent(before, 1)} → {format_percent(after, 1)}",
        format_interval(evidence["maeChange"], 100, 1),
        improvement_verdict(evidence["improved"]),
    ]


def _describe_active(judge: Judge) -> str:
    if version := judge["activeVersion"]:
        return f"Version {version['number']} ({version['id']}) is now the active version of {judge['name']}."
    return f"Raw scores are in use for {judge['name']}: no version is active."
