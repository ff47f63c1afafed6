"""What a judge scores, and a score."""

from typing import Self

import strawberry
from strawberry import ID

from models.judge import Criterion as CriterionRecord
from resolvers.evaluations import ScoredCriterion
from schema.decorators import object_type


@object_type
class Criterion:
    """One thing a judge scores, on a scale of its own. Inputs that take a criterion take its `id` or its `key`."""

    id: ID = strawberry.field(description="Unique across everything you can see. Opaque.")
    key: ID = strawberry.field(
        description="A readable name such as `crit_clarity`, unique among the criteria of the judge."
    )
    name: str = strawberry.field(description="What people call the criterion, such as Clarity.")
    description: str | None = strawberry.field(description="What is scored and how, in words; null when not told.")
    min: float = strawberry.field(description="The lowest score of the scale.")
    max: float = strawberry.field(description="The highest score of the scale.")
    step: float = strawberry.field(
        description="How far apart the points of the scale's grid lie: a verdict is always `min` plus whole steps."
    )
    weight: float = strawberry.field(
        description="How much the criterion counts in an overall score, relative to the others; 0 or more."
    )

    @classmethod
    def of(cls, record: CriterionRecord) -> Self:
        """The GraphQL view of a record."""
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


@object_type
class CriterionScore:
    """A score on one criterion, in points of its scale.

    What `score` means depends on where it stands: in the results of `evaluate` it is the version's estimate, on an
    evaluation it is what people were shown, and in a correction it is what the person said.
    """

    criterion: Criterion = strawberry.field(description="What was scored.")
    raw_score: float | None = strawberry.field(
        description="The score the judge itself gave, before any version adjusted it; null when it gave none."
    )
    score: float = strawberry.field(
        description=(
            "The score. In `evaluate`: the best single estimate of what a person would say, the mean or the median, "
            "whichever proved closer out of fold. On an evaluation: the score people saw. In a correction: the "
            "person's."
        )
    )
    expected: float | None = strawberry.field(
        description="The mean of what people would say: finer than `score`, best for ranking. Null outside `evaluate`."
    )
    verdict: float | None = strawberry.field(
        description="The score on the grid of the scale, as a person would give it; null outside `evaluate`."
    )
    lower: float | None = strawberry.field(
        description=(
            "The lower end of the interval that holds one person's score with a probability of 90 %; null where it is "
            "not known."
        )
    )
    upper: float | None = strawberry.field(
        description="The upper end of the same 90 % interval; null where it is not known."
    )

    @classmethod
    def of(cls, scored: ScoredCriterion) -> Self:
        """The GraphQL view of a scored criterion."""
        return cls(
            criterion=Criterion.of(scored.criterion),
            raw_score=scored.raw_score,
            score=scored.score,
            expected=scored.expected,
            verdict=scored.verdict,
            lower=scored.lower,
            upper=scored.upper,
        )
