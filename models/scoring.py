"""Scores by criterion: placed in a judge's order, and combined into an overall score."""

import math
from collections.abc import Sequence

from models.errors import DomainError, Invalid, NotFound
from models.evaluation import Scores
from models.judge import Criterion
from models.specs.evaluations import ScoreSpec


class Scorecard:
    """A judge's criteria by id and key."""

    def __init__(self, criteria: Sequence[Criterion]) -> None:
        self.criteria = tuple(criteria)
        self._by_name = {criterion.key: criterion for criterion in criteria}
        self._by_name |= {criterion.id: criterion for criterion in criteria}

    def find(self, name: str) -> Criterion | None:
        """Return the criterion of an id or key."""
        return self._by_name.get(name)

    def arrange_scores(self, scores: Sequence[ScoreSpec], field: str) -> tuple[Scores, list[DomainError]]:
        """Return scores in the order of the criteria, and the problems of individual scores.

        Args:
            scores: scores that name their criteria.
            field: the field that holds them, for the paths of problems.
        """
        placed: Scores = [None] * len(self.criteria)
        problems: list[DomainError] = []
        for number, score in enumerate(scores):
            criterion = self.find(score.criterion)
            at = (field, str(number))
            if criterion is None:
                known = ", ".join(criterion.key for criterion in self.criteria[:10])
                problems.append(
                    NotFound(f"The judge has no criterion {score.criterion!r}; it has {known}.", (*at, "criterion_id"))
                )
            elif not (math.isfinite(score.score) and criterion.minimum <= score.score <= criterion.maximum):
                problems.append(
                    Invalid(
                        f"A score of {criterion.key} is {criterion.minimum:g} to {criterion.maximum:g}, "
                        f"not {score.score:g}.",
                        (*at, "score"),
                    )
                )
            elif placed[criterion.ordinal] is not None:
                problems.append(Invalid(f"{criterion.key} is scored twice.", (*at, "criterion_id")))
            else:
                placed[criterion.ordinal] = float(score.score)
        return placed, problems


def overall_score(criteria: Sequence[Criterion], scores: Sequence[float | None]) -> float:
    """Return the weighted mean of scores as shares of the criteria's ranges, from 0 to 100.

    Criteria without a score are excluded. If all scored criteria have the weight 0, they have equal weights.
    """
    shares = [
        ((score - c.minimum) / (c.maximum - c.minimum), c.weight)
        for c, score in zip(criteria, scores, strict=False)
        if score is not None
    ]
    total = sum(weight for _, weight in shares)
    if total == 0:
        shares = [(share, 1.0) for share, _ in shares]
        total = float(len(shares))
    return 100.0 * sum(share * weight for share, weight in shares) / total if shares else 0.0
