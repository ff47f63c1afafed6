"""Judge versions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Optional, Self, cast

import strawberry
from strawberry import ID

from models.judge import JudgeVersion as VersionRecord
from models.judge import VersionStatus
from schema.decorators import column, field, object_type, reads
from schema.info import Info
from schema.selection import selected_columns
from schema.types.evidence import TrainingEvidence
from schema.types.judge import Judge, load_judge
from schema.types.lineage import VersionLineage
from schema.types.node import ID_DESCRIPTION, Node

if TYPE_CHECKING:
    from schema.types.training_job import TrainingJob

LazyJob = Annotated["TrainingJob", strawberry.lazy("schema.types.training_job")]


@object_type
class JudgeVersion(Node):
    """A trained state of a judge, which adjusts the judge's raw scores so that they agree better with people.

    Only the `status` of a version ever changes.
    """

    number: int = column(VersionRecord.number, "The number of the version within its judge: 1, 2, 3, ...")
    status: VersionStatus = column(VersionRecord.status, "The deployment status.")
    created_at: datetime = column(VersionRecord.created_at, "The moment of its creation.")
    id: ID = column(VersionRecord.id, ID_DESCRIPTION)
    row: strawberry.Private[VersionRecord]

    @field
    @reads(VersionRecord.judge_pk)
    async def judge(self, info: Info) -> Judge:
        """The judge whose scores the version adjusts."""
        return await load_judge(info, self.row.judge_pk)

    @field
    @reads(VersionRecord.job_id)
    def training_job(self, info: Info) -> LazyJob | None:
        """The job that created the version; null for an imported version."""
        from schema.types.training_job import load_job

        return load_job(info, self.row.job_id)

    @field
    @reads(VersionRecord.parent_id)
    def parent(self, info: Info) -> Optional["JudgeVersion"]:
        """The version that the training continued from; null if it started from scratch."""
        return load_version(info, self.row.parent_id)

    @field
    @reads(VersionRecord.evidence, VersionRecord.judge_pk)
    def evidence(self) -> TrainingEvidence | None:
        """The evidence of its training job; null for an imported version."""
        return TrainingEvidence.of(self.row.evidence, self.row.judge_pk)

    @field
    @reads(VersionRecord.lineage, VersionRecord.watermark, VersionRecord.judge_pk)
    def lineage(self) -> VersionLineage:
        """The origin of the version: the exact feedback, the configuration, the seed and the code."""
        return VersionLineage.of(self.row)

    @classmethod
    def of(cls, row: VersionRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(row=row)


def load_version(info: Info, version_id: str | None) -> Optional["JudgeVersion"]:
    """Return the version with an id, which the executor awaits; None without an id or if there is no such version."""
    return None if version_id is None else cast("JudgeVersion", _load_version(info, version_id))


async def _load_version(info: Info, version_id: str) -> JudgeVersion | None:
    row = await info.context.loaders.versions.find(version_id, selected_columns(info, VersionRecord))
    return None if row is None else JudgeVersion.of(row)
