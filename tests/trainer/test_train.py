"""Promises of each training type."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import make_task, run, version_of
from trainer.data import Items
from trainer.errors import Diverged
from trainer.folds import hold_out
from trainer.model.version import Version

FIELDS = ("expected", "point", "verdict", "lower", "upper")


def is_same(a: Version, b: Version, items: Items, column: int) -> bool:
    x, y = a.score(items), b.score(items)
    return all(np.array_equal(getattr(x, f)[:, column], getattr(y, f)[:, column], equal_nan=True) for f in FIELDS)


@pytest.mark.parametrize("config", [{}, {"max_epochs": 4}, {"validation_split": 0.3}])
def test_the_same_task_gives_the_same_bytes(config: dict[str, float]) -> None:
    first, second = (run(make_task(120, **config))[0] for _ in range(2))
    assert first.version == second.version
    assert asdict(first.evidence) == asdict(second.evidence)


def test_another_seed_changes_the_split() -> None:
    task = make_task(120, validation_split=0.3)
    other = replace(task, config=replace(task.config, seed=1))
    assert asdict(run(task)[0].evidence) != asdict(run(other)[0].evidence)


def test_a_full_retrain_improves_the_scores_and_the_evidence_shows_it() -> None:
    """People see what the judge overlooks: errors fall and the rank correlation rises."""
    task = make_task(400)
    outcome, log = run(task)
    evidence = outcome.evidence
    assert evidence.improved
    assert evidence.after is not None
    assert evidence.after.mean_absolute_error < 0.8 * evidence.raw.mean_absolute_error
    assert evidence.after.spearman > evidence.raw.spearman + 0.1
    assert evidence.before == evidence.raw
    assert evidence.held_out_count == 400
    assert evidence.group_count == 100
    fractions = [progress.fraction for progress in log]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [p.phase for p in log] == sorted(p.phase for p in log)
    assert log.epochs
    json.dumps(asdict(evidence), allow_nan=False)


def test_a_version_improves_the_scores_of_new_items() -> None:
    """Its 90% intervals hold about 90% of people's scores."""
    version, fresh = version_of(make_task(400)), make_task(600, seed=7)
    scores, labels = version.score(fresh.items), fresh.labels
    at = (labels.item, labels.criterion)
    raw_error = np.abs(fresh.items.raw[at] - labels.score).mean()
    assert np.abs(scores.point[at] - labels.score).mean() < 0.8 * raw_error
    covered = (labels.score >= scores.lower[at]) & (labels.score <= scores.upper[at])
    assert 0.86 < covered.mean() < 0.96


def test_incremental_training_starts_from_the_base(base: Version) -> None:
    """A few stricter scores move the version, and it keeps what the base learned about texts."""
    task = make_task(60, seed=3, training_type="incremental", base=base)
    strict = replace(task.labels, score=np.maximum(task.labels.score - 1, 1.0))
    version = version_of(replace(task, labels=strict))
    fresh = make_task(400, seed=9).items
    assert version.score(fresh).expected.mean() < base.score(fresh).expected.mean() - 0.3
    assert np.array_equal(version.gate > 0, base.gate > 0)


def test_incremental_training_without_base_is_a_full_retrain_with_a_warning() -> None:
    outcome, _ = run(make_task(100, training_type="incremental"))
    assert [warning.code for warning in outcome.warnings] == ["NO_ACTIVE_VERSION"]
    full, _ = run(make_task(100))
    scores = [Version.loads(o.version or b"").score(make_task(50, seed=5).items) for o in (outcome, full)]
    assert np.array_equal(scores[0].expected, scores[1].expected)


@pytest.mark.parametrize("seen", [0, 200])
def test_fine_tuning_leaves_other_criteria_bit_identical(base: Version, seen: int) -> None:
    """Only the targets change, whether or not the feedback is new to the base."""
    task = make_task(240, seed=0 if seen else 4, training_type="fine_tune", base=base, seen=seen, targets=(1,))
    version = version_of(task)
    fresh = make_task(200, seed=9).items
    assert is_same(version, base, fresh, 0)
    assert not is_same(version, base, fresh, 1)


def test_fine_tuning_a_new_criterion_keeps_the_others(base: Version) -> None:
    """The scale of the new criterion may have more steps."""
    task = make_task(300, criteria=3, seed=4, training_type="fine_tune", base=base, targets=(2,))
    fine = replace(task.scales[2], maximum=11.0)
    task = replace(task, scales=(*task.scales[:2], fine))
    version = version_of(task)
    fresh = make_task(150, criteria=3, seed=9).items
    old = base.score(fresh, task.scales)
    new = version.score(fresh)
    for field in FIELDS:
        assert np.array_equal(getattr(old, field)[:, :2], getattr(new, field)[:, :2], equal_nan=True)
    assert np.array_equal(old.point[:, 2], fresh.raw[:, 2])
    assert not np.array_equal(new.point[:, 2], fresh.raw[:, 2])


