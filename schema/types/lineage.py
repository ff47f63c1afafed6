"""The origin of a judge version."""

from typing import Self

import strawberry

from models.job import TrainingType
from models.judge import JudgeVersion
from schema.decorators import object_type
from schema.types.training_job_details import TrainingConfig


@object_type
class VersionLineage:
    """The origin of a version. The same feedback, configuration, seed and code give the same version again.

    Unknown fields are null: for an imported version, only its file is known.
    """

    imported: bool = strawberry.field(
        description="True if the version was imported from a file, false if a training job of this server created it."
    )
    feedback_after: int | None = strawberry.field(
        description=(
            "The position in the judge's order of ingestion after which the feedback begins that this version learned "
            "from; 0 for all. Its parent learned from the feedback before."
        )
    )
    feedback_watermark: int | None = strawberry.field(
        description="The position of the last feedback it could learn from, in the judge's order of ingestion."
    )
    feedback_digest: str | None = strawberry.field(
        description=(
            "The SHA-256 of the labels, doubts and items it learned from. The same feedback gives the same digest on "
            "any server."
        )
    )
    label_count: int | None = strawberry.field(description="The number of labels it learned from.")
    doubt_count: int | None = strawberry.field(
        description="The number of low ratings and refusals, which reduce the weight of labels and are none themselves."
    )
    item_count: int | None = strawberry.field(description="The number of evaluations with these labels and doubts.")
    training_type: TrainingType | None = strawberry.field(description="The type of its training.")
    seed: int | None = strawberry.field(description="The seed of the random numbers.")
    config: TrainingConfig | None = strawberry.field(
        description="The configuration: each setting as requested, or as chosen from the data."
    )
    code_version: str | None = strawberry.field(description="The version of Judgesmith that created it.")
    file_digest: str | None = strawberry.field(
        description="The SHA-256 of the file that `judgesmith export-version` writes."
    )

    @classmethod
    def of(cls, version: JudgeVersion) -> Self:
        """Return the GraphQL object of a version's origin."""
        lineage = version.lineage.value
        config, imported, kind = lineage.config, lineage.imported, lineage.training_type
        return cls(
            imported=imported,
            feedback_after=lineage.feedback_after,
            feedback_watermark=None if imported else version.watermark,
            feedback_digest=lineage.feedback_digest,
            label_count=lineage.labels,
            doubt_count=lineage.doubts,
            item_count=lineage.items,
            training_type=TrainingType(kind) if kind is not None else None,
            seed=lineage.seed,
            config=TrainingConfig.of(config, lineage.chosen, version.judge_pk) if config else None,
            code_version=lineage.code,
            file_digest=lineage.file_digest,
        )
