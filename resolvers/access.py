"""API keys, users and the audit log."""

from dataclasses import dataclass

from sqlalchemy import Connection

from models.access import ApiKey, User
from models.audit import AuditEntry
from models.specs.checks import check_reason
from models.specs.keys import KeySpec
from resolvers.context import Context
from resolvers.page import ListPage, read_page
from store import access, audit
from store.audit import AuditFilter


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret, which is not stored."""

    key: ApiKey
    secret: str


async def list_api_keys(ctx: Context, first: int, after: str | None, *, revoked: bool) -> ListPage[ApiKey]:
    """Return a page of the workspace's keys, oldest first.

    Args:
        ctx: The context of the operation.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        revoked: Whether to include revoked keys.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(ctx, access.KEYS, access.keys_in_workspace(ctx.workspace_id, revoked=revoked), first, after)


async def list_users(ctx: Context, first: int, after: str | None) -> ListPage[User]:
    """Return a page of the workspace's users, oldest first.

    Args:
        ctx: The context of the operation.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(ctx, access.USERS, access.users_in_workspace(ctx.workspace_id), first, after)


async def create_api_key(ctx: Context, spec: KeySpec) -> CreatedKey:
    """Create a key for the viewer or another user; an unknown name creates the user.

    Raises:
        RequestRejected: The key cannot be created.
    """
    spec, viewer = spec.validated(), ctx.viewer

    def unit(connection: Connection) -> CreatedKey:
        created = access.create_key(
            connection,
            workspace=viewer.workspace_name,
            user=spec.user_name or viewer.user_name,
            role=spec.role,
            expires_at=spec.expires_at,
            actor=viewer,
        )
        row = access.find_key(connection, viewer.workspace_id, created.id)
        assert row is not None
        return CreatedKey(row, created.secret)

    return await ctx.store.write(unit)


async def revoke_api_key(ctx: Context, key_id: str, *, force: bool, reason: str | None) -> ApiKey:
    """Revoke a key permanently.

    Args:
        ctx: The context of the operation.
        key_id: The key.
        force: Whether to revoke it even if it is the last key with the role ADMIN.
        reason: The reason, for the audit log.

    Raises:
        NotFound, Conflict, RequestRejected: The key cannot be revoked.
    """
    check_reason(reason)
    return await ctx.store.write(
        lambda connection: access.revoke_key(connection, ctx.viewer, key_id, force=force, reason=reason)
    )


async def list_audit_entries(ctx: Context, first: int, after: str | None, filter_: AuditFilter) -> ListPage[AuditEntry]:
    """Return a page of the workspace's audit log, newest first.

    Args:
        ctx: The context of the operation.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        filter_: Conditions on the entries.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return await read_page(ctx, audit.ENTRIES, audit.in_workspace(ctx.workspace_id, filter_), first, after)
