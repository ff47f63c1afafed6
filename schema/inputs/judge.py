"""What clients send to create a judge, deploy a version and roll back."""

import strawberry
from strawberry import ID

from models.specs.judges import CriterionChange, CriterionSpec, JudgeChange, JudgeSpec
from schema.decorators import input_type
from schema.inputs.defaults import Defaults


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

    def to_spec(self) -> CriterionSpec:
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
        description="What it scores: 1 to 100 criteria. Their scales can't change later, since scores refer to them."
    )

    def to_spec(self) -> JudgeSpec:
        """What is asked for."""
        return JudgeSpec(
            name=self.name,
            criteria=tuple(criterion.to_spec() for criterion in self.criteria),
            id=self.id,
            description=self.description,
        )


@input_type
class CriterionUpdateInput:
    """What is to become of one criterion; what you leave out stays as it is."""

    criterion_id: ID = strawberry.field(description="The criterion, by its id or key.")
    name: str | None = strawberry.field(description="What people call it from now on, at most 200 characters.")
    description: str | None = strawberry.field(
        description="What is scored and how, at most 10,000 characters; an empty text takes the description away."
    )
    weight: float | None = strawberry.field(
        description="How much it counts in an overall score from now on, relative to the others: 0 or more."
    )
    min: float | None = strawberry.field(
        description="Refused unless it is what it was: scores were given on the scale, and versions learned it."
    )
    max: float | None = strawberry.field(description="Refused unless it is what it was, like `min`.")
    step: float | None = strawberry.field(description="Refused unless it is what it was, like `min`.")

    def to_spec(self) -> CriterionChange:
        """What is asked for."""
        return CriterionChange(
            self.criterion_id, self.name, self.description, self.weight, self.min, self.max, self.step
        )


@input_type
class UpdateJudgeInput:
    """What is to become of a judge; what you leave out stays as it is."""

    judge_id: ID = strawberry.field(description="The judge to change.")
    name: str | None = strawberry.field(description="What people call it from now on, at most 200 characters.")
    description: str | None = strawberry.field(
        description="What it judges, at most 10,000 characters; an empty text takes the description away."
    )
    add_criteria: list[CriterionInput] | None = strawberry.field(
        description=(
            "What it scores from now on too, at most 100 criteria in all. Versions there are pass its raw scores "
            "through; those trained from now on learn it."
        )
    )
    update_criteria: list[CriterionUpdateInput] | None = strawberry.field(
        description="Criteria to rename, describe or weigh. A change of scale is refused, with the reason."
    )
    remove_criteria: list[ID] | None = strawberry.field(
        description=(
            "Refused, with the reason: evaluations, feedback and versions refer to a judge's criteria. With the weight "
            "0 a criterion stays out of overall scores."
        )
    )

    def to_spec(self) -> JudgeChange:
        """What is asked for."""
        return JudgeChange(
            judge_id=self.judge_id,
            name=self.name,
            description=self.description,
            add_criteria=tuple(criterion.to_spec() for criterion in self.add_criteria or ()),
            update_criteria=tuple(criterion.to_spec() for criterion in self.update_criteria or ()),
            remove_criteria=tuple(self.remove_criteria or ()),
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
