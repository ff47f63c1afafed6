"""Inputs that create and change judges, deploy versions and roll back."""

import strawberry
from strawberry import ID

from models.specs.judges import CriterionChange, CriterionSpec, JudgeChange, JudgeSpec
from runner.versions.deployment import DeployRequest
from schema.decorators import input_type
from schema.inputs.shared import Defaults, expected_version_field, reason_field

_FIXED_SCALE = "Rejected unless equal to the current value: existing scores and versions depend on the scale."


@input_type
class CriterionInput(Defaults):
    """A criterion that the judge scores, with its scale."""

    key: ID | None = strawberry.field(
        description=(
            "A readable name for programs: `crit_` and 1 to 64 letters, digits or underscores, unique within the "
            "judge. Default: derived from the name, such as `crit_clarity` from Clarity, or `crit_1`, `crit_2` if the "
            "name has no Latin letters or digits."
        )
    )
    name: str = strawberry.field(description="The display name, at most 200 characters.")
    description: str | None = strawberry.field(
        description="A description of what is scored and how, at most 10,000 characters."
    )
    min: float = strawberry.field(default=1.0, graphql_type=float | None, description="The lowest score of the scale.")
    max: float = strawberry.field(
        default=5.0, graphql_type=float | None, description="The highest score of the scale; above `min`."
    )
    step: float = strawberry.field(
        default=1.0,
        graphql_type=float | None,
        description="The distance between two points of the scale; whole steps lead from `min` to `max`.",
    )
    weight: float = strawberry.field(
        default=1.0,
        graphql_type=float | None,
        description=(
            "The weight of the criterion in an overall score, relative to the others: 0 or more, above 0 for at least "
            "one criterion."
        ),
    )

    def to_spec(self) -> CriterionSpec:
        """Return the spec of the criterion."""
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
            "The judge's id: `jdg_` and 1 to 64 letters or digits, unused in your workspace. Default: a generated id."
        )
    )
    name: str = strawberry.field(description="The display name, at most 200 characters.")
    description: str | None = strawberry.field(
        description="A description of what it judges, at most 10,000 characters."
    )
    criteria: list[CriterionInput] = strawberry.field(
        description="1 to 100 criteria. Their scales cannot be changed later, because scores depend on them."
    )

    def to_spec(self) -> JudgeSpec:
        """Return the spec of the judge."""
        return JudgeSpec(
            name=self.name,
            criteria=tuple(criterion.to_spec() for criterion in self.criteria),
            id=self.id,
            description=self.description,
        )


@input_type
class CriterionUpdateInput:
    """Changes of one criterion. Omitted fields stay unchanged."""

    criterion_id: ID = strawberry.field(description="The criterion's id or key.")
    name: str | None = strawberry.field(description="The new display name, at most 200 characters.")
    description: str | None = strawberry.field(
        description="The new description, at most 10,000 characters; an empty text removes it."
    )
    weight: float | None = strawberry.field(
        description="The new weight in an overall score, relative to the others: 0 or more."
    )
    min: float | None = strawberry.field(description=_FIXED_SCALE)
    max: float | None = strawberry.field(description=_FIXED_SCALE)
    step: float | None = strawberry.field(description=_FIXED_SCALE)

    def to_spec(self) -> CriterionChange:
        """Return the spec of the change."""
        return CriterionChange(
            self.criterion_id, self.name, self.description, self.weight, self.min, self.max, self.step
        )


@input_type
class UpdateJudgeInput:
    """Changes of a judge. Omitted fields stay unchanged."""

    judge_id: ID = strawberry.field(description="The judge to change.")
    name: str | None = strawberry.field(description="The new display name, at most 200 characters.")
    description: str | None = strawberry.field(
        description="The new description, at most 10,000 characters; an empty text removes it."
    )
    add_criteria: list[CriterionInput] | None = strawberry.field(
        description=(
            "Criteria to add, at most 100 in all. Existing versions return their raw scores unchanged; versions "
            "trained from now on learn them."
        )
    )
    update_criteria: list[CriterionUpdateInput] | None = strawberry.field(
        description="Criteria whose name, description or weight changes."
    )
    remove_criteria: list[ID] | None = strawberry.field(
        description=(
            "Always rejected: evaluations, feedback and versions depend on a judge's criteria. Set the weight of a "
            "criterion to 0 to exclude it from overall scores."
        )
    )

    def to_spec(self) -> JudgeChange:
        """Return the spec of the change."""
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
    """The version to deploy."""

    version_id: ID = strawberry.field(description="The version to activate.")
    force: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Deploy the version although it is not proven better than the active one. Requires the role `ADMIN` and a "
            "`reason`, and is recorded in the audit log."
        ),
    )
    reason: str | None = reason_field("; required with `force`")
    backup_current_version: bool = strawberry.field(
        default=True,
        graphql_type=bool | None,
        description="Keep the replaced version as `BACKUP` for a rollback; otherwise it becomes `ARCHIVED`.",
    )
    expected_active_version_id: ID | None = expected_version_field()

    def to_request(self) -> DeployRequest:
        """Return the request for the deployment."""
        return DeployRequest(
            self.version_id,
            self.force,
            self.reason,
            self.backup_current_version,
            self.expected_active_version_id,
        )


@input_type
class RollbackJudgeInput:
    """The judge whose last deployment to undo."""

    judge_id: ID = strawberry.field(description="The judge to roll back.")
    reason: str | None = reason_field()
    expected_active_version_id: ID | None = expected_version_field()
