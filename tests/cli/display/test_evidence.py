"""Tests of the before/after table."""

import pytest

from cli.display.evidence import render_evidence

from .results import Data, criterion, draw, evidence, job, report


def test_the_table_shows_error_before_and_after_with_its_interval() -> None:
    text = draw(render_evidence(job()))
    row = next(line for line in text.splitlines() if "coherence" in line)
    assert row.split() == [
        *("coherence", "1,234", "0.79", "→", "0.53", "-0.26", "[-0.31,", "-0.20]"),
        *("0.40", "→", "0.52", "37%", "→", "37%", "better"),
    ]
    assert "2,468 labels of 96 groups" in text


def test_with_a_base_version_the_table_shows_raw_before_and_after() -> None:
    text = draw(render_evidence(job(baseVersion={"id": "ver_0", "number": 1})))
    assert "MAE raw → before → after" in text
    assert "0.79 → 0.79 → 0.53" in text


@pytest.mark.parametrize(
    ("row", "verdict"),
    [({}, "better"), ({"improved": False}, "unproven"), ({"improved": False, "worsened": True}, "worse")],
)
def test_each_criterion_has_a_verdict(row: Data, verdict: str) -> None:
    text = draw(render_evidence(job(evidence=evidence(criterion("empathy", **row)))))
    assert next(line for line in text.splitlines() if "empathy" in line).rstrip().endswith(verdict)


def test_several_criteria_have_a_mean_in_shares_of_the_range() -> None:
    text = draw(render_evidence(job(evidence=evidence(criterion("a"), criterion("b")))))
    assert "mean, % of range" in text
    assert "20.0 → 13.0" in text


def test_missing_figures_are_dashes() -> None:
    empty = {"after": None, "maeChange": None, "before": report(0.7, None)}
    text = draw(render_evidence(job(evidence=evidence(criterion("a", **empty)))))
    assert "–" in next(line for line in text.splitlines() if line.split()[:1] == ["a"])


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"deployment": {"deployed": True, "reason": "It is better."}}, "Deployed: It is better."),
        ({"deployment": {"deployed": False, "reason": "Coherence is worse."}}, "Not deployed: Coherence is worse."),
        ({}, "Version 1 (ver_1) is candidate."),
        ({"evidence": evidence(criterion("a"), improved=False, summary="Not proven better: ...")}, "Not proven better"),
        ({}, "Proven better: typical error 25% → 19% of the range."),
        ({"trainingType": "VALIDATION", "resultVersion": None}, "the judge was not changed"),
        ({"evidence": None}, "There is no proof"),
    ],
)
def test_the_conclusion_states_the_gain_and_the_decision(changes: Data, text: str) -> None:
    assert text in draw(render_evidence(job(**changes)))
