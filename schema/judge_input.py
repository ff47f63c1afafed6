"""What clients send to create a judge, deploy a version and roll back."""

import strawberry
from strawberry import ID

from models.spec import CriterionSpec, JudgeSpec
from schema.defaults import Defaults
from schema.documented import input_type


@input_type
class CriterionInput(Defaults):
    """One thing the judge is to score, with its scale."""

    key: ID | None = strawberry.field(
        description=(
            "A readable name for programs: `crit_` and 1 to 64 letters, digits or underscores, unique within the "
            "judge. Left out: made from the name, as `crit_clarity` from Clarity, or `crit_1`, `crit_2` where the name "
            "has no Latin letters or digits."
        )
    )
    name: str = strawberry.field(description="What people call the criterion, at most 200 characters.")
    description: str | None = strawberry.field(description="What is scored and how, at most 10,000 characters.")
    min: float = strawberry.field(default=1.0, graphql_type=float | None, description="The lowest score of the scale.")
    max: float = strawberry.field(
        default=5.0, graphql_type=float | None, description="The highest score of the scale; above `min`."
    )
    step: float = strawberry.field(
        default=1.0,
        graphql_type=float | None,
        description="How far apart the points of the scale lie; whole steps lead from `min` to `max`.",
    )
    weight: float = strawberry.field(
        default=1.0,
        graphql_type=float | None,
        description=(
            "How much the criterion counts in an overall score, relative to the others: 0 or more, above 0 for at "
            "least one of them."
        ),
    )

    def spec(self) -> CriterionSpec:
        """What is asked for."""
        return CriterionSpec(
            name=self.name,
            key=self.key,
            description=self.description,
            minimum=self.min,
            maximum=self.max,
            step=self.step,
            weight=self.weight,
        )


@input_type
class CreateJudgeInput:
    """The judge to create."""

    id: ID | None = strawberry.field(
        description=(
            "The judge's id: `jdg_` and 1 to 64 letters or digits, not taken yet in your workspace. Left out: made for "
            "you."
        )
    )
    name: str = strawberry.field(description="What people call the judge, at most 200 characters.")
    description: str | None = strawberry.field(description="What it judges, in words, at most 10,000 characters.")
    criteria: list[CriterionInput] = strawberry.field(
        description="What it scores: 1 to 100 criteria. They can't be changed later, since scores refer to them."
    )

    def spec(self) -> JudgeSpec:
        """What is asked for."""
        return JudgeSpec(
            name=self.name,
            criteria=tuple(criterion.spec() for criterion in self.criteria),
            id=self.id,
            description=self.description,
        )


@input_type
class DeployJudgeVersionInput(Defaults):
    """The version to put to use."""

    version_id: ID = strawberry.field(description="The version that is to score from now on.")
    force: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Deploy the version although it is not proven better than what is active. Takes the role `ADMIN` and a "
            "`reason`, and is recorded."
        ),
    )
    reason: str | None = strawberry.field(description="Why, in words, for the record; required with `force`.")
    backup_current_version: bool = strawberry.field(
        default=True,
        graphql_type=bool | None,
        description="Keep the version it replaces as `BACKUP` for a rollback; otherwise it becomes `ARCHIVED`.",
    )
    expected_active_version_id: ID | None = strawberry.field(
        description=(
            "The version you believe to be active. If another one is by now, nothing is done and the error is "
            "`CONFLICT`. Left out: not checked."
        )
    )


@input_type
class RollbackJudgeInput:
    """The judge whose last deployment is to be taken back."""

    judge_id: ID = strawberry.field(description="The judge to roll back.")
    reason: str | None = strawberry.field(description="Why, in words, for the record.")
    expected_active_version_id: ID | None = strawberry.field(
        description=(
            "The version you believe to be active. If another one is by now, nothing is done and the error is "
            "`CONFLICT`. Left out: not checked."
        )
    )
