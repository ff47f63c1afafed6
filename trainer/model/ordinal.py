"""The ordinal model: a calibrated line through the judge's score plus a linear residual of features.

For criterion c with unit raw score r and features x, the latent score is

    z = 8 (r - 1/2) slope_c + x . weights_c + offset_rater,        P(label >= level k) = sigmoid(z - threshold_ck)
    threshold_ck = identity_k - shift_c + bend_ck

(proportional odds, McCullagh 1980). The loss is the logistic all-threshold loss (Rennie & Srebro 2005), convex and
ready for soft targets. Gaussian priors pull every criterion's parameters towards a common value, and that value
towards the identity: partial pooling, with the common value profiled out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Floats, Floats32, Ints

LOGITS = 8.0
"""Logits between the ends of a scale under the identity."""
LEAST_SLOPE = 0.15
"""Below it the raw score would hardly order items any more."""

OWN = {"slope": 200.0, "shift": 4.0, "bend": 32.0, "weights": 4.0}
SHARED = {"slope": 1.5, "shift": 0.3, "weights": 3.0}
OFFSET = 4.0
"""Prior precisions: of a criterion around the common value, of the common value, of a rater's offset."""


def identity(steps: Ints, width: int) -> Floats:
    """Thresholds (C, width) halfway between neighbouring levels of the raw scale, infinite beyond a scale's steps."""
    k = np.arange(width)
    halfway = LOGITS * ((k + 0.5) / np.maximum(steps, 1)[:, None] - 0.5)
    return np.where(k < steps[:, None], halfway, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Parameters of C criteria: slope (C,), shift (C,), bend (C, W), weights (C, D), offsets (R,) of raters."""

    slope: Floats
    shift: Floats
    bend: Floats
    weights: Floats
    offsets: Floats

    @classmethod
    def start(cls, criteria: int, width: int, features: int, raters: int) -> Coefficients:
        """The identity: the judge is right as it is."""
        bend, weights = np.zeros((criteria, width)), np.zeros((criteria, features))
        return cls(np.ones(criteria), np.zeros(criteria), bend, weights, np.zeros(raters))

    @classmethod
    def unpack(cls, theta: Floats, like: Coefficients) -> Coefficients:
        """Views into a flat vector laid out as `like.pack()`."""
        parts, at = [], 0
        for part in (like.slope, like.shift, like.bend, like.weights, like.offsets):
            parts.append(theta[at : at + part.size].reshape(part.shape))
            at += part.size
        return cls(*parts)

    def pack(self) -> Floats:
        """All parameters as one flat vector."""
        return np.concatenate([self.slope, self.shift, self.bend.ravel(), self.weights.ravel(), self.offsets])

    def widen(self, features: int) -> Coefficients:
        """The same line with `features` zero weights."""
        return Coefficients(self.slope, self.shift, self.bend, np.zeros((len(self.slope), features)), self.offsets)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """m labels to learn from, criteria of at most W thresholds: features (n, D) are per item, all else per label.

    `line`: 8 (r - 1/2) of the raw score. `target`: (m, W) soft P(label >= k). `importance`: (m, W), what a threshold
    of a label counts for, zero beyond its scale.
    """

    features: Floats32
    item: Ints
    criterion: Ints
    rater: Ints
    line: Floats
    target: Floats32
    importance: Floats32

    def __len__(self) -> int:
        return len(self.item)

    def take(self, index: np.ndarray | slice) -> Rows:
        """The rows at `index`; features stay shared."""
        return Rows(
            self.features, self.item[index], self.criterion[index], self.rater[index], self.line[index],
            self.target[index], self.importance[index],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """Where a warm start comes from: the old parameters, and how sure they were (Fisher information, same shapes)."""

    center: Coefficients
    precision: Coefficients


def threshold_weight(steps: Ints) -> Floats:
    """Weight of one threshold's loss, so that a label informs as much as under the proper likelihood.

    Thresholds 8 / steps logits apart each inform p(1-p) about z, together steps / 8; one ordinal label informs at most
    1/3 (the logistic's Fisher information of location).
    """
    return np.asarray(np.minimum(1.0, LOGITS / (3.0 * np.maximum(steps, 1))))


class Objective:
    """Loss of labels plus prior, as functions of a flat parameter vector.

    The prior is about the identity; after a warm start it is about the old parameters, which are what old labels and
    that prior agreed on, and the `anchor`'s precision adds to it: a Laplace approximation of the old posterior.
    `precision` (D,) multiplies the prior precisions of each feature's weights, `apart` those around the common ones;
    `own_precision`, `shared_precision` (D,) are what comes of it.
    """

    def __init__(
        self, rows: Rows, start: Coefficients, steps: Ints, anchor: Anchor | None = None,
        precision: Floats | float = 1.0, apart: float = 1.0, offset: float = OFFSET,
    ) -> None:  # fmt: skip
        self.rows, self.like, self.steps, self.offset = rows, start, steps, offset
        self.origin = (start if anchor is None else anchor.center).pack()
        each = precision * np.ones(start.weights.shape[1])
        self.own_precision, self.shared_precision = OWN["weights"] * apart * each, SHARED["weights"] * each
        self._hold, self._shares = self._quadratic(start)
        if anchor is not None:
            self._hold += anchor.precision.pack()
        self.identity = np.where(np.isfinite(t := identity(steps, start.bend.shape[1])), t, 0.0)
        self._scratch = np.empty((0, rows.features.shape[1]), np.float32)

    def data(self, theta: Floats, rows: Rows) -> tuple[float, Floats]:
        """Summed loss of `rows` and its gradient."""
        c = Coefficients.unpack(theta, self.like)
        a, x, cell = self._logits(c, rows)
        e = np.exp(-np.abs(a))
        loss = float(np.sum(rows.importance * (np.maximum(a, 0) + np.log1p(e) - rows.target * a), dtype=np.float64))
        pull = rows.importance * (np.where(a >= 0, 1.0, e) / (1.0 + e) - rows.target)
        gz = pull.sum(1, dtype=np.float64)
        of = _members(rows.criterion, len(c.slope))
        levels = of @ pull
        gradient = Coefficients(
            of @ (gz * rows.line),
            levels.sum(1),
            -levels,
            self._features_gradient(x, cell, gz, len(c.slope)),
            sums(rows.rater, gz, c.offsets.size) if c.offsets.size else np.zeros(0),
        )
        return loss, gradient.pack()

    def _logits(self, c: Coefficients, rows: Rows) -> tuple[Floats32, Floats32, NDArray[np.int64]]:
        """Of each threshold (m, W); the features they came from, and each label's cell among criteria x features."""
        at = rows.criterion
        z = rows.line * c.slope.take(at) + c.shift.take(at)
        few = len(rows) * 4 < len(rows.features)
        x = self._gathered(rows) if few else rows.features
        cell = at * np.int64(len(x)) + (np.arange(len(rows)) if few else rows.item)
        if x.shape[1]:
            z += (c.weights.astype(np.float32) @ x.T).ravel().take(cell)
        if c.offsets.size:
            z += c.offsets.take(rows.rater)
        return (z[:, None] - (self.identity + c.bend).take(at, axis=0)).astype(np.float32), x, cell

    def _gathered(self, rows: Rows) -> Floats32:
        """Features of each label, in memory the next call uses again: fresh memory would cost more than the copy."""
        if len(self._scratch) < len(rows):
            self._scratch = np.empty((len(rows), rows.features.shape[1]), np.float32)
        return np.take(rows.features, rows.item, axis=0, out=self._scratch[: len(rows)], mode="clip")

    def error(self, theta: Floats, rows: Rows) -> float:
        """Mean distance of the expected scores from the labels, as a share (0..1) of each scale's range."""
        steps = self.steps[rows.criterion]
        a, _, _ = self._logits(Coefficients.unpack(theta, self.like), rows)
        exceed = np.where(np.arange(a.shape[1]) < steps[:, None], 0.5 * (1.0 + np.tanh(0.5 * a)), 0.0)
        return float(np.mean(np.abs((exceed - rows.target).sum(1, dtype=np.float64)) / steps))

    @staticmethod
    def _features_gradient(x: Floats32, cell: NDArray[np.int64], gz: Floats, count: int) -> Floats:
        if not x.shape[1]:
            return np.zeros((count, 0))
        spread = sums(cell, gz, len(x) * count).reshape(count, len(x))
        return np.asarray(spread.astype(np.float32) @ x, np.float64)

    def _quadratic(self, start: Coefficients) -> tuple[Floats, list[tuple[slice, tuple[int, int], int, Floats]]]:
        """The prior as a quadratic form: its diagonal, and what pooling takes off it: where, in which shape, by what.

        min over m of own/2 |theta_c - m|^2 + shared/2 |m|^2 is half of own |theta|^2 - share (sum of theta_c)^2, where
        share = own^2 / (own C + shared); criteria along the second axis of the slopes and shifts, the first of weights.
        """
        count = len(start.slope)
        hold = Coefficients(
            np.full(count, OWN["slope"]), np.full(count, OWN["shift"]), np.full(start.bend.shape, OWN["bend"]),
            np.tile(self.own_precision, (count, 1)), np.full(start.offsets.size, self.offset),
        ).pack()  # fmt: skip

        def share(own: Floats, shared: Floats) -> Floats:
            return own**2 / (own * count + shared)

        line = share(*(np.array([[of["slope"]], [of["shift"]]]) for of in (OWN, SHARED)))
        weights = slice(at := 2 * count + start.bend.size, at + start.weights.size)
        return hold, [
            (slice(0, 2 * count), (2, count), 1, line),
            (weights, start.weights.shape, 0, share(self.own_precision, self.shared_precision)),
        ]

    def pull(self, theta: Floats) -> Floats:
        """The gradient of the negative log prior, which is half of it times the way from its origin."""
        away = theta - self.origin
        gradient: Floats = self._hold * away
        for place, shape, axis, share in self._shares:
            pulled = gradient[place].reshape(shape)
            pulled -= share * away[place].reshape(shape).sum(axis, keepdims=True)
        return gradient

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Mean loss per label including the prior, and its gradient."""
        loss, gradient = self.data(theta, self.rows)
        pull = self.pull(theta)
        prior = 0.5 * float((theta - self.origin) @ pull)
        return (loss + prior) / len(self.rows), (gradient + pull) / len(self.rows)

    def working(self, c: Coefficients, rows: Rows) -> tuple[Floats, Floats]:
        """Each label's working residual in logits, and its information about the latent score: g / h and h, (m,)."""
        p = sigmoid(self._logits(c, rows)[0].astype(np.float64))
        information = np.maximum((rows.importance * p * (1 - p)).sum(1, dtype=np.float64), 1e-3)
        return (rows.importance * (rows.target - p)).sum(1, dtype=np.float64) / information, information

    def fisher(self, theta: Floats) -> Coefficients:
        """Diagonal of the Fisher information of the labels at `theta`."""
        c, rows = Coefficients.unpack(theta, self.like), self.rows
        at = rows.criterion
        z = latent(c, rows.line, at, rows.features, rows.item)
        p = sigmoid(z[:, None] - (self.identity + c.bend)[at])
        info = rows.importance * p * (1 - p)
        total = info.sum(1)
        count, of = len(c.slope), _members(at, len(c.slope))
        spread = sums(rows.item * np.int64(count) + at, total, len(rows.features) * count).reshape(-1, count)
        return Coefficients(
            of @ (total * rows.line**2),
            of @ total,
            of @ info,
            _squared_product(spread, rows.features),
            np.zeros(c.offsets.size),
        )


def _squared_product(spread: Floats, x: Floats32, block: int = 8192) -> Floats:
    """spread.T @ x**2 without a second copy of x."""
    out = np.zeros((spread.shape[1], x.shape[1]))
    for start in range(0, len(x), block):
        out += spread[start : start + block].T @ np.square(x[start : start + block], dtype=np.float64)
    return out


def sums(place: NDArray[Any], values: NDArray[Any], count: int) -> Floats:
    """Sum of `values` in each of `count` places."""
    return np.bincount(place, values, count).astype(np.float64, copy=False)


def _members(criterion: Ints, count: int) -> Floats:
    """1 where a label is of a criterion, (count, m)."""
    return np.asarray(criterion == np.arange(count, dtype=np.int32)[:, None], np.float64)


def sigmoid(a: Floats) -> Floats:
    """1 / (1 + exp(-a)), stable."""
    e = np.exp(-np.abs(a))
    return np.asarray(np.where(a >= 0, 1.0, e) / (1.0 + e))


def latent(c: Coefficients, line: Floats, criterion: Ints, features: Floats32, item: Ints) -> Floats:
    """Latent scores z of (item, criterion) pairs, for the average rater."""
    z = line * c.slope[criterion] + c.shift[criterion]
    if c.weights.shape[1]:
        z = z + (features @ c.weights.T.astype(np.float32))[item, criterion]
    return np.asarray(z, np.float64)


def exceedances(c: Coefficients, z: Floats, criterion: Ints, steps: Ints) -> Floats:
    """P(label >= level k), k = 1..W, (n, W), falling along k; zero beyond a scale's steps."""
    thresholds = np.maximum.accumulate(identity(steps, c.bend.shape[1]) + c.bend, axis=1)
    return sigmoid(z[:, None] - thresholds[criterion])
