"""Keys, users, and the trail of what they did."""

from dataclasses import dataclass

from sqlalchemy import Connection

from models.access import ApiKey, User
from models.audit import AuditEntry
from models.specs.checks import check_reason as check_reason
from models.specs.keys import KeySpec
from resolvers.context import Context
from resolvers.page import ListPage, read_page
from store import access, audit
from store.audit import AuditFilter


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key just made: the only moment at which its secret is known."""

    key: ApiKey
    secret: str


async def list_api_keys(ctx: Context, first: int, after: str | None, *, revoked: bool) -> ListPage[ApiKey]:
    """The workspace's keys, in the order of their making; those that were revoked only if wanted.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(
        ctx.store, access.KEYS, access.keys_in_workspace(ctx.workspace_id, revoked=revoked), first, after
    )


async def list_users(ctx: Context, first: int, after: str | None) -> ListPage[User]:
    """The workspace's users, in the order in which they came.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(ctx.store, access.USERS, access.users_in_workspace(ctx.workspace_id), first, after)


async def create_api_key(ctx: Context, spec: KeySpec) -> CreatedKey:
    """Make a key, for the viewer or for somebody else, who is made known if they are new.

    Raises:
        RequestRejected: it can't be made, and why.
    """
    spec, viewer = spec.validated(), ctx.viewer

    def unit(connection: Connection) -> CreatedKey:
        made = access.create_key(
            connection,
            workspace=viewer.workspace_name,
            user=spec.user_name or viewer.user_name,
            role=spec.role,
            expires_at=spec.expires_at,
            actor=viewer,
        )
        row = access.find_key(connection, viewer.workspace_id, made.id)
        assert row is not None
        return CreatedKey(row, made.secret)

    return await ctx.store.write(unit)


async def revoke_api_key(ctx: Context, key_id: str, *, force: bool, reason: str | None) -> ApiKey:
    """Take a key back for good.

    Raises:
        NotFound, Conflict, RequestRejected: it can't be, and why.
    """
    check_reason(reason)
    return await ctx.store.write(
        lambda connection: access.revoke_key(connection, ctx.viewer, key_id, force=force, reason=reason)
    )


async def list_audit_entries(ctx: Context, first: int, after: str | None, wanted: AuditFilter) -> ListPage[AuditEntry]:
    """What was done in the workspace, newest first.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(ctx.store, audit.ENTRIES, audit.in_workspace(ctx.workspace_id, wanted), first, after)
