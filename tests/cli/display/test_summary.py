"""Tests of the summary of feedback."""

from cli.display.summary import render_summary

from .results import draw


def test_a_summary_shows_counts_and_shifts() -> None:
    summary = {
        "totalFeedbackCount": 3168,
        "correctionCount": 3000,
        "ratingCount": 100,
        "approvalCount": 60,
        "commentCount": 8,
        "usableCount": 3100,
        "newSinceLastTraining": 12,
        "evaluationCount": 1056,
        "raterCount": 3,
        "dateRange": {"earliest": "2026-01-05T09:00:00Z", "latest": "2026-02-05T09:00:00Z"},
        "criteria": [
            {"criterion": {"name": "clarity"}, "correctionCount": 9, "meanShift": -0.5, "meanAbsoluteShift": None}
        ],
        "raterAgreement": 0.41,
    }
    text = draw(render_summary(summary))
    assert "3,168 items of feedback on 1,056 evaluations by 3 people, 2026-01-05 to 2026-02-05" in text
    assert "0.41 (Krippendorff's alpha)" in text
    row = next(line for line in text.splitlines() if "clarity" in line)
    assert row.split() == ["clarity", "9", "-0.50", "–"]


def test_a_summary_uses_the_singular_for_one() -> None:
    kinds = ("totalFeedback", "correction", "rating", "approval", "comment", "usable", "evaluation", "rater")
    counts = {f"{kind}Count": 1 for kind in kinds} | {"newSinceLastTraining": 1}
    text = draw(render_summary(counts | {"dateRange": {"earliest": None, "latest": None}, "criteria": []}))
    assert "1 item of feedback on 1 evaluation by 1 person" in text
