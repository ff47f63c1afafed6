"""Synthetic tasks: texts of a latent quality, a judge that sees part of it, and people who see all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from trainer.data import Doubts, Items, Labels, Scale
from trainer.model.version import Version
from trainer.task import Outcome, Progress, Task, TrainingConfig, TrainingType
from trainer.train import train

ENGLISH = [
    *("the", "moon", "a", "river", "dog", "runs", "quickly", "under", "bridge"),
    *("while", "seven", "birds", "sing", "old", "songs", "about", "winter", "light"),
]
CHINESE = list("的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生")


def make_task(
    n: int = 200,
    scale: Scale | None = None,
    *,
    criteria: int = 2,
    seed: int = 0,
    training_type: TrainingType = "full_retrain",
    base: Version | None = None,
    words: list[str] | None = None,
    accurate_judge: bool = False,
    seen: int = 0,
    raters: int = 3,
    **config: Any,
) -> Task:
    """Return a synthetic task.

    Args:
        n: number of labels.
        scale: of every criterion; None for 1-5.
        criteria: number of criteria.
        seed: of the random data.
        training_type: of the task.
        base: base version.
        words: of the outputs; None for English ones.
        accurate_judge: let the raw score be the best prediction of people's scores. Otherwise the judge scores too high
            and overlooks that people prefer longer texts.
        seen: number of labels that the base version learned from.
        raters: number of raters.
        config: further settings.
    """
    scale = scale or Scale("x", "x")
    rng = np.random.default_rng(seed)
    count = max(1, n // criteria)
    item = np.repeat(np.arange(count), criteria).astype(np.int32)
    criterion = np.tile(np.arange(criteria), count).astype(np.int32)
    m = len(item)
    quality = rng.normal(size=count)
    outputs = _write_outputs(rng, words or ENGLISH, quality)
    raw, score = _draw_scores(rng, scale, quality, (item, criterion), accurate_judge=accurate_judge)
    rater = rng.integers(0, raters, m).astype(np.int32)
    labels = Labels(item, criterion, score, rater, np.zeros(m, np.bool_), np.arange(m) < seen)
    scales = tuple(replace(scale, key=f"crit_{c}", name=f"c{c}") for c in range(criteria))
    return Task(
        scales, _make_items(outputs, raw), labels, Doubts(), raters, TrainingConfig(training_type, **config), base
    )


def _make_items(outputs: list[str], raw: np.ndarray) -> Items:
    """Return items with the given outputs and raw scores, two of a group."""
    count = len(outputs)
    return Items(
        ids=[f"e{i}" for i in range(count)],
        groups=[f"g{i // 2}" for i in range(count)],
        sources=[None] * count,
        inputs=["tell me about winter"] * count,
        outputs=outputs,
        rationales=[None] * count,
        raw=raw,
    )


def _write_outputs(rng: np.random.Generator, words: list[str], quality: np.ndarray) -> list[str]:
    """Return texts that are longer the higher their quality.

    Args:
        rng: source of randomness.
        words: to draw from.
        quality: of each text, (n,).
    """
    length = np.clip(40 + 15 * quality, 5, 100).astype(int)
    separator = "" if len(words[0]) == 1 and not words[0].isascii() else " "
    return [separator.join(words[i] for i in rng.integers(0, len(words), k)) for k in length]


def _draw_scores(
    rng: np.random.Generator,
    scale: Scale,
    quality: np.ndarray,
    at: tuple[np.ndarray, np.ndarray],
    *,
    accurate_judge: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the judge's scores and people's, in points.

    Args:
        rng: source of randomness.
        scale: of every criterion.
        quality: of each item, (n,).
        at: item and criterion of each label, (m,) each.
        accurate_judge: let people's scores scatter around the judge's.

    Returns:
        Raw scores, (n, C), and labels, (m,).
    """
    low, span, step = scale.minimum, scale.maximum - scale.minimum, scale.step
    m, shape = len(at[0]), (len(quality), int(at[1].max()) + 1)

    def to_grid(x: np.ndarray) -> np.ndarray:
        return np.clip(low + np.rint((x - low) / step) * step, low, scale.maximum)

    truth = low + span * (0.5 + 0.15 * quality[:, None] + 0.1 * rng.normal(size=shape))
    if accurate_judge:
        raw = to_grid(truth)
        error = rng.choice([-1, 0, 0, 0, 1], m) * max(step, span / 10)
        score = raw[at] + error
        return raw, np.where((score < low) | (score > scale.maximum), raw[at], score)
    raw = to_grid(truth + span * (0.15 - 0.12 * quality[:, None] + 0.1 * rng.normal(size=truth.shape)))
    return raw, to_grid(truth[at] + span * 0.1 * rng.normal(size=m))


class ProgressLog(list[Progress]):
    """All progress reports of a run."""

    @property
    def epochs(self) -> list[Progress]:
        """Reports of epochs."""
        return [progress for progress in self if progress.epoch is not None]


def run(task: Task, **kwargs: Any) -> tuple[Outcome, ProgressLog]:
    """Train a task, and return its outcome and its progress reports."""
    log = ProgressLog()
    return train(task, log.append, **kwargs), log


def version_of(task: Task) -> Version:
    """Train a task, and return its version."""
    data = run(task)[0].version
    assert data is not None
    return Version.loads(data)
