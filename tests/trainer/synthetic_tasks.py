"""Made-up judges and people: a latent quality of each text, a judge that partly sees it, people who do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from trainer.data import Doubts, Items, Labels, Scale
from trainer.model.version import Version
from trainer.task import Outcome, Progress, Task, TrainingConfig
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
    training_type: Any = "full_retrain",
    base: Version | None = None,
    words: list[str] | None = None,
    honest: bool = False,
    seen: int = 0,
    raters: int = 3,
    **config: Any,
) -> Task:
    """A task of `n` labels; `honest`: the judge's raw score is already the best guess of what people say.

    Otherwise the judge is too kind and overlooks that people like longer texts. `seen`: labels the base learned from.
    """
    scale = scale or Scale("x", "x")
    words = words or ENGLISH
    rng = np.random.default_rng(seed)
    count = max(1, n // criteria)
    low, span, step = scale.minimum, scale.maximum - scale.minimum, scale.step

    def grid(x: np.ndarray) -> np.ndarray:
        return np.clip(low + np.rint((x - low) / step) * step, low, scale.maximum)

    quality = rng.normal(size=count)
    length = np.clip(40 + 15 * quality, 5, 100).astype(int)
    joint = "" if len(words[0]) == 1 and not words[0].isascii() else " "
    outputs = [joint.join(words[i] for i in rng.integers(0, len(words), k)) for k in length]
    item = np.repeat(np.arange(count), criteria).astype(np.int32)
    criterion = np.tile(np.arange(criteria), count).astype(np.int32)
    m = len(item)
    truth = low + span * (0.5 + 0.15 * quality[:, None] + 0.1 * rng.normal(size=(count, criteria)))
    if honest:
        raw = grid(truth)
        error = rng.choice([-1, 0, 0, 0, 1], m) * max(step, span / 10)
        score = raw[item, criterion] + error
        score = np.where((score < low) | (score > scale.maximum), raw[item, criterion], score)
    else:
        raw = grid(truth + span * (0.15 - 0.12 * quality[:, None] + 0.1 * rng.normal(size=truth.shape)))
        score = grid(truth[item, criterion] + span * 0.1 * rng.normal(size=m))
    items = Items(
        [f"e{i}" for i in range(count)], [f"g{i // 2}" for i in range(count)], [None] * count,
        ["tell me about winter"] * count, outputs, [None] * count, raw,
    )  # fmt: skip
    rater = rng.integers(0, raters, m).astype(np.int32)
    labels = Labels(item, criterion, score, rater, np.zeros(m, np.bool_), np.arange(m) < seen)
    scales = tuple(replace(scale, key=f"crit_{c}", name=f"c{c}") for c in range(criteria))
    return Task(scales, items, labels, Doubts(), raters, TrainingConfig(training_type, **config), base)


class Heard(list[Progress]):
    """All reports of a run."""

    @property
    def epochs(self) -> list[Progress]:
        return [progress for progress in self if progress.epoch is not None]


def run(task: Task, **kwargs: Any) -> tuple[Outcome, Heard]:
    heard = Heard()
    return train(task, heard.append, **kwargs), heard


def version_of(task: Task) -> Version:
    data = run(task)[0].version
    assert data is not None
    return Version.loads(data)
