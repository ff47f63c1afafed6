"""Training examples: evaluations and feedback, the same for every database."""

from datetime import UTC, datetime, timedelta

from models.errors import Conflict
from models.evaluation import Evaluation
from models.specs.evaluations import EvaluationSpec
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback
from tests.factories import World, new_feedback, record, submit

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ["clear", "short", "vague", "long", "precise", "odd", "plain", "dense", "fair", "rough"]


async def add_items(world: World, numbers: range) -> list[Evaluation]:
    """Add evaluations in groups of four, with raw scores of 1 to 4 on both criteria."""
    items = [
        NewEvaluation(
            EvaluationSpec(
                f"Item {n} is {WORDS[n % 10]} and {WORDS[n // 3 % 10]}.", (), external_id=f"e{n}", group=f"g{n // 4}"
            ),
            [float(1 + n % 4), float(1 + n // 2 % 4)],
        )
        for n in numbers
    ]
    rows, _ = await record(world, *items)
    return [row for row in rows if not isinstance(row, Conflict)]


async def add_biased_corrections(world: World, numbers: range, *, bias: float = 1.0) -> None:
    """Add evaluations and corrections by which the judge scores too low.

    Args:
        world: the world.
        numbers: numbers of the evaluations.
        bias: points by which every score is too low, on both criteria.
    """
    evaluated = await add_items(world, numbers)
    await submit(world, *(_correction(n, e, bias) for n, e in zip(numbers, evaluated, strict=True)))


def _correction(number: int, evaluation: Evaluation, bias: float) -> NewFeedback:
    scores = [None if raw is None else raw + bias for raw in evaluation.scores]
    return new_feedback(evaluation, scores=scores, by=f"r{number % 3}", submitted_at=START + timedelta(seconds=number))
