"""Specs of feedback."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.errors import DomainError, Invalid
from models.feedback import FeedbackType
from models.specs.checks import moment_problems, optional_text_problems, to_camel_case
from models.specs.evaluations import ScoreSpec
from models.specs.limits import MAX_COMMENT, MAX_NAME


class EditPolicy(StrEnum):
    """Rule for an item whose external id exists with other content.

    ``REJECT`` reports a conflict. ``NEWER`` replaces the older item if the new one was given later. ``ANY`` replaces it
    always.
    """

    REJECT = "reject"
    NEWER = "newer"
    ANY = "any"


_FIELD_OF_TYPE = {
    FeedbackType.CORRECTION: "corrected_scores",
    FeedbackType.RATING: "rating",
    FeedbackType.APPROVAL: "approved",
    FeedbackType.COMMENT: "comment",
}


@dataclass(frozen=True, slots=True)
class FeedbackSpec:
    """One item of feedback to submit."""

    type: FeedbackType
    evaluation_id: str | None = None
    evaluation_external_id: str | None = None
    corrected_scores: tuple[ScoreSpec, ...] | None = None
    rating: int | None = None
    approved: bool | None = None
    comment: str | None = None
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    external_id: str | None = None

    def problems(self) -> Iterator[DomainError]:
        """Yield the problems that are apparent without the judge's criteria; ``Scorecard`` checks the scores."""
        if (self.evaluation_id is None) == (self.evaluation_external_id is None):
            yield Invalid(
                "Name the evaluation by exactly one of evaluationId and evaluationExternalId.", ("evaluation_id",)
            )
        yield from self._verdict_problems()
        yield from optional_text_problems(
            "comment", self.comment, MAX_COMMENT, empty=self.type is not FeedbackType.COMMENT
        )
        for name in ("submitted_by", "external_id", "evaluation_external_id"):
            yield from optional_text_problems(name, getattr(self, name), MAX_NAME)
        yield from moment_problems("submitted_at", self.submitted_at)

    def _verdict_problems(self) -> Iterator[DomainError]:
        """Yield the problems of the field that belongs to the type, and of fields that belong to other types."""
        own = _FIELD_OF_TYPE[self.type]
        if getattr(self, own) is None:
            yield Invalid(f"Feedback of type {self.type.name} needs {to_camel_case(own)}.", (own,))
        for other in ("corrected_scores", "rating", "approved"):
            if other != own and getattr(self, other) not in (None, ()):
                yield Invalid(f"Feedback of type {self.type.name} has no {to_camel_case(other)}.", (other,))
        if self.type is FeedbackType.CORRECTION and self.corrected_scores == ():
            yield Invalid("Give the right score of at least one criterion.", ("corrected_scores",))
        if self.rating is not None and not 1 <= self.rating <= 5:
            yield Invalid(f"A rating is 1 to 5, not {self.rating}.", ("rating",))
