"""Scores by criterion, and the overall score."""

import math

import pytest

from models.errors import ErrorCode
from models.judge import Criterion
from models.scoring import Scorecard, overall_score
from models.specs.evaluations import ScoreSpec


def criterion(ordinal: int, key: str, *, minimum: float = 1.0, maximum: float = 5.0, weight: float = 1.0) -> Criterion:
    return Criterion(
        id=f"cri_{ordinal}", judge_pk=1, ordinal=ordinal, key=key, name=key, minimum=minimum, maximum=maximum,
        step=1.0, weight=weight,
    )  # fmt: skip


CLARITY = criterion(0, "crit_clarity")
ACCURACY = criterion(1, "crit_accuracy", minimum=0.0, maximum=10.0)


def test_scores_are_placed_by_id_or_key_in_the_judges_order() -> None:
    placed, problems = Scorecard([CLARITY, ACCURACY]).arrange_scores(
        [ScoreSpec("crit_accuracy", 7), ScoreSpec("cri_0", 2)], "scores"
    )

    assert placed == [2.0, 7.0]
    assert not problems


def test_a_criterion_without_a_score_is_none() -> None:
    placed, problems = Scorecard([CLARITY, ACCURACY]).arrange_scores([ScoreSpec("crit_accuracy", 0)], "scores")

    assert placed == [None, 0.0]
    assert not problems


@pytest.mark.parametrize("score", [0.999, 5.001, math.nan, math.inf, -math.inf])
def test_a_score_outside_the_scale_is_rejected_with_its_index(score: float) -> None:
    _, [problem] = Scorecard([CLARITY]).arrange_scores([ScoreSpec("crit_clarity", score)], "scores")

    assert (problem.code, problem.field) == (ErrorCode.INVALID, ("scores", "0", "score"))


@pytest.mark.parametrize("score", [1, 5, 2.37])
def test_a_score_may_lie_anywhere_on_the_scale(score: float) -> None:
    placed, problems = Scorecard([CLARITY]).arrange_scores([ScoreSpec("crit_clarity", score)], "scores")

    assert placed == [score]
    assert not problems


def test_an_unknown_criterion_is_rejected_and_the_known_ones_are_named() -> None:
    _, [problem] = Scorecard([CLARITY]).arrange_scores([ScoreSpec("crit_x", 3)], "corrected_scores")

    assert (problem.code, problem.field) == (ErrorCode.NOT_FOUND, ("corrected_scores", "0", "criterion_id"))
    assert "crit_clarity" in problem.message


def test_a_criterion_scored_twice_is_rejected_also_under_two_names() -> None:
    _, [problem] = Scorecard([CLARITY]).arrange_scores([ScoreSpec("crit_clarity", 3), ScoreSpec("cri_0", 3)], "scores")

    assert (problem.code, problem.field) == (ErrorCode.INVALID, ("scores", "1", "criterion_id"))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([1, 0], 0.0),
        ([5, 10], 100.0),
        ([3, 5], 50.0),
        ([5, 0], 25.0),  # a quarter of the weight is clarity's
        ([None, 2.5], 25.0),
        ([3], 50.0),
        ([None, None], 0.0),
    ],
)
def test_the_overall_score_is_the_weighted_share_of_each_range(scores: list[float | None], expected: float) -> None:
    criteria = [criterion(0, "a", weight=0.5), criterion(1, "b", minimum=0, maximum=10, weight=1.5)]

    assert overall_score(criteria, scores) == pytest.approx(expected)


def test_scored_criteria_without_weights_have_equal_weights() -> None:
    criteria = [criterion(0, "a", weight=0), criterion(1, "b", weight=0), criterion(2, "c", weight=9)]

    assert overall_score(criteria, [1, 5, None]) == pytest.approx(50.0)
