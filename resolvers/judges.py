"""Creation, changes and reading of judges; deployment of their versions."""

from sqlalchemy import Connection

from models.audit import AuditAction
from models.errors import RequestRejected
from models.judge import Judge, JudgeVersion
from models.specs.checks import check_reason
from models.specs.judges import JudgeChange, JudgeSpec
from resolvers.context import Context
from resolvers.page import ListPage, read_page
from runner.versions import deployment
from runner.versions.deployment import DeployRequest
from store import audit, judge_updates, judges
from store.database.rows import Columns


async def find_judge(ctx: Context, judge_id: str, columns: Columns = None) -> Judge | None:
    """Return the workspace's judge with this id.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        columns: The columns to read; None for all.
    """
    return await ctx.read(lambda connection: judges.find_judge(connection, ctx.workspace_id, judge_id, columns))


async def list_judges(ctx: Context, first: int, after: str | None, columns: Columns = None) -> ListPage[Judge]:
    """Return a page of the workspace's judges, oldest first.

    Args:
        ctx: The context of the operation.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        columns: The columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(
        ctx, judges.JUDGES, judges.in_workspace(ctx.workspace_id), first, after, ctx.sizes.page, columns
    )


async def create_judge(ctx: Context, spec: JudgeSpec) -> Judge:
    """Create a judge.

    Raises:
        RequestRejected, Conflict: The judge cannot be created.
    """
    spec = spec.validated()

    def unit(connection: Connection) -> Judge:
        judge = judges.create_judge(connection, ctx.workspace_id, ctx.viewer.user_id, spec)
        audit.record_action(
            connection, ctx.viewer, AuditAction.JUDGE_CREATED, judge.id, f"Created the judge {judge.name}."
        )
        return judge

    return await ctx.store.write(unit)


async def update_judge(ctx: Context, change: JudgeChange) -> Judge:
    """Change the texts of a judge, the texts and weights of its criteria, or add criteria.

    Raises:
        NotFound, RequestRejected: The judge cannot be changed.
    """
    problems = list(change.problems())
    if problems:
        raise RequestRejected(*problems)

    def unit(connection: Connection) -> Judge:
        judge = judge_updates.update_judge(connection, ctx.workspace_id, change)
        audit.record_action(
            connection, ctx.viewer, AuditAction.JUDGE_UPDATED, judge.id, f"Changed the judge {judge.name}."
        )
        return judge

    return await ctx.store.write(unit)


async def find_version(ctx: Context, version_id: str) -> JudgeVersion | None:
    """Return the workspace's judge version with this id."""
    return await ctx.read(lambda connection: judges.find_version(connection, ctx.workspace_id, version_id))


async def list_versions(
    ctx: Context, judge_pk: int, first: int, after: str | None, columns: Columns = None
) -> ListPage[JudgeVersion]:
    """Return a page of a judge's versions, newest first.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        columns: The columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(
        ctx, judges.VERSIONS, judges.versions_for_judge(judge_pk), first, after, ctx.sizes.page, columns
    )


async def deploy_version(ctx: Context, request: DeployRequest) -> Judge:
    """Activate a version; only ADMIN may force the deployment of a version that is not proven better.

    Raises:
        NotFound, Conflict, NotAnImprovement, Invalid, RequestRejected: The version cannot be deployed.
    """
    if request.force:
        ctx.require("Mutation.deployJudgeVersion(force)")
    check_reason(request.reason)
    return await ctx.store.write(lambda connection: deployment.deploy(connection, ctx.viewer, request))


async def roll_back_judge(
    ctx: Context, judge_id: str, *, reason: str | None, expected_active_version_id: str | None
) -> Judge:
    """Activate the newest BACKUP, or the raw scores if there is none.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        reason: The reason, for the audit log.
        expected_active_version_id: The version that the caller expects to be active; None to skip the check.

    Raises:
        NotFound, Conflict, NothingToRollBack, RequestRejected: The judge cannot be rolled back.
    """
    check_reason(reason)
    return await ctx.store.write(
        lambda connection: deployment.rollback(connection, ctx.viewer, judge_id, reason, expected_active_version_id)
    )
