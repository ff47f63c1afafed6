"""Scales and texts of all kinds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import CHINESE, make_task, run, version_of
from trainer.data import Items, Scale
from trainer.model.version import Version
from trainer.scales import level_steps, soft_targets, to_grid

SCALES = {
    "1-3": Scale("x", "x", 1, 3, 1),
    "1-5": Scale("x", "x", 1, 5, 1),
    "0-4": Scale("x", "x", 0, 4, 1),
    "0-100": Scale("x", "x", 0, 100, 1),
    "binary": Scale("x", "x", 0, 1, 1),
    "tenths": Scale("x", "x", 0, 1, 0.1),
    "uneven": Scale("x", "x", 1, 10, 0.7),
    "negative": Scale("x", "x", -2, 2, 0.5),
}


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES.keys())
def test_training_lowers_the_error_on_every_scale(scale: Scale) -> None:
    """Scores stay in range, verdicts on the grid, and intervals around the point."""
    version, fresh = version_of(make_task(240, scale)), make_task(300, scale, seed=8)
    scores, labels = version.score(fresh.items), fresh.labels
    for values in (scores.expected, scores.point, scores.lower, scores.upper):
        assert values.min() >= scale.minimum
        assert values.max() <= scale.maximum
    steps = (scores.verdict - scale.minimum) / scale.step
    assert np.allclose(steps, np.rint(steps))
    assert (scores.lower <= scores.upper).all()
    at = (labels.item, labels.criterion)
    assert np.abs(scores.point[at] - labels.score).mean() < np.abs(fresh.items.raw[at] - labels.score).mean()


def test_off_grid_labels_are_spread_over_both_neighbouring_levels() -> None:
    """3.67 on 1-5 is one third level 3 and two thirds level 4."""
    soft = soft_targets(SCALES["1-5"], np.array([3.67, 5.0, 1.0]), 6)
    assert np.allclose(soft[0], [1, 1, 0.67, 0, 0, 0])
    assert np.allclose(soft[1], [1, 1, 1, 1, 0, 0])
    assert np.allclose(soft[2], 0)


def test_fine_scales_are_learned_on_twenty_steps() -> None:
    """0-100 is binned for learning; its verdicts keep their own grid."""
    assert level_steps(SCALES["0-100"]) == 20
    assert level_steps(SCALES["tenths"]) == 10
    assert to_grid(SCALES["0-100"], np.array([47.4])).tolist() == [47.0]
    verdict = (
        version_of(make_task(200, SCALES["0-100"])).score(make_task(200, seed=3, scale=SCALES["0-100"]).items).verdict
    )
    assert len(np.unique(verdict)) > 25


@pytest.mark.parametrize("script", ["chinese", "emoji"])
def test_texts_of_any_script_give_useful_features(script: str) -> None:
    """Scripts without spaces do, too."""
    words = CHINESE if script == "chinese" else ["😀", "naïve", "Ünïcode", "שלום", "नमस्ते", "𝒜𝒷", "e\u0301"]
    task = make_task(240, words=words)
    version = version_of(task)
    assert version.gate.max() > 0


def test_unusual_texts_are_scored() -> None:
    """They are empty, or have control characters, lone surrogates or a long word."""
    version = version_of(make_task(200))
    texts = ["", " ", "\0\n", "\ud800", "a" * 50_000, "？！", "１２３"]
    n = len(texts)
    items = Items(["x"] * n, [None] * n, [None] * n, [None] * n, texts, [None] * n, np.full((n, 2), 3.0))
    assert np.isfinite(version.score(items).expected).all()


def test_missing_raw_scores_stay_missing() -> None:
    """The other criteria of the item are scored."""
    version, fresh = version_of(make_task(200)), make_task(100, seed=8).items
    raw = fresh.raw.copy()
    raw[::2, 0] = np.nan
    scores = version.score(replace(fresh, raw=raw))
    for field in ("expected", "point", "verdict", "lower", "upper"):
        assert np.isnan(getattr(scores, field)[::2, 0]).all()
        assert np.isfinite(getattr(scores, field)[1::2, 0]).all()
        assert np.isfinite(getattr(scores, field)[:, 1]).all()


def test_rationales_improve_the_scores() -> None:
    task = make_task(300)
    rng = np.random.default_rng(0)
    mood = rng.integers(0, 2, len(task.items))
    reasons: list[str | None] = [["weak and flawed", "strong and clear"][m] for m in mood]
    score = np.clip(task.items.raw[task.labels.item, task.labels.criterion] - 1 + 2 * mood[task.labels.item], 1, 5)
    labels = replace(task.labels, score=score)
    with_reasons = run(replace(task, items=replace(task.items, rationales=reasons), labels=labels))[0]
    without = run(replace(task, labels=labels))[0]
    assert with_reasons.evidence.after.mean_absolute_error < without.evidence.after.mean_absolute_error - 0.02


def test_confirmations_leave_the_scores_as_they_are() -> None:
    """Points stay close to raw, and no improvement is claimed."""
    task = make_task(200)
    raw = task.items.raw[task.labels.item, task.labels.criterion]
    outcome, _ = run(replace(task, labels=replace(task.labels, score=raw, confirmed=np.ones(200, np.bool_))))
    scores = Version.loads(outcome.version or b"").score(task.items)
    assert not outcome.evidence.improved
    assert np.array_equal(scores.verdict, task.items.raw)
