"""What each kind of training promises."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import orjson
import pytest

from tests.trainer.synthetic_tasks import make_task, run, version_of
from trainer.data import Doubts, Items, Labels
from trainer.errors import Diverged
from trainer.model.ordinal import OFFSET_PRECISION
from trainer.model.version import RAW, Version

FIELDS = ("expected", "point", "verdict", "lower", "upper")


def same(a: Version, b: Version, items: Items, column: int) -> bool:
    x, y = a.score(items), b.score(items)
    return all(np.array_equal(getattr(x, f)[:, column], getattr(y, f)[:, column], equal_nan=True) for f in FIELDS)


@pytest.mark.parametrize("config", [{}, {"max_epochs": 4}, {"validation_split": 0.3}])
def test_same_task_gives_same_bytes(config: dict[str, float]) -> None:
    """Same data, settings and seed: the same version and evidence, bit for bit."""
    first, second = (run(make_task(120, **config))[0] for _ in range(2))
    assert first.version == second.version
    assert first.evidence.to_dict() == second.evidence.to_dict()


def test_seed_changes_the_split() -> None:
    """Another seed splits otherwise, and so proves otherwise."""
    task = make_task(120, validation_split=0.3)
    other = replace(task, config=replace(task.config, seed=1))
    assert run(task)[0].evidence.to_dict() != run(other)[0].evidence.to_dict()


@pytest.mark.parametrize(
    "config",
    [{}, {"max_epochs": 6}, {"early_stopping": True, "max_epochs": 8}, {"validation_split": 0.3, "max_epochs": 6}],
)
def test_resuming_any_checkpoint_changes_nothing(config: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes on from any of its checkpoints ends in the same bytes as an undisturbed one."""
    monkeypatch.setattr("trainer.fitting.fit.SAVE_INTERVAL_SECONDS", 0.0)
    task = make_task(100, **config)
    saved: list[bytes] = []
    whole, _ = run(task, save=saved.append)
    assert len(saved) >= 6
    assert max(map(len, saved)) < 1_000_000
    for checkpoint in saved[:: max(1, len(saved) // 6)] + saved[-1:]:
        resumed, _ = run(task, checkpoint=checkpoint)
        assert resumed.version == whole.version
        assert resumed.evidence.to_dict() == whole.evidence.to_dict()


def test_a_damaged_checkpoint_is_ignored() -> None:
    """It only spares work, and the job would fail with it each time."""
    task = make_task()
    assert run(task, checkpoint=b"damaged")[0].version == run(task)[0].version


def test_checkpoint_of_another_task_is_ignored() -> None:
    """Other data must not be mixed with an old checkpoint's fits."""
    saved: list[bytes] = []
    run(make_task(100), save=saved.append)
    other = make_task(100, seed=1)
    assert run(other, checkpoint=saved[-1])[0].version == run(other)[0].version


def test_full_retrain_learns_and_proves_it() -> None:
    """Where people see what the judge overlooks, errors fall, ranking rises, and the proof says so."""
    task = make_task(400)
    outcome, heard = run(task)
    evidence = outcome.evidence
    assert evidence.improved
    assert evidence.after is not None
    assert evidence.after.mean_absolute_error < 0.8 * evidence.raw.mean_absolute_error
    assert evidence.after.spearman > evidence.raw.spearman + 0.1
    assert evidence.before == evidence.raw
    assert evidence.held_out_count == 400
    assert evidence.group_count == 100
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [p.phase for p in heard] == sorted(p.phase for p in heard)
    assert heard.epochs
    json.dumps(evidence.to_dict(), allow_nan=False)


def test_learned_version_scores_new_items_better() -> None:
    """The gain holds on items nobody scored, and 90 % intervals hold about 90 % of the scores."""
    version, fresh = version_of(make_task(400)), make_task(600, seed=7)
    scores, labels = version.score(fresh.items), fresh.labels
    at = (labels.item, labels.criterion)
    raw_error = np.abs(fresh.items.raw[at] - labels.score).mean()
    assert np.abs(scores.point[at] - labels.score).mean() < 0.8 * raw_error
    covered = (labels.score >= scores.lower[at]) & (labels.score <= scores.upper[at])
    assert 0.86 < covered.mean() < 0.96


def test_incremental_starts_from_the_base(base: Version) -> None:
    """A few stricter scores move the version without losing what the base had learned about texts."""
    task = make_task(60, seed=3, training_type="incremental", base=base)
    strict = replace(task.labels, score=np.maximum(task.labels.score - 1, 1.0))
    version = version_of(replace(task, labels=strict))
    fresh = make_task(400, seed=9).items
    assert version.score(fresh).expected.mean() < base.score(fresh).expected.mean() - 0.3
    assert np.array_equal(version.gate > 0, base.gate > 0)


def test_incremental_without_base_is_a_full_retrain_with_a_warning() -> None:
    """Nothing to go on from: say so and learn from scratch."""
    outcome, _ = run(make_task(100, training_type="incremental"))
    assert [warning.code for warning in outcome.warnings] == ["NO_ACTIVE_VERSION"]
    full, _ = run(make_task(100))
    scores = [Version.loads(o.version or b"").score(make_task(50, seed=5).items) for o in (outcome, full)]
    assert np.array_equal(scores[0].expected, scores[1].expected)


@pytest.mark.parametrize("seen", [0, 200])
def test_fine_tuning_leaves_other_criteria_bit_identical(base: Version, seen: int) -> None:
    """Only the targets change, whether the feedback is new to the base or not."""
    task = make_task(240, seed=0 if seen else 4, training_type="fine_tune", base=base, seen=seen, targets=(1,))
    version = version_of(task)
    fresh = make_task(200, seed=9).items
    assert same(version, base, fresh, 0)
    assert not same(version, base, fresh, 1)


def test_fine_tuning_keeps_others_when_the_judge_gained_a_criterion(base: Version) -> None:
    """A criterion the base does not know may be tuned without touching the old ones, on scales of other widths too."""
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


def test_fine_tuning_without_base_leaves_others_raw() -> None:
    """Without an active version the other criteria keep the judge's own scores."""
    version = version_of(make_task(200, training_type="fine_tune", targets=(0,)))
    fresh = make_task(50, seed=9).items
    scores = version.score(fresh)
    assert np.array_equal(scores.expected[:, 1], fresh.raw[:, 1])
    assert np.array_equal(scores.point[:, 1], fresh.raw[:, 1])
    assert np.isnan(scores.lower[:, 1]).all()
    assert not np.array_equal(scores.point[:, 0], fresh.raw[:, 0])


def test_fine_tuning_needs_targets() -> None:
    """Which criteria to tune is the caller's choice."""
    with pytest.raises(ValueError, match="target"):
        run(make_task(50, training_type="fine_tune"))


def test_validation_measures_the_base_and_makes_no_version(base: Version) -> None:
    """The active version is measured on new feedback; before and after are the same, nothing has changed."""
    blob = base.dumps()
    outcome, heard = run(make_task(200, seed=5, training_type="validation", base=base))
    assert outcome.version is None
    assert outcome.evidence.after == outcome.evidence.before
    assert outcome.evidence.after != outcome.evidence.raw
    assert outcome.evidence.mae_change is None
    assert not outcome.evidence.improved
    assert "never saw" in outcome.evidence.method
    assert base.dumps() == blob
    assert {p.phase for p in heard} == {"training", "validating"}


def test_base_is_never_judged_on_what_it_learned(base: Version) -> None:
    """On seen labels the base's recipe is refitted out of fold: the figures are worse than its flattering own ones."""
    outcome, _ = run(make_task(200, training_type="validation", base=base, seen=200))
    flattering, _ = run(make_task(200, training_type="validation", base=base))
    assert "refitted" in outcome.evidence.method
    assert outcome.evidence.before.mean_absolute_error > flattering.evidence.before.mean_absolute_error


def test_validation_without_base_measures_raw() -> None:
    """No active version: the judge's own scores are what is measured."""
    evidence = run(make_task(100, training_type="validation", targets=(1,)))[0].evidence
    assert evidence.after == evidence.raw
    assert [c.criterion for c in evidence.criteria] == ["crit_1"]


def test_unseen_labels_carry_the_proof_where_enough(base: Version) -> None:
    """With enough new groups, only they are measured, the base by its own predictions."""
    old, new = make_task(200), make_task(200, seed=6)
    both = _joined(old, new)
    outcome, _ = run(replace(both, base=base))
    assert outcome.evidence.held_out_count == 200
    assert "never saw" in outcome.evidence.method


def _joined(old, new):
    shift = len(old.items)
    items = Items(
        *(getattr(old.items, f) + getattr(new.items, f) for f in ("ids",)),
        [*old.items.groups, *(f"n{g}" for g in new.items.groups)],
        *(getattr(old.items, f) + getattr(new.items, f) for f in ("sources", "inputs", "outputs", "rationales")),
        np.concatenate([old.items.raw, new.items.raw]),
    )
    a, b = old.labels, new.labels
    labels = Labels(
        np.concatenate([a.item, b.item + np.int32(shift)]),
        *(np.concatenate([getattr(a, f), getattr(b, f)]) for f in ("criterion", "score", "rater", "confirmed")),
        np.arange(len(a) + len(b)) < len(a),
    )
    return replace(old, items=items, labels=labels)


def test_max_epochs_are_run_exactly_and_reported() -> None:
    """Without early stopping each of the wanted epochs runs and is reported with its loss."""
    outcome, heard = run(make_task(100, learning_rate=0.01, max_epochs=7, early_stopping=False))
    assert [p.epoch for p in heard.epochs] == list(range(1, 8))
    assert all(p.max_epochs == 7 and p.loss is not None for p in heard.epochs)
    assert heard.epochs[-1].loss < heard.epochs[0].loss
    errors = [p.mean_absolute_error for p in heard.epochs]
    assert all(error is not None and 0 < error < 0.5 for error in errors)
    assert errors[-1] < errors[0]
    assert outcome.chosen == {"learning_rate": 0.01, "max_epochs": 7, "early_stopping": False, "validation_split": None}


def test_early_stopping_stops_early() -> None:
    """A high rate overfits soon; early stopping ends long before the limit and never after it."""
    _, heard = run(make_task(100, learning_rate=0.3, max_epochs=200, early_stopping=True, validation_split=0.3))
    assert 1 <= len(heard.epochs) < 200
    assert all(p.validation_loss is not None for p in heard.epochs)


def test_learning_rate_shows_in_the_losses() -> None:
    """A higher rate goes further in the first epochs."""
    slow, fast = (run(make_task(100, learning_rate=r, max_epochs=3))[1].epochs[-1].loss for r in (0.0001, 0.02))
    assert fast < slow


def test_exploding_loss_raises_diverged_with_advice() -> None:
    """A loss far above its start ends the run with a hint at the learning rate."""
    with pytest.raises(Diverged, match="learning rate"):
        run(make_task(100, learning_rate=100.0, max_epochs=5))


@pytest.mark.parametrize("early_stopping", [None, True], ids=str)
def test_validation_split_is_held_out(early_stopping: bool | None) -> None:
    """Labels of held-out groups do not reach the version: changing them changes the evidence alone.

    When to stop early is not chosen on them either.
    """
    task = make_task(200, validation_split=0.25, early_stopping=early_stopping)
    first, _ = run(task)
    assert first.evidence.group_count == round(0.25 * 50)
    assert first.chosen["validation_split"] == 0.25
    from trainer.folds import hold_out

    groups = np.array([int(g[1:]) for g in task.items.groups if g is not None])
    out = hold_out(groups[task.labels.item], 0.25, 0)
    changed = replace(task.labels, score=np.where(out, 6 - task.labels.score, task.labels.score))
    second, _ = run(replace(task, labels=changed))
    assert second.version == first.version
    assert second.evidence.to_dict() != first.evidence.to_dict()


def test_rater_offsets_predict_for_the_average_rater() -> None:
    """One harsh rater who scored half of the items does not drag the scores as far down as the labels' mean."""
    task = make_task(400, raters=2)
    harsh = task.labels.rater == 1
    labels = replace(task.labels, score=np.where(harsh, np.maximum(task.labels.score - 2, 1.0), task.labels.score))
    known = version_of(replace(task, labels=labels))
    mean = labels.score.mean()
    assert abs(known.score(task.items).expected.mean() - mean) < 0.3
    lopsided = replace(labels, rater=np.where(harsh, 1, 0).astype(np.int32)).take(
        np.flatnonzero(harsh | (np.arange(400) < 100))
    )
    blind = replace(lopsided, rater=np.zeros(len(lopsided), np.int32))
    with_raters = version_of(replace(task, labels=lopsided)).score(task.items).expected.mean()
    without = version_of(replace(task, labels=blind)).score(task.items).expected.mean()
    assert with_raters > without + 0.1


def test_offsets_are_held_as_firmly_as_people_are_of_one_mind() -> None:
    """Raters who differ much in strictness loosen the prior of their offsets, raters of one mind tighten it."""
    task = make_task(400, raters=8)
    strictness = np.array([-1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5])[task.labels.rater]
    apart = replace(task.labels, score=np.clip(task.labels.score + strictness, 1.0, 5.0))
    held = [version_of(replace(task, labels=labels)).recipe["prior"]["offset"] for labels in (task.labels, apart)]
    assert held[0] > OFFSET_PRECISION > held[1]


def test_offsets_with_one_item_a_rater_are_held_as_usual() -> None:
    """Where chance can't be told from strictness, nothing is estimated."""
    task = make_task(60, raters=60, criteria=1)
    labels = replace(task.labels, rater=np.arange(len(task.labels), dtype=np.int32))
    assert version_of(replace(task, labels=labels)).recipe["prior"]["offset"] == OFFSET_PRECISION


def test_doubts_weaken_confirmations() -> None:
    """Where some confirm and some correct downwards, doubts about the confirmed items let the corrections win."""
    task = make_task(200)
    raw = task.items.raw[task.labels.item, task.labels.criterion]
    confirmed = task.labels.item % 2 == 0
    labels = replace(task.labels, score=np.where(confirmed, raw, np.maximum(raw - 2, 1.0)), confirmed=confirmed)
    trusted = replace(task, labels=labels)
    even = np.arange(0, len(task.items), 2, dtype=np.int32)
    doubted = replace(trusted, doubts=Doubts(np.repeat(even, 3), np.tile([5, 6, 7], len(even)).astype(np.int32)))
    means = [version_of(t).score(task.items).expected.mean() for t in (trusted, doubted)]
    assert means[1] < means[0] - 0.1


def test_confirmed_scores_that_nobody_could_give_do_not_speak_for_the_judge() -> None:
    """People on a whole-number scale approve what is less than a point off: the judge is not exact for that."""
    task = make_task(400, seed=4, honest=True)
    raw = np.clip(task.items.raw + 0.4, 1, 4.9)
    shown = raw[task.labels.item, task.labels.criterion]
    near = np.abs(shown - task.labels.score) < 1
    labels = replace(task.labels, score=np.where(near, shown, task.labels.score), confirmed=near)
    version = version_of(replace(task, items=replace(task.items, raw=raw), labels=labels))
    assert near.mean() > 0.4
    assert not np.any(version.estimator == RAW)


def test_labels_without_raw_scores_are_left_out_with_a_warning() -> None:
    """There is nothing to correct where the judge gave no score."""
    task = make_task(100)
    raw = task.items.raw.copy()
    raw[0, 0] = np.nan
    outcome, _ = run(replace(task, items=replace(task.items, raw=raw)))
    assert [w.code for w in outcome.warnings] == ["NO_RAW_SCORE"]
    assert outcome.evidence.held_out_count == 99


def test_single_group_is_split_by_item_and_says_so() -> None:
    """Nothing could be held out by group: items are, and the method warns."""
    task = make_task(60)
    items = replace(task.items, groups=["only"] * len(task.items))
    assert "single group" in run(replace(task, items=items))[0].evidence.method


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_tiny_tasks_end_without_a_false_proof(n: int) -> None:
    """One label or a handful: a version comes out, but nothing is claimed."""
    outcome, _ = run(make_task(n, criteria=1))
    assert outcome.version is not None
    assert not outcome.evidence.improved


def test_no_labels_are_refused() -> None:
    """There is nothing to learn from."""
    task = make_task(10)
    with pytest.raises(ValueError, match="no labels"):
        run(replace(task, labels=task.labels.take(np.zeros(10, np.bool_))))


def test_agreement_seeking_verdicts_raise_kappa_alone() -> None:
    """Asked for agreement, verdicts spread as people's scores do: kappa rises, scores and intervals stay."""
    task = make_task(400)
    noise = np.random.default_rng(5).integers(-2, 3, 400)
    task = replace(task, labels=replace(task.labels, score=np.clip(task.labels.score + noise, 1.0, 5.0)))
    configs = (task.config, replace(task.config, decoding="agreement"))
    plain, seeking = (run(replace(task, config=config))[0] for config in configs)
    before, after = plain.evidence.after, seeking.evidence.after
    assert before is not None
    assert after is not None
    assert after.quadratic_weighted_kappa > before.quadratic_weighted_kappa + 0.02
    assert after.mean_absolute_error == before.mean_absolute_error
    items = make_task(200, seed=9).items
    one, other = (Version.loads(o.version or b"").score(items) for o in (plain, seeking))
    assert np.array_equal(one.point, other.point)
    assert np.array_equal(one.upper, other.upper)
    assert other.verdict.std() > one.verdict.std()


def test_unseen_sources_are_measured_where_sources_are_known() -> None:
    """With sources, the proof tells how the recipe does on writers it has not seen; without sources it can not."""
    task = make_task(400)
    assert run(task)[0].evidence.unseen_sources is None
    named = replace(task.items, sources=[f"writer {i % 4}" for i in range(len(task.items))])
    found = run(replace(task, items=named))[0].evidence.unseen_sources
    assert found is not None
    assert found.source_count == 4
    assert 100 < found.held_out_count < 400
    assert found.after.mean_absolute_error < found.raw.mean_absolute_error
    assert found.mae_change.upper < 0


def test_the_proof_knows_the_ceiling_and_the_constant() -> None:
    """Where several people scored the same items, their agreement is measured; each criterion has its baseline."""
    task = make_task(200)
    alone = run(task)[0].evidence
    assert alone.rater_agreement is None
    assert all(c.constant_baseline.mean_absolute_error > 0 for c in alone.criteria)
    twice = task.labels.take(np.repeat(np.arange(200), 2))
    twice = replace(twice, rater=np.tile([0, 1], 200).astype(np.int32))
    noisy = replace(twice, score=np.clip(twice.score + np.random.default_rng(3).integers(-1, 2, 400), 1.0, 5.0))
    evidence = run(replace(task, labels=noisy))[0].evidence
    assert 0.3 < evidence.rater_agreement < 0.95
    assert orjson.loads(orjson.dumps(evidence.to_dict()))["rater_agreement"] == evidence.rater_agreement
    confirmed = replace(twice, confirmed=np.ones(400, np.bool_))
    assert run(replace(task, labels=confirmed))[0].evidence.rater_agreement is None


def test_useless_features_are_worth_nothing_and_useful_ones_are() -> None:
    """The Bayes factor tells a text that people look at from one they don't; the version keeps its prior."""
    task = make_task(300, criteria=1)
    shuffled = np.random.default_rng(1).permutation(len(task.items))
    outputs = [task.items.outputs[i] for i in shuffled]
    useless = replace(task, items=replace(task.items, outputs=outputs))
    worth = [version_of(t).recipe["prior"]["worth"] for t in (task, useless)]
    assert worth[0] > 5
    assert worth[1] < 1
