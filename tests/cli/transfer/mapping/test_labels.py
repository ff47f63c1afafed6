"""Tests of reading labels: each has one meaning on its scale, or is refused."""

from typing import Any

import pytest

from cli.transfer.mapping.labels import RATING, LabelReader, Scale, UnreadableLabel

QUALITY = Scale("quality", 1, 5)
SHARE = Scale("share", 0, 1)
WIDE = Scale("wide", -5, 1000)


@pytest.mark.parametrize(
    ("scale", "label", "score"),
    [
        (QUALITY, 4, 4),
        (QUALITY, "4", 4),
        (QUALITY, " 04 ", 4),
        (QUALITY, "4.5", 4.5),
        (QUALITY, "4,5", 4.5),
        (QUALITY, "4½", 4.5),
        (QUALITY, "4/5", 4),
        (QUALITY, "4 out of 5", 4),
        (QUALITY, "2 - Poor", 2),
        (QUALITY, "2 – Poor", 2),
        (QUALITY, "2: Poor", 2),
        (QUALITY, "(2) Poor", 2),
        (QUALITY, "2 (poor)", 2),
        (QUALITY, "Poor (2)", 2),
        (QUALITY, "3 stars", 3),
        (QUALITY, "★★★★☆", 4),
        (QUALITY, "⭐⭐⭐", 3),
        (QUALITY, "★★½", 2.5),
        (QUALITY, "４", 4),
        (QUALITY, "٤", 4),
        (QUALITY, ["3"], 3),
        (WIDE, "−1", -1),
        (WIDE, "1e2", 100),
        (SHARE, "80%", 0.8),
        (SHARE, "８０％", 0.8),
        (SHARE, "Yes", 1),
        (SHARE, "n", 0),
        (SHARE, "PASS", 1),
        (SHARE, "failed", 0),
        (SHARE, "thumbs_up", 1),
        (SHARE, "👎🏽", 0),
        (SHARE, "✔️", 1),
        (SHARE, True, 1),
    ],
)
def test_labels_with_one_meaning_are_scores(scale: Scale, label: Any, score: float) -> None:
    assert LabelReader().read_score(scale, label) == pytest.approx(score)


@pytest.mark.parametrize("label", [None, "", "  ", "-", "–", "N/A", "na", "null", "#N/A"])
def test_empty_labels_are_not_scored(label: Any) -> None:
    assert LabelReader().read_score(QUALITY, label) is None
    assert LabelReader().read_approval(label) is None


@pytest.mark.parametrize(
    ("scale", "label", "reason"),
    [
        (QUALITY, "Poor", "allowed is 1 to 5; give the label a meaning with --value 'quality.Poor=NUMBER'"),
        (QUALITY, "1_0", "is no score"),
        (QUALITY, "nan", "is no number"),
        (QUALITY, float("nan"), "is no number"),
        (QUALITY, float("inf"), "too large"),
        (QUALITY, 10**400, "too large"),
        (QUALITY, "1e400", "too large"),
        (QUALITY, "6", "outside the scale; allowed is 1 to 5"),
        (QUALITY, "2 - 4", "is no score"),
        (QUALITY, "4/10", "counts up to 10"),
        (QUALITY, "★★★☆", "has 4 stars"),
        (QUALITY, "80%", "is a share"),
        (QUALITY, "yes", "is a yes or no, but the scale is 1 to 5"),
        (QUALITY, True, "is a yes or no"),
        (QUALITY, "+1", "may be a vote"),
        (QUALITY, {"rating": 2}, "object or list"),
        (QUALITY, [1, 2], "object or list"),
        (WIDE, "1,000", "thousands or decimals"),
        (RATING, "4.5", "a whole number from 1 to 5"),
    ],
)
def test_labels_without_one_meaning_are_refused(scale: Scale, label: Any, reason: str) -> None:
    with pytest.raises(UnreadableLabel, match=r"^(is|may|counts|has) ") as raised:
        LabelReader().read_score(scale, label)
    assert reason in str(raised.value)


def test_a_semicolon_table_has_decimal_commas() -> None:
    reader = LabelReader(has_decimal_comma=True)
    assert reader.read_score(WIDE, "1,000") == 1
    with pytest.raises(UnreadableLabel, match="thousands or decimals"):
        reader.read_score(WIDE, "1.000")


def test_options_give_labels_a_meaning_and_files_a_scale() -> None:
    reader = LabelReader({"quality": {"poor": "2"}, "": {"unsure": "-"}}, {"rating": (0, 10), "share": (0, 100)})
    assert reader.read_score(QUALITY, " POOR ") == 2
    assert reader.read_score(QUALITY, "unsure") is None
    assert [reader.read_score(RATING, value) for value in (0, 5, 8, 10)] == [1, 3, 4, 5]
    assert reader.read_score(SHARE, "80%") == pytest.approx(0.8)
    assert reader.read_score(SHARE, 25) == pytest.approx(0.25)


@pytest.mark.parametrize(("label", "approved"), [("👍", True), ("TRUE", True), ("Y", True), ("0", False), (1.0, True)])
def test_approvals_are_yes_or_no(label: Any, approved: bool) -> None:
    assert LabelReader().read_approval(label) is approved


@pytest.mark.parametrize("label", ["x", "ja", 0.3, "maybe", {"a": 1}])
def test_other_approvals_are_refused(label: Any) -> None:
    with pytest.raises(UnreadableLabel, match="neither yes nor no"):
        LabelReader().read_approval(label)
