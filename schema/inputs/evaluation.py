"""Inputs that record evaluations and score items."""

from datetime import datetime

import strawberry
from strawberry import ID

from models.specs.evaluations import EvaluationSpec, ScoreSpec
from schema.decorators import input_type
from schema.inputs.shared import Defaults, batch_field, external_id_field


@input_type
class CriterionScoreInput:
    """A score on one criterion."""

    criterion_id: ID = strawberry.field(description="The criterion's id or key.")
    score: float = strawberry.field(
        description="Any number from the criterion's `min` to its `max`; it need not be a point of the scale."
    )

    def to_spec(self) -> ScoreSpec:
        """Return the spec of the score."""
        return ScoreSpec(criterion=self.criterion_id, score=self.score)


@input_type
class EvaluationInput:
    """One item with the raw scores that the judge gave it."""

    external_id: str | None = external_id_field("evaluation")
    group: str | None = strawberry.field(
        description=(
            "The name of a group of related items, such as the document or prompt they are about. Items of a group are "
            "never split between learning and proof, so that near-copies cannot make a proof look better than it is. "
            "Default: the item is a group of its own."
        )
    )
    source: str | None = strawberry.field(description="The author of the output, such as a model's name.")
    input: str | None = strawberry.field(
        description="The prompt or document that the output answers, at most 100,000 characters."
    )
    output: str = strawberry.field(description="The text that was judged, 1 to 100,000 characters.")
    rationale: str | None = strawberry.field(
        description="The judge's explanation of its scores, at most 100,000 characters."
    )
    scores: list[CriterionScoreInput] = strawberry.field(
        description="The judge's raw scores: at least one, and at most one for each criterion."
    )
    version_id: ID | None = strawberry.field(
        description="The judge version whose scores people were shown. Default: they were shown the raw scores."
    )
    evaluated_at: datetime | None = strawberry.field(description="The moment when the judge gave the scores, if known.")

    def to_spec(self) -> EvaluationSpec:
        """Return the spec of the evaluation."""
        return EvaluationSpec(
            output=self.output,
            scores=tuple(score.to_spec() for score in self.scores),
            external_id=self.external_id,
            group=self.group,
            source=self.source,
            input=self.input,
            rationale=self.rationale,
            version_id=self.version_id,
            evaluated_at=self.evaluated_at,
        )


@input_type
class RecordEvaluationsInput:
    """The evaluations to record."""

    judge_id: ID = strawberry.field(description="The judge that gave the scores.")
    evaluations: list[EvaluationInput] = batch_field("evaluations", "evaluations")

    def to_specs(self) -> tuple[EvaluationSpec, ...]:
        """Return the specs of the evaluations."""
        return tuple(evaluation.to_spec() for evaluation in self.evaluations)


@input_type
class EvaluateInput(Defaults):
    """The items to score."""

    judge_id: ID = strawberry.field(description="The judge that gave the raw scores.")
    version_id: ID | None = strawberry.field(
        description="The version to score with. Default: the active version, or the raw scores if none is active."
    )
    items: list[EvaluationInput] = strawberry.field(description="1 to 500 items, each with the judge's raw scores.")
    record: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Also record the items as evaluations, with this version's scores as the scores that people are shown, so "
            "that they can give feedback on them."
        ),
    )

    def to_specs(self) -> tuple[EvaluationSpec, ...]:
        """Return the specs of the items."""
        return tuple(item.to_spec() for item in self.items)
