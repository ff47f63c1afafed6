"""What clients send to record evaluations and to have items scored."""

from datetime import datetime

import strawberry
from strawberry import ID

from models.specs.evaluations import EvaluationSpec, ScoreSpec
from schema.decorators import input_type
from schema.inputs.defaults import Defaults


@input_type
class CriterionScoreInput:
    """A score on one criterion."""

    criterion_id: ID = strawberry.field(description="The criterion's id or its key.")
    score: float = strawberry.field(
        description="The score: anywhere from the criterion's `min` to its `max`, on the grid or not."
    )

    def to_spec(self) -> ScoreSpec:
        """What is asked for."""
        return ScoreSpec(criterion=self.criterion_id, score=self.score)


@input_type
class EvaluationInput:
    """One item with the scores the judge itself gave it."""

    external_id: str | None = strawberry.field(
        description=(
            "The item's id in your own system, at most 200 characters. Sending the same id and content again gives the "
            "evaluation that is there; the same id with other content is a `CONFLICT`."
        )
    )
    group: str | None = strawberry.field(
        description=(
            "What the item has in common with others, such as the document or prompt it is about: items of a group are "
            "never split between learning and proof, so a proof is never flattered by near-copies. Left out: it stands "
            "alone."
        )
    )
    source: str | None = strawberry.field(description="What made the output, such as a model's name.")
    input: str | None = strawberry.field(
        description="What the output answers: the prompt or document, at most 100,000 characters."
    )
    output: str = strawberry.field(description="The text that was judged, 1 to 100,000 characters.")
    rationale: str | None = strawberry.field(
        description="The judge's reasons, in its own words, at most 100,000 characters."
    )
    scores: list[CriterionScoreInput] = strawberry.field(
        description="The raw scores the judge itself gave: at least one, and at most one for each criterion."
    )
    version_id: ID | None = strawberry.field(
        description="The judge version whose scores people were shown. Left out: they saw the raw ones."
    )
    evaluated_at: datetime | None = strawberry.field(description="When the judge gave the scores, if that is known.")

    def to_spec(self) -> EvaluationSpec:
        """What is asked for."""
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
    """Evaluations to record."""

    judge_id: ID = strawberry.field(description="The judge that gave the scores.")
    evaluations: list[EvaluationInput] = strawberry.field(
        description=(
            "1 to 500 of them. For more, send several calls, or load newline-delimited JSON through "
            "`POST /judges/{id}/evaluations`."
        )
    )


@input_type
class EvaluateInput(Defaults):
    """Items to score."""

    judge_id: ID = strawberry.field(description="The judge whose raw scores the items come with.")
    version_id: ID | None = strawberry.field(
        description="The version to score with. Left out: the active one; without one the raw scores stand."
    )
    items: list[EvaluationInput] = strawberry.field(
        description="1 to 500 items, each with the raw scores the judge gave it."
    )
    record: bool = strawberry.field(
        default=False,
        graphql_type=bool | None,
        description=(
            "Also record the items as evaluations, with this version's scores as what people are shown, so that "
            "feedback can be given on them."
        ),
    )
