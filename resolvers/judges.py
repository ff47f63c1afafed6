"""Judges and their versions."""

from sqlalchemy import Connection

from models.audit import AuditAction
from models.errors import RequestRejected
from models.judge import Judge, JudgeVersion
from models.specs.checks import check_reason as check_reason
from models.specs.judges import JudgeChange, JudgeSpec
from resolvers.context import Context
from resolvers.page import ListPage, read_page
from runner.versions import deployment
from runner.versions.deployment import DeployRequest
from store import audit, judges
from store import judge_updates as judge_change


async def find_judge(ctx: Context, judge_id: str) -> Judge | None:
    """The workspace's judge of this id."""
    return await ctx.store.read(lambda connection: judges.find_judge(connection, ctx.workspace_id, judge_id))


async def list_judges(ctx: Context, first: int, after: str | None) -> ListPage[Judge]:
    """The workspace's judges, in the order of their making.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(
        ctx.store, judges.JUDGES, judges.in_workspace(ctx.workspace_id), first, after, ctx.sizes.page
    )


async def create_judge(ctx: Context, spec: JudgeSpec) -> Judge:
    """Make a judge.

    Raises:
        RequestRejected, Conflict: it can't be made, and why.
    """
    spec = spec.validated()

    def unit(connection: Connection) -> Judge:
        judge = judges.create_judge(connection, ctx.workspace_id, ctx.viewer.user_id, spec)
        audit.record_action(
            connection, ctx.viewer, AuditAction.JUDGE_CREATED, judge.id, f"Created the judge {judge.name}."
        )
        return judge

    return await ctx.store.write(unit)


async def update_judge(ctx: Context, wanted: JudgeChange) -> Judge:
    """Rename or describe a judge, reword its criteria, add some.

    Raises:
        NotFound, RequestRejected: it can't be, and why.
    """
    problems = list(wanted.problems())
    if problems:
        raise RequestRejected(*problems)

    def unit(connection: Connection) -> Judge:
        judge = judge_change.update_judge(connection, ctx.workspace_id, wanted)
        audit.record_action(
            connection, ctx.viewer, AuditAction.JUDGE_UPDATED, judge.id, f"Changed the judge {judge.name}."
        )
        return judge

    return await ctx.store.write(unit)


async def find_version(ctx: Context, version_id: str) -> JudgeVersion | None:
    """The workspace's judge version of this id."""
    return await ctx.store.read(lambda connection: judges.find_version(connection, ctx.workspace_id, version_id))


async def list_versions(ctx: Context, judge_pk: int, first: int, after: str | None) -> ListPage[JudgeVersion]:
    """A judge's versions, newest first.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(
        ctx.store, judges.VERSIONS, judges.versions_for_judge(judge_pk), first, after, ctx.sizes.page
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
    """Go back to the newest BACKUP, or to the raw scores.

    Raises:
        NotFound, Conflict, NothingToRollBack, RequestRejected: it can't be, and why.
    """
    check_reason(reason)
    return await ctx.store.write(
        lambda connection: deployment.rollback(connection, ctx.viewer, judge_id, reason, expected_active_version_id)
    )
