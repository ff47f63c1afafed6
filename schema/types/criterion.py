"""Criteria and scores on them."""

from typing import Self

import strawberry
from strawberry import ID

from models.judge import Criterion as CriterionRecord
from resolvers.evaluations import ScoredCriterion
from schema.decorators import object_type
from schema.info import Info


@object_type
class Criterion:
    """An aspect that a judge scores, with a scale of its own. Inputs accept its `id` or its `key`."""

    id: ID = strawberry.field(description="Unique among all objects that you can see. Opaque.")
    key: ID = strawberry.field(
        description="A readable name such as `crit_clarity`, unique among the criteria of the judge."
    )
    name: str = strawberry.field(description="The display name, such as Clarity.")
    description: str | None = strawberry.field(
        description="A description of what is scored and how; null if none was given."
    )
    min: float = strawberry.field(description="The lowest score of the scale.")
    max: float = strawberry.field(description="The highest score of the scale.")
    step: float = strawberry.field(
        description="The distance between two points of the scale. A verdict is always `min` plus whole steps."
    )
    weight: float = strawberry.field(
        description="The weight of the criterion in an overall score, relative to the others; 0 or more."
    )

    @classmethod
    def of(cls, record: CriterionRecord) -> Self:
        """Return the GraphQL object of a record."""
        return cls(
            id=ID(record.id),
            key=ID(record.key),
            name=record.name,
            description=record.description,
            min=record.minimum,
            max=record.maximum,
            step=record.step,
            weight=record.weight,
        )


async def load_criteria(info: Info, judge_pk: int) -> list[Criterion]:
    """Return the criteria of a judge in their order, so that the index of each is its ordinal."""
    return [Criterion.of(record) for record in await info.context.loaders.criteria.load(judge_pk)]


@object_type
class CriterionScore:
    """A score on one criterion, in points of its scale.

    The meaning of `score` depends on the context: in the results of `evaluate` it is the version's estimate, on an
    evaluation the score that people were shown, and in a correction the score that the person gave.
    """

    criterion: Criterion = strawberry.field(description="The criterion.")
    raw_score: float | None = strawberry.field(
        description="The judge's own score, before any version adjusted it; null if it gave none."
    )
    score: float = strawberry.field(
        description=(
            "The score. In `evaluate`: the best single estimate of a person's score, which is the mean or the median, "
            "whichever proved closer out of fold. On an evaluation: the score that people were shown. In a "
            "correction: the person's score."
        )
    )
    expected: float | None = strawberry.field(
        description=(
            "The mean of the scores that people would give. It is finer than `score` and best for ranking. Null "
            "outside `evaluate`."
        )
    )
    verdict: float | None = strawberry.field(
        description="The score as a point of the scale, as a person would give it; null outside `evaluate`."
    )
    lower: float | None = strawberry.field(
        description=(
            "The lower end of the interval that contains one person's score with a probability of 90%; null if unknown."
        )
    )
    upper: float | None = strawberry.field(description="The upper end of the same 90% interval; null if unknown.")

    @classmethod
    def of(cls, scored: ScoredCriterion) -> Self:
        """Return the GraphQL object of a scored criterion."""
        return cls(
            criterion=Criterion.of(scored.criterion),
            raw_score=scored.raw_score,
            score=scored.score,
            expected=scored.expected,
            verdict=scored.verdict,
            lower=scored.lower,
            upper=scored.upper,
        )
