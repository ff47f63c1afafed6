"""Tests of the automatic judge."""

import pytest

from cli.demo.automatic_judge import judge_summary

ARTICLE = "The dog chased the cat through the garden. The cat climbed a tree. The dog waited below the tree all night."


def test_the_automatic_judge_prefers_what_the_article_supports() -> None:
    faithful = judge_summary(ARTICLE, "A dog chased a cat, which climbed a tree; the dog waited all night.")
    invented = judge_summary(ARTICLE, "Two horses bought seven houses near London while everybody applauded loudly.")
    assert faithful.score > invented.score


def test_the_automatic_judge_lowers_the_score_for_repetition_with_a_reason() -> None:
    once = judge_summary(ARTICLE, "The dog chased the cat. The cat climbed a tree.")
    again = judge_summary(ARTICLE, "The dog chased the cat. The dog chased the cat.")
    assert again.score < once.score
    assert "50% repetition" in again.rationale


@pytest.mark.parametrize("summary", ["", "the", "?!"])
def test_an_empty_summary_scores_zero(summary: str) -> None:
    assert judge_summary(ARTICLE, summary).score == 0
