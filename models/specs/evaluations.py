"""Specs of evaluations to record and items to score."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from models.errors import DomainError, Invalid
from models.specs.checks import moment_problems, optional_text_problems, text_problems
from models.specs.limits import MAX_NAME, MAX_TEXT


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """A score of one criterion, which is named by its id or key."""

    criterion: str
    score: float


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """One evaluation to record, or one item to score."""

    output: str
    scores: tuple[ScoreSpec, ...]
    external_id: str | None = None
    group: str | None = None
    source: str | None = None
    input: str | None = None
    rationale: str | None = None
    version_id: str | None = None
    evaluated_at: datetime | None = None

    def problems(self) -> Iterator[DomainError]:
        """Yield the problems that are apparent without the judge's criteria; ``Scorecard`` checks the scores."""
        yield from text_problems("output", self.output, MAX_TEXT, empty=True)
        for name in ("input", "rationale"):
            yield from optional_text_problems(name, getattr(self, name), MAX_TEXT, empty=True)
        for name in ("external_id", "group", "source"):
            yield from optional_text_problems(name, getattr(self, name), MAX_NAME)
        yield from moment_problems("evaluated_at", self.evaluated_at)
        if not self.scores:
            yield Invalid(
                "The judge has not scored it: give the judge's own score of at least one criterion.", ("scores",)
            )
