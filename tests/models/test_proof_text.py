"""Conclusions of proofs as texts."""

import pytest
from msgspec import structs

from models.proof_text import estimate_needed_scores, summarize_proof
from models.stored.evidence import (
    AgreementReport,
    AgreementWindow,
    ConfusionMatrix,
    Interval,
    SelectionEvidence,
    SelectionVerdict,
    TrainingEvidence,
)
from tests.factories import evidence


def report(error: float, *, exact: float = 0.5, levels: int = 5) -> AgreementReport:
    """Return a report of a typical error."""
    matrix = ConfusionMatrix([float(level) for level in range(levels)], [[0] * levels] * levels)
    return AgreementReport(error / 2, None, None, exact, 1.0, 0.0, None, (), matrix, error)


def proof(
    change: Interval | None, *, improved: bool = False, guard: Interval | None = None, levels: int = 5
) -> TrainingEvidence:
    """Return a proof whose typical error falls from 20% to 10% of the range.

    Args:
        change: of the squared error.
        improved: conclusion.
        guard: change of the guard; None for one that includes 0.
        levels: of the scale.
    """
    before, after = report(0.2, levels=levels), report(0.1, exact=0.75, levels=levels)
    made = evidence(improved=improved)
    criteria = tuple(structs.replace(one, before=before, after=after) for one in made.criteria)
    return structs.replace(
        made, before=before, after=after, squared_error_change=change, criteria=criteria, held_out_count=100,
        group_count=40, guard_change=guard or Interval(-0.01, -0.02, 0.01),
    )  # fmt: skip


BETTER = Interval(-0.02, -0.03, -0.01)


def test_a_proven_improvement_states_the_typical_error_and_the_sample() -> None:
    text = summarize_proof(proof(BETTER, improved=True))

    assert text == (
        "Proven better: typical error 20% → 10% of the range (squared error -50%, 95% interval -75% to -25%) on 100 "
        "scores of 40 groups that were not learned from. Mean distance of scores 10.0% → 5.0%."
    )


def test_two_levels_have_a_brier_score_and_verdicts() -> None:
    text = summarize_proof(proof(BETTER, improved=True, levels=2))

    assert text.startswith("Proven better: Brier score 0.04 → 0.01 (-50%")
    assert "Verdicts right 50% → 75%." in text


def test_the_guard_is_named_if_it_refuses() -> None:
    text = summarize_proof(proof(BETTER, guard=Interval(0.02, 0.005, 0.04)))

    assert "mean distance of scores is proven larger (+2.0% (+0.5% to +4.0%))" in text


def test_an_unproven_gain_states_how_many_scores_would_prove_it() -> None:
    text = summarize_proof(proof(Interval(-0.01, -0.025, 0.005)))

    assert "about 460 scores would prove it" in text


@pytest.mark.parametrize("change", [Interval(0.001, -0.01, 0.012), Interval(-0.0001, -0.02, 0.02)])
def test_without_a_gain_more_feedback_may_not_help(change: Interval) -> None:
    assert estimate_needed_scores(100, change) is None
    assert "more of the same feedback may not help" in summarize_proof(proof(change))


def test_a_proven_loss_is_named() -> None:
    assert summarize_proof(proof(Interval(0.02, 0.01, 0.03))).startswith("Proven worse")


def test_selectively_reported_feedback_states_the_counts_and_the_remedy() -> None:
    windows = (AgreementWindow(0.5, 4.0, 20.8, -4.0),)
    selection = SelectionEvidence(SelectionVerdict.BIASED, 100, 0.1, windows)
    text = summarize_proof(structs.replace(proof(BETTER), selection=selection))

    assert "4 of 100 scores agree with the judge; about 21 would if people had not selected" in text
    assert "Review a random sample of 50 scores" in text


def test_few_labels_are_too_few_to_measure() -> None:
    nothing = structs.replace(proof(None), mae_change=None, held_out_count=4)

    assert summarize_proof(nothing) == "Too few labels to measure a change."


def test_older_evidence_keeps_its_conclusion() -> None:
    assert summarize_proof(evidence()).startswith("Proven better: the mean error changed by -10.0%")
    assert summarize_proof(evidence(improved=False)).endswith("More feedback may prove it.")
