"""Where a judge version comes from."""

from typing import Self

import strawberry

from models.job import TrainingType
from models.judge import JudgeVersion
from schema.decorators import object_type
from schema.types.training_job_details import TrainingConfig


@object_type
class VersionLineage:
    """What a version was made from: with the same feedback, configuration, seed and code it can be made again.

    Fields are null where nothing is known: of an imported version only its file.
    """

    imported: bool = strawberry.field(description="Whether it came as a file, not from a training job here.")
    feedback_after: int | None = strawberry.field(
        description=(
            "The place in the judge's order of ingestion after which the feedback begins that it learned from itself; "
            "0: from the start. What its parent learned from lies before."
        )
    )
    feedback_watermark: int | None = strawberry.field(
        description="The place of the last feedback it could learn from, in the judge's order of ingestion."
    )
    feedback_digest: str | None = strawberry.field(
        description=(
            "SHA-256 of exactly the labels, doubts and items it learned from: the same feedback, the same digest, on "
            "any server."
        )
    )
    label_count: int | None = strawberry.field(description="How many labels it learned from.")
    doubt_count: int | None = strawberry.field(
        description="How many low ratings and refusals weighed on these labels, which are labels of nothing themselves."
    )
    item_count: int | None = strawberry.field(description="On how many evaluations they and the doubts were.")
    training_type: TrainingType | None = strawberry.field(description="What kind of training made it.")
    seed: int | None = strawberry.field(description="Where chance began.")
    config: TrainingConfig | None = strawberry.field(
        description="The configuration: as it was asked for, or chosen from the data where nothing was."
    )
    code_version: str | None = strawberry.field(description="The version of Judgesmith that made it.")
    file_digest: str | None = strawberry.field(
        description="SHA-256 of the file that `judgesmith export-version` gives."
    )

    @classmethod
    def of(cls, version: JudgeVersion) -> Self:
        """The GraphQL view of a version's origin."""
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
