"""Methods to compare: the trainer, the trainer without one of its parts, and standard methods of scikit-learn.

Each takes a split and returns the scores of its test items in points, (n, C).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, RidgeCV

from benchmarks.sets import Split
from trainer.data import Items
from trainer.features.encoder import Encoder, fit_encoder
from trainer.model.version import Version
from trainer.task import Task
from trainer.train import train


def _version(task: Task) -> Version:
    content = train(task, lambda _: None).version
    assert content is not None
    return Version.loads(content)


def judgesmith(one: Split) -> np.ndarray:
    """Score with the whole recipe."""
    return _version(one.task).score(one.test).expected


def score_only(one: Split) -> np.ndarray:
    """Score with the calibrator alone."""
    version = _version(one.task)
    return replace(version, gate=np.zeros_like(version.gate)).score(one.test).expected


def without_gate(one: Split) -> np.ndarray:
    """Score with the joint model alone, regardless of its gates."""
    version = _version(one.task)
    return replace(version, gate=np.ones_like(version.gate)).score(one.test).expected


def without_sharing(one: Split) -> np.ndarray:
    """Train each criterion by itself."""
    out = one.test.raw.copy()
    for c, scale in enumerate(one.scales):
        mine = one.task.labels.criterion == c
        if mine.any():
            labels = one.task.labels.take(mine)
            labels = replace(labels, criterion=np.zeros_like(labels.criterion))
            items = replace(one.task.items, raw=one.task.items.raw[:, [c]])
            version = _version(replace(one.task, scales=(scale,), items=items, labels=labels))
            out[:, c] = version.score(replace(one.test, raw=one.test.raw[:, [c]])).expected[:, 0]
    return out


def without_ngrams(one: Split) -> np.ndarray:
    """Train without bags of words: their factors are zero in training and in scoring."""
    from trainer.fitting import setup

    def fitted(items: Items, scales: object) -> tuple[Encoder, np.ndarray]:
        encoder, features = fit_encoder(items, scales)  # type: ignore[arg-type]
        factor = encoder.factor.copy()
        bags = encoder.feature_block >= 3
        factor[bags], features[:, bags] = 0, 0
        return replace(encoder, factor=factor), features

    setup.fit_encoder = fitted  # type: ignore[assignment]
    try:
        return _version(one.task).score(one.test).expected
    finally:
        setup.fit_encoder = fit_encoder


def affine(one: Split) -> np.ndarray:
    """Fit least squares on the judge's score."""
    return _each(one, LinearRegression, features=False)


def isotonic(one: Split) -> np.ndarray:
    """Fit isotonic regression on the judge's score."""
    return _each(one, lambda: IsotonicRegression(out_of_bounds="clip"), features=False)


def ridge(one: Split) -> np.ndarray:
    """Fit ridge regression on the judge's score and the features."""
    return _each(one, lambda: RidgeCV(np.logspace(-3, 3, 13)), features=True)


def boosting(one: Split) -> np.ndarray:
    """Fit gradient boosting on the judge's score and the features."""
    make = lambda: HistGradientBoostingRegressor(max_iter=100, learning_rate=0.05, min_samples_leaf=5, random_state=0)  # noqa: E731
    return _each(one, make, features=True)


def _each(one: Split, make: Callable[[], object], *, features: bool) -> np.ndarray:
    labels, out = one.task.labels, one.test.raw.copy()
    encoder, learned = fit_encoder(one.task.items, one.scales)
    tested = encoder.encode(one.test, one.scales)
    for c, scale in enumerate(one.scales):
        mine, known = labels.criterion == c, ~np.isnan(one.test.raw[:, c])
        if np.count_nonzero(mine) < 3:
            continue
        at = labels.item[mine]
        x, z = one.task.items.raw[at, c][:, None], one.test.raw[known, c][:, None]
        if features:
            x, z = np.concatenate([x, learned[at]], 1), np.concatenate([z, tested[known]], 1)
        model = make()
        model.fit(x, labels.score[mine])  # type: ignore[attr-defined]
        out[known, c] = np.clip(model.predict(z), scale.minimum, scale.maximum)  # type: ignore[attr-defined]
    return out
