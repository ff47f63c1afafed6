"""Feedback: allowed values and rejected values with their field paths."""

from typing import Any

import pytest

from models.feedback import FeedbackType
from models.specs.evaluations import ScoreSpec
from models.specs.feedback import FeedbackSpec
from tests.models.specs.problems import (
    HALF_A_PAIR,
    NO_MOMENTS,
    NUL,
    Found,
    found,
)

OWN: dict[FeedbackType, dict[str, Any]] = {
    FeedbackType.CORRECTION: {"corrected_scores": (ScoreSpec("crit_a", 3),)},
    FeedbackType.RATING: {"rating": 5},
    FeedbackType.APPROVAL: {"approved": False},
    FeedbackType.COMMENT: {"comment": "Why?"},
}


class TestFeedback:
    def problems(self, kind: FeedbackType, **values: Any) -> Found:
        return found(FeedbackSpec(kind, **{"evaluation_id": "evl_1"} | values).problems())

    @pytest.mark.parametrize("kind", FeedbackType)
    def test_its_own_field_alone_is_enough(self, kind: FeedbackType) -> None:
        assert self.problems(kind, **OWN[kind]) == []

    @pytest.mark.parametrize("kind", FeedbackType)
    def test_without_its_own_field_it_is_rejected(self, kind: FeedbackType) -> None:
        [own] = OWN[kind]

        assert self.problems(kind) == [("INVALID", own)]

    @pytest.mark.parametrize("kind", FeedbackType)
    @pytest.mark.parametrize("other", [FeedbackType.CORRECTION, FeedbackType.RATING, FeedbackType.APPROVAL])
    def test_the_field_of_another_type_is_rejected(self, kind: FeedbackType, other: FeedbackType) -> None:
        [field] = OWN[other]
        expected = [] if kind is other else [("INVALID", field)]

        assert self.problems(kind, **OWN[kind] | OWN[other]) == expected

    @pytest.mark.parametrize("kind", FeedbackType)
    def test_a_comment_goes_with_any_type(self, kind: FeedbackType) -> None:
        assert self.problems(kind, **OWN[kind] | {"comment": "c" * 10_000}) == []

    def test_an_empty_comment_is_rejected_only_for_the_type_comment(self) -> None:
        assert self.problems(FeedbackType.COMMENT, comment=" ") == [("INVALID", "comment")]
        assert self.problems(FeedbackType.RATING, rating=5, comment="") == []

    @pytest.mark.parametrize("rating", [-1, 0, 6, 10**20])
    def test_a_rating_is_one_to_five(self, rating: int) -> None:
        assert self.problems(FeedbackType.RATING, rating=rating) == [("INVALID", "rating")]

    def test_a_correction_has_at_least_one_score(self) -> None:
        assert self.problems(FeedbackType.CORRECTION, corrected_scores=()) == [("INVALID", "corrected_scores")]

    @pytest.mark.parametrize("named", [{}, {"evaluation_id": "evl_1", "evaluation_external_id": "e1"}])
    def test_the_evaluation_is_named_in_exactly_one_way(self, named: dict[str, str]) -> None:
        spec = FeedbackSpec(FeedbackType.RATING, rating=5, **named)  # type: ignore[arg-type]

        assert found(spec.problems()) == [("INVALID", "evaluation_id")]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"comment": "c" * 10_001}, ("LIMIT_EXCEEDED", "comment")),
            ({"comment": NUL}, ("INVALID", "comment")),
            ({"submitted_by": ""}, ("INVALID", "submitted_by")),
            ({"submitted_by": "s" * 201}, ("LIMIT_EXCEEDED", "submitted_by")),
            ({"submitted_by": HALF_A_PAIR}, ("INVALID", "submitted_by")),
            ({"external_id": NUL}, ("INVALID", "external_id")),
            *(({"submitted_at": moment}, ("INVALID", "submitted_at")) for moment in NO_MOMENTS),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_invalid_input_is_rejected_with_its_field_path(
        self, values: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert self.problems(FeedbackType.RATING, rating=4, **values) == [expected]