def test_fine_tuning_without_base_leaves_other_criteria_raw() -> None:
    version = version_of(make_task(200, training_type="fine_tune", targets=(0,)))
    fresh = make_task(50, seed=9).items
    scores = version.score(fresh)
    assert np.array_equal(scores.expected[:, 1], fresh.raw[:, 1])
    assert np.array_equal(scores.point[:, 1], fresh.raw[:, 1])
    assert np.isnan(scores.lower[:, 1]).all()
    assert not np.array_equal(scores.point[:, 0], fresh.raw[:, 0])


def test_fine_tuning_needs_targets() -> None:
    with pytest.raises(ValueError, match="target"):
        run(make_task(50, training_type="fine_tune"))


def test_validation_measures_the_base_and_makes_no_version(base: Version) -> None:
    """The reports before and after are equal, because nothing has changed."""
    blob = base.dumps()
    outcome, log = run(make_task(200, seed=5, training_type="validation", base=base))
    assert outcome.version is None
    assert outcome.evidence.after == outcome.evidence.before
    assert outcome.evidence.after != outcome.evidence.raw
    assert outcome.evidence.mae_change is None
    assert not outcome.evidence.improved
    assert "never saw" in outcome.evidence.method
    assert base.dumps() == blob
    assert {p.phase for p in log} == {"training", "validating"}


def test_validation_without_base_measures_the_raw_scores() -> None:
    evidence = run(make_task(100, training_type="validation", targets=(1,)))[0].evidence
    assert evidence.after == evidence.raw
    assert [c.criterion for c in evidence.criteria] == ["crit_1"]


def test_every_requested_epoch_runs_and_is_reported() -> None:
    outcome, log = run(make_task(100, learning_rate=0.01, max_epochs=7, early_stopping=False))
    assert [p.epoch for p in log.epochs] == list(range(1, 8))
    assert all(p.max_epochs == 7 and p.loss is not None for p in log.epochs)
    assert log.epochs[-1].loss < log.epochs[0].loss
    errors = [p.mean_absolute_error for p in log.epochs]
    assert all(error is not None and 0 < error < 0.5 for error in errors)
    assert errors[-1] < errors[0]
    assert outcome.chosen == {"learning_rate": 0.01, "max_epochs": 7, "early_stopping": False, "validation_split": None}


def test_early_stopping_ends_before_the_maximum() -> None:
    """A high learning rate overfits soon."""
    _, log = run(make_task(100, learning_rate=0.3, max_epochs=200, early_stopping=True, validation_split=0.3))
    assert 1 <= len(log.epochs) < 200
    assert all(p.validation_loss is not None for p in log.epochs)


def test_a_higher_learning_rate_lowers_the_first_losses_faster() -> None:
    slow, fast = (run(make_task(100, learning_rate=r, max_epochs=3))[1].epochs[-1].loss for r in (0.0001, 0.02))
    assert fast < slow


def test_an_exploding_loss_raises_diverged_with_advice() -> None:
    with pytest.raises(Diverged, match="learning rate"):
        run(make_task(100, learning_rate=100.0, max_epochs=5))


@pytest.mark.parametrize("early_stopping", [None, True], ids=str)
def test_held_out_labels_do_not_influence_the_version(early_stopping: bool | None) -> None:
    """Changing them changes the evidence alone. Early stopping does not use them either."""
    task = make_task(200, validation_split=0.25, early_stopping=early_stopping)
    first, _ = run(task)
    assert first.evidence.group_count == round(0.25 * 50)
    assert first.chosen["validation_split"] == 0.25
    groups = np.array([int(g[1:]) for g in task.items.groups if g is not None])
    out = hold_out(groups[task.labels.item], 0.25, 0)
    changed = replace(task.labels, score=np.where(out, 6 - task.labels.score, task.labels.score))
    second, _ = run(replace(task, labels=changed))
    assert second.version == first.version
    assert asdict(second.evidence) != asdict(first.evidence)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_tiny_tasks_give_a_version_without_a_claim(n: int) -> None:
    outcome, _ = run(make_task(n, criteria=1))
    assert outcome.version is not None
    assert not outcome.evidence.improved


def test_a_task_without_labels_is_rejected() -> None:
    task = make_task(10)
    with pytest.raises(ValueError, match="no labels"):
        run(replace(task, labels=task.labels.take(np.zeros(10, np.bool_))))
