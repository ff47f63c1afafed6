"""Test for selectively reported feedback, on simulated people and judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import make_task, run
from trainer.data import Doubts, Items, Labels, Scale
from trainer.evidence.selective_reporting import AgreementWindow, SelectionTest, conclude, count_window
from trainer.fitting.reporting_bias import examine_selection
from trainer.fitting.setup import prepare
from trainer.task import Task, TrainingConfig

Judge = Callable[[np.random.Generator, np.ndarray], np.ndarray]
"""Return the raw scores for the true quality of items."""

JUDGES: dict[str, Judge] = {
    "good": lambda rng, truth: truth + rng.normal(0, 0.6, truth.shape),
    "kind": lambda rng, truth: truth + 1 + rng.normal(0, 0.6, truth.shape),
    "harsh": lambda rng, truth: truth - 1.5 + rng.normal(0, 0.6, truth.shape),
    "random": lambda rng, truth: rng.permutation(truth),
}


def simulate(judge: str, seed: int, *, selected: float, labels: int = 100, least_error: float = 0.5) -> Task:
    """Return a task of single scores on two criteria.

    Args:
        judge: name of the judge.
        seed: of the simulation.
        selected: probability of not reporting a score that is not an error, 0..1.
        labels: number of labels.
        least_error: distance from which people report an error.
    """
    rng = np.random.default_rng(seed)
    truth = np.clip(rng.normal(3, 1, (8 * labels, 2)), 1, 5)
    raw = np.clip(np.rint(JUDGES[judge](rng, truth)), 1, 5)
    score = np.clip(np.rint(truth + rng.normal(0, 0.6, truth.shape)), 1, 5)
    reported = (np.abs(score - raw) > least_error) | (rng.random(raw.shape) >= selected)
    item, criterion = (place[:labels].astype(np.int32) for place in np.nonzero(reported))
    assert len(item) == labels
    count = len(truth)
    no_texts = [None] * count
    outputs = [f"text {i}" for i in range(count)]
    items = Items(outputs, [f"g{i // 3}" for i in range(count)], no_texts, no_texts, outputs, no_texts, raw)
    false = np.zeros(labels, np.bool_)
    given = Labels(item, criterion, score[item, criterion], np.zeros(labels, np.int32), false, false)
    scales = (Scale("a", "a"), Scale("b", "b"))
    return Task(scales, items, given, Doubts(), 1, TrainingConfig("full_retrain"))


def examine(task: Task) -> SelectionTest:
    return examine_selection(prepare(task, None, None, lambda _: None))


@pytest.mark.parametrize("least_error", [0.5, 1.5])
def test_feedback_on_errors_alone_is_detected(least_error: float) -> None:
    """People may report every error, or large ones only; the second window detects the latter."""
    for seed in range(5):
        found = examine(simulate("good", seed, selected=1.0, least_error=least_error))
        assert found.verdict == "biased"


@pytest.mark.parametrize("judge", JUDGES)
def test_honest_feedback_is_never_called_selected(judge: str) -> None:
    """A bad judge is no reason to suspect people."""
    assert all(examine(simulate(judge, seed, selected=0.0)).verdict != "biased" for seed in range(8))


def test_nearly_all_errors_are_detected_with_more_labels() -> None:
    """A few reported agreements do not hide the selection."""
    verdicts = [examine(simulate("good", seed, selected=0.9, labels=300)).verdict for seed in range(4)]
    assert verdicts == ["biased"] * 4


def test_full_coverage_excludes_selection() -> None:
    """A judge that is wrong nearly everywhere stays improvable: all its scores were reviewed."""
    task = simulate("good", 0, selected=1.0)
    labelled = len(np.unique(task.labels.item))
    pairs = len(task.labels)
    assert examine(replace(task, evaluation_count=20 * labelled)).verdict == "biased"
    only_labelled = replace(task.items, raw=np.where(_label_mask(task), task.items.raw, np.nan))
    complete = examine(replace(task, items=only_labelled, evaluation_count=labelled))
    assert (complete.verdict, complete.coverage) == ("complete", 1.0)
    partly = examine(replace(task, evaluation_count=labelled))
    assert partly.coverage == pytest.approx(pairs / (2 * labelled))


def _label_mask(task: Task) -> np.ndarray:
    mask = np.zeros(task.items.raw.shape, np.bool_)
    mask[task.labels.item, task.labels.criterion] = True
    return mask


@pytest.mark.parametrize("count", [1, 12])
def test_too_few_labels_are_uncertain(count: int) -> None:
    assert examine(simulate("good", 0, selected=0.0, labels=count)).verdict == "uncertain"


def test_agreement_is_with_the_shown_score() -> None:
    """People who saw a version's scores report its errors, not the judge's."""
    task = simulate("good", 0, selected=0.0, labels=400)
    labels, rng = task.labels, np.random.default_rng(1)
    shown = np.clip(labels.score + rng.choice([-1, 0, 0, 1], len(labels)), 1.0, 5.0)
    wrong = np.flatnonzero(shown != labels.score)
    assert examine(replace(task, labels=replace(labels, shown=shown).take(wrong))).verdict == "biased"
    assert examine(replace(task, labels=labels.take(wrong))).verdict == "not_found"


def test_selectively_reported_feedback_is_never_an_improvement() -> None:
    """The figures stay, and the conclusion is withheld for the criteria as well."""
    task = make_task(400, seed=2)
    raw = task.items.raw[task.labels.item, task.labels.criterion]
    honest = run(task)[0].evidence
    assert honest.improved
    errors = run(replace(task, labels=task.labels.take(np.abs(task.labels.score - raw) > 0.5)))[0].evidence
    assert errors.selection is not None
    assert errors.selection.verdict == "biased"
    assert errors.squared_error_change is not None
    assert not errors.improved
    assert not any(criterion.improved or criterion.worsened for criterion in errors.criteria)


def test_correlated_labels_of_a_group_count_for_less() -> None:
    """Labels that agree or disagree together are weaker evidence than independent ones."""
    probability = np.full(40, 0.5)
    agrees = np.arange(40) < 5
    alone = count_window(0.5, agrees, probability, np.arange(40))
    together = count_window(0.5, agrees, probability, np.arange(40) // 20)
    assert (alone.observed, alone.expected) == (together.observed, together.expected) == (5.0, 20.0)
    assert alone.z < -4 < together.z


def test_conclusions_need_enough_expected_agreements() -> None:
    assert conclude([AgreementWindow(0.5, 1.0, 5.0, -2.0)], 50, 0.1).verdict == "uncertain"
    assert conclude([AgreementWindow(0.5, 10.0, 11.0, -0.5)], 50, 0.1).verdict == "not_found"
    assert conclude([AgreementWindow(0.5, 0.0, 12.0, -3.9)], 50, None).verdict == "biased"
    assert conclude([], 5, None).verdict == "uncertain"
