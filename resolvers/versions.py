"""Export and import of versions as files."""

import asyncio
import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection

from models.audit import AuditAction
from models.judge import JudgeVersion
from models.stored.training_job import Lineage
from resolvers.context import Context
from runner.versions.importer import read_version
from store import audit, judges


@dataclass(frozen=True, slots=True)
class VersionFile:
    """A version with the bytes of its file."""

    version: JudgeVersion
    content: bytes


async def export_version(ctx: Context, version_id: str) -> VersionFile | None:
    """Return a version as a file; None if there is no such version."""

    def unit(connection: Connection) -> VersionFile | None:
        version = judges.find_version(connection, ctx.workspace_id, version_id)
        if version is None:
            return None
        return VersionFile(version, judges.read_version_content(connection, version.id))

    return await ctx.read(unit)


async def import_version(ctx: Context, judge_id: str, content: bytes) -> JudgeVersion:
    """Add the version in a file to a judge as a CANDIDATE without evidence.

    The feedback it learned from is unknown. All existing feedback therefore counts as known to it and is never used to
    prove it.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        content: The bytes of the file.

    Raises:
        NotFound, Invalid, LimitExceeded: The version cannot be added; nothing was changed.
    """
    judge = await ctx.read(lambda connection: judges.get_judge_or_raise(connection, ctx.workspace_id, judge_id))
    criteria = await ctx.loaders.criteria.load(judge.pk)
    await asyncio.to_thread(read_version, content, criteria)
    digest = hashlib.sha256(content).hexdigest()

    def unit(connection: Connection) -> JudgeVersion:
        version = judges.add_version(
            connection,
            judge.pk,
            content,
            judges.NewVersion(
                lineage=Lineage(imported=True, file_digest=digest),
                watermark=judges.lock_judge(connection, judge.pk).feedback_seq,
                created_by=ctx.viewer.user_id,
            ),
        )
        message = f"Imported version {version.number} of {judge.id} from a file with the SHA-256 {digest}."
        audit.record_action(connection, ctx.viewer, AuditAction.VERSION_IMPORTED, version.id, message)
        return version

    return await ctx.store.write(unit)
