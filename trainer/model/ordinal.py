"""Ordinal regression model: a line through the judge's raw score plus a linear residual of text features.

Symbols. n items, m labels, C criteria, D features, R raters, W thresholds of the criterion that has most.

=======================  =========================================  ========  ==========================================
Symbol                   Name                                       Shape     Meaning
=======================  =========================================  ========  ==========================================
r                        ``scales.to_unit(scale, raw)``             (m,)      raw score of the judge, 0..1
l = 8 (r - 1/2)          ``LabelRows.raw_logit``                    (m,)      raw score in logits
x                        ``LabelRows.features``                     (n, D)    features of an item, float32
y_k                      ``LabelRows.target``                       (m, W)    soft target of P(label >= level k), 0..1
v_k                      ``LabelRows.importance``                   (m, W)    weight of the loss of a threshold
a_c                      ``Coefficients.slope``                     (C,)      slope of the line
b_c                      ``Coefficients.intercept``                 (C,)      intercept of the line, in logits
d_ck                     ``Coefficients.threshold_deltas``          (C, W)    threshold minus the identity's, in logits
w_c                      ``Coefficients.weights``                   (C, D)    weights of the residual
u_j                      ``Coefficients.offsets``                   (R,)      leniency of a rater, in logits
theta                    ``Coefficients.pack()``                    (P,)      all parameters as one flat vector
z                        ``latent_scores``                          (m,)      latent score of an item on a criterion
t_ck                     ``identity_thresholds + threshold_deltas`` (C, W)    threshold of level k, in logits
P_k                      ``exceedances``                            (m, W)    probability of a label at level k or above
=======================  =========================================  ========  ==========================================

For criterion c of an item with raw score r and features x, scored by rater j:

    z = l a_c + b_c + x . w_c + u_j,        P(label >= level k) = sigmoid(z - t_ck)

This is the proportional odds model (McCullagh, Regression models for ordinal data, JRSS B 42, 1980). The loss is the
logistic all-threshold loss (Rennie & Srebro, Loss functions for preference levels, 2005); it is convex and accepts soft
targets. Gaussian priors pull the parameters of every criterion towards a common value, and the common value towards the
identity, at which the judge's raw scores stay as they are. This is partial pooling; the common value is profiled out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Floats, Floats32, Ints

LOGITS = 8.0
"""Logits between the two ends of a scale under the identity."""
MIN_SLOPE = 0.15
"""Lower bound of a slope; below it the raw score would hardly order items."""

DEVIATION_PRECISION = {"slope": 200.0, "intercept": 4.0, "threshold_deltas": 32.0, "weights": 4.0}
"""Prior precision of the deviation of a criterion's parameter from the common value."""
COMMON_PRECISION = {"slope": 1.5, "intercept": 0.3, "weights": 3.0}
"""Prior precision of the common value around the identity."""


@dataclass(frozen=True, slots=True)
class LinePrior:
    """Prior precisions of slopes, intercepts and threshold deltas: of deviations, and of the common values."""

    deviation: Mapping[str, float]
    common: Mapping[str, float]


DEFAULT_LINE_PRIOR = LinePrior(DEVIATION_PRECISION, COMMON_PRECISION)
OFFSET_PRECISION = 4.0
"""Prior precision of a rater's offset around 0."""

COEFFICIENT_KEYS = {
    "slope": "slope",
    "intercept": "shift",
    "threshold_deltas": "bend",
    "weights": "weights",
    "offsets": "offsets",
}
"""Keys under which version files and checkpoints keep the fields of `Coefficients`; they must never change."""


def identity_thresholds(steps: Ints, width: int) -> Floats:
    """Return the thresholds of the identity: halfway between neighbouring levels of the raw scale.

    Args:
        steps: steps of each criterion's scale, (C,).
        width: W, number of columns.

    Returns:
        Thresholds in logits, (C, W), infinite beyond the steps of a scale.
    """
    k = np.arange(width)
    halfway = LOGITS * ((k + 0.5) / np.maximum(steps, 1)[:, None] - 0.5)
    return np.where(k < steps[:, None], halfway, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Parameters of C criteria; the table in the module's docstring gives each field's meaning and shape."""

    slope: Floats
    intercept: Floats
    threshold_deltas: Floats
    weights: Floats
    offsets: Floats

    @classmethod
    def identity(cls, criteria: int, width: int, features: int, raters: int) -> Coefficients:
        """Return the parameters under which the judge's raw scores stay as they are.

        Args:
            criteria: C.
            width: W.
            features: D.
            raters: R.
        """
        deltas, weights = np.zeros((criteria, width)), np.zeros((criteria, features))
        return cls(np.ones(criteria), np.zeros(criteria), deltas, weights, np.zeros(raters))

    @classmethod
    def unpack(cls, theta: Floats, template: Coefficients) -> Coefficients:
        """Return views into the flat vector `theta`, which is laid out as `template.pack()`."""
        parts, at = [], 0
        for part in (template.slope, template.intercept, template.threshold_deltas, template.weights, template.offsets):
            parts.append(theta[at : at + part.size].reshape(part.shape))
            at += part.size
        return cls(*parts)

    def pack(self) -> Floats:
        """Return all parameters as one flat vector."""
        return np.concatenate(
            [self.slope, self.intercept, self.threshold_deltas.ravel(), self.weights.ravel(), self.offsets]
        )

    def with_zero_weights(self, features: int) -> Coefficients:
        """Return the same lines with zero weights for `features` features."""
        weights = np.zeros((len(self.slope), features))
        return Coefficients(self.slope, self.intercept, self.threshold_deltas, weights, self.offsets)

    def without_offsets(self) -> Coefficients:
        """Return the parameters without the offsets of raters, which describe the average rater."""
        return replace(self, offsets=np.zeros(0))

    def to_arrays(self, prefix: str) -> dict[str, Floats]:
        """Return the fields as arrays named `prefix.key`, for a version file or a checkpoint."""
        return {f"{prefix}.{key}": getattr(self, field) for field, key in COEFFICIENT_KEYS.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> Coefficients:
        """Return the coefficients that `to_arrays` stored under `prefix`.

        Raises:
            KeyError: an array is missing.
        """
        return cls(*(np.asarray(arrays[f"{prefix}.{key}"], np.float64) for key in COEFFICIENT_KEYS.values()))


@dataclass(frozen=True, slots=True, eq=False)
class LabelRows:
    """m labels to learn from: `features` (n, D) are per item, all other arrays are per label.

    `item`, `criterion`, `rater` (m,): positions. `raw_logit` (m,): the judge's raw score, 8 (r - 1/2). `target` (m, W):
    soft P(label >= level k). `importance` (m, W): weight of a threshold's loss, zero beyond the label's scale.
    """

    features: Floats32
    item: Ints
    criterion: Ints
    rater: Ints
    raw_logit: Floats
    target: Floats32
    importance: Floats32

    def __len__(self) -> int:
        return len(self.item)

    def take(self, index: np.ndarray | slice) -> LabelRows:
        """Return the rows at `index`; the features are shared, not copied."""
        return LabelRows(
            self.features,
            self.item[index],
            self.criterion[index],
            self.rater[index],
            self.raw_logit[index],
            self.target[index],
            self.importance[index],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """Centre of a warm start's prior: old parameters, and their precision (Fisher information, same shapes)."""

    center: Coefficients
    precision: Coefficients


class PooledBlock(NamedTuple):
    """Block of the flat parameter vector whose criteria are pooled towards a common value.

    `place`: its slice of the vector. `shape`: that of the block. `axis`: the axis of the criteria. `share`: factor of
    the sum over criteria that pooling takes off the gradient.
    """

    place: slice
    shape: tuple[int, int]
    axis: int
    share: Floats


def threshold_weight(steps: Ints) -> Floats:
    """Return the weight of one threshold's loss, at which a label informs as much as under the proper likelihood.

    Thresholds 8 / steps logits apart each inform p (1 - p) about z, together steps / 8; one ordinal label informs at
    most 1/3, which is the Fisher information of a logistic distribution's location.
    """
    return np.asarray(np.minimum(1.0, LOGITS / (3.0 * np.maximum(steps, 1))))


class Objective:
    """Loss of labels plus prior, as functions of a flat parameter vector.

    The prior is centred on the identity. After a warm start it is centred on the old parameters, which are what the old
    labels and that prior agreed on, and the precision of the `anchor` adds to it: a Laplace approximation of the old
    posterior. `deviation_precision`, `common_precision` (D,) are the resulting prior precisions of each weight's
    deviation from the common value and of the common value.
    """

    def __init__(
        self,
        rows: LabelRows,
        template: Coefficients,
        steps: Ints,
        anchor: Anchor | None = None,
        feature_precision: Floats | float = 1.0,
        deviation_factor: float = 1.0,
        offset_precision: float = OFFSET_PRECISION,
        line_prior: LinePrior = DEFAULT_LINE_PRIOR,
    ) -> None:
        """Prepare the loss.

        Args:
            rows: labels to learn from.
            template: parameters at the identity, of the shapes to learn.
            steps: steps of each criterion's scale, (C,).
            anchor: centre and precision of a warm start.
            feature_precision: factor of both prior precisions of each feature's weights, (D,).
            deviation_factor: further factor of the prior precision of the weights' deviations.
            offset_precision: prior precision of the raters' offsets.
            line_prior: prior of slopes, intercepts and threshold deltas.
        """
        self.rows, self.template, self.steps, self.offset_precision = rows, template, steps, offset_precision
        self.origin = (template if anchor is None else anchor.center).pack()
        each = feature_precision * np.ones(template.weights.shape[1])
        self.deviation_precision = DEVIATION_PRECISION["weights"] * deviation_factor * each
        self.common_precision = COMMON_PRECISION["weights"] * each
        self._prior_diagonal, self._pooled_blocks = self._prior_quadratic(template, line_prior)
        if anchor is not None:
            self._prior_diagonal += anchor.precision.pack()
        thresholds = identity_thresholds(steps, template.threshold_deltas.shape[1])
        self.identity = np.where(np.isfinite(thresholds), thresholds, 0.0)
        self._scratch = np.empty((0, rows.features.shape[1]), np.float32)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return the mean loss per label, prior included, and its gradient."""
        loss, gradient = self.data_loss(theta, self.rows)
        prior_gradient = self.prior_gradient(theta)
        prior = 0.5 * float((theta - self.origin) @ prior_gradient)
        return (loss + prior) / len(self.rows), (gradient + prior_gradient) / len(self.rows)

    def data_loss(self, theta: Floats, rows: LabelRows) -> tuple[float, Floats]:
        """Return the summed loss of `rows`, without the prior, and its gradient."""
        c = Coefficients.unpack(theta, self.template)
        logits, x, cell = self._logits(c, rows)
        e = np.exp(-np.abs(logits))
        loss = float(
            np.sum(rows.importance * (np.maximum(logits, 0) + np.log1p(e) - rows.target * logits), dtype=np.float64)
        )
        by_threshold = rows.importance * (np.where(logits >= 0, 1.0, e) / (1.0 + e) - rows.target)
        by_label = by_threshold.sum(1, dtype=np.float64)
        indicator = _indicator_matrix(rows.criterion, len(c.slope))
        levels = indicator @ by_threshold
        gradient = Coefficients(
            indicator @ (by_label * rows.raw_logit),
            levels.sum(1),
            -levels,
            self._weights_gradient(x, cell, by_label, len(c.slope)),
            sum_by_index(rows.rater, by_label, c.offsets.size) if c.offsets.size else np.zeros(0),
        )
        return loss, gradient.pack()

    def prior_gradient(self, theta: Floats) -> Floats:
        """Return the gradient of the negative log prior, which is half its product with `theta - origin`."""
        away = theta - self.origin
        gradient: Floats = self._prior_diagonal * away
        for place, shape, axis, share in self._pooled_blocks:
            block = gradient[place].reshape(shape)  # a view, so that the subtraction changes `gradient`
            block -= share * away[place].reshape(shape).sum(axis, keepdims=True)
        return gradient

    def mean_absolute_error(self, theta: Floats, rows: LabelRows) -> float:
        """Return the mean distance of expected scores from labels, as a share (0..1) of each scale's range."""
        steps = self.steps[rows.criterion]
        logits, _, _ = self._logits(Coefficients.unpack(theta, self.template), rows)
        exceed = np.where(np.arange(logits.shape[1]) < steps[:, None], 0.5 * (1.0 + np.tanh(0.5 * logits)), 0.0)
        return float(np.mean(np.abs((exceed - rows.target).sum(1, dtype=np.float64)) / steps))

    def working_residuals(self, c: Coefficients, rows: LabelRows) -> tuple[Floats, Floats]:
        """Return the working residual g / h of each label, in logits, and its information h about z, both (m,)."""
        p = sigmoid(self._logits(c, rows)[0].astype(np.float64))
        information = np.maximum((rows.importance * p * (1 - p)).sum(1, dtype=np.float64), 1e-3)
        return (rows.importance * (rows.target - p)).sum(1, dtype=np.float64) / information, information

    def fisher_information(self, theta: Floats) -> Coefficients:
        """Return the diagonal of the Fisher information of the labels at `theta`; that of offsets is left at 0."""
        c, rows = Coefficients.unpack(theta, self.template), self.rows
        at = rows.criterion
        z = latent_scores(c, rows.raw_logit, at, rows.features, rows.item)
        p = sigmoid(z[:, None] - (self.identity + c.threshold_deltas)[at])
        by_threshold = rows.importance * p * (1 - p)
        by_label = by_threshold.sum(1)
        count, indicator = len(c.slope), _indicator_matrix(at, len(c.slope))
        cell = rows.item * np.int64(count) + at
        by_item = sum_by_index(cell, by_label, len(rows.features) * count).reshape(-1, count)
        return Coefficients(
            indicator @ (by_label * rows.raw_logit**2),
            indicator @ by_label,
            indicator @ by_threshold,
            _squared_product(by_item, rows.features),
            np.zeros(c.offsets.size),
        )

    def _logits(self, c: Coefficients, rows: LabelRows) -> tuple[Floats32, Floats32, NDArray[np.int64]]:
        """Return z - t_k of each label and threshold, (m, W), and how the features entered it.

        The second and third results are the features that were used, and each label's cell in the matrix of criteria
        times their rows.
        """
        at = rows.criterion
        z = rows.raw_logit * c.slope.take(at) + c.intercept.take(at)
        few = len(rows) * 4 < len(rows.features)
        x = self._gather_features(rows) if few else rows.features
        cell = at * np.int64(len(x)) + (np.arange(len(rows)) if few else rows.item)
        if x.shape[1]:
            z += (c.weights.astype(np.float32) @ x.T).ravel().take(cell)
        if c.offsets.size:
            z += c.offsets.take(rows.rater)
        return (z[:, None] - (self.identity + c.threshold_deltas).take(at, axis=0)).astype(np.float32), x, cell

    def _gather_features(self, rows: LabelRows) -> Floats32:
        """Return the features of each label, in memory that the next call reuses.

        Allocating new memory would cost more time than the copy.
        """
        if len(self._scratch) < len(rows):
            self._scratch = np.empty((len(rows), rows.features.shape[1]), np.float32)
        return np.take(rows.features, rows.item, axis=0, out=self._scratch[: len(rows)], mode="clip")

    @staticmethod
    def _weights_gradient(x: Floats32, cell: NDArray[np.int64], by_label: Floats, count: int) -> Floats:
        if not x.shape[1]:
            return np.zeros((count, 0))
        by_row = sum_by_index(cell, by_label, len(x) * count).reshape(count, len(x))
        return np.asarray(by_row.astype(np.float32) @ x, np.float64)

    def _prior_quadratic(self, template: Coefficients, line_prior: LinePrior) -> tuple[Floats, list[PooledBlock]]:
        """Return the prior as a quadratic form: its diagonal, and the blocks from which pooling takes something off.

        min over m of own/2 |theta_c - m|^2 + common/2 |m|^2 is half of own |theta|^2 - share (sum of theta_c)^2, where
        share = own^2 / (own C + common). Criteria are along the second axis of the slopes and intercepts, and along
        the first of the weights.

        Args:
            template: parameters of the shapes to learn.
            line_prior: prior of slopes, intercepts and threshold deltas.
        """
        count, deviation = len(template.slope), line_prior.deviation
        diagonal = Coefficients(
            np.full(count, deviation["slope"]),
            np.full(count, deviation["intercept"]),
            np.full(template.threshold_deltas.shape, deviation["threshold_deltas"]),
            np.tile(self.deviation_precision, (count, 1)),
            np.full(template.offsets.size, self.offset_precision),
        ).pack()

        def share(own: Floats, common: Floats) -> Floats:
            return own**2 / (own * count + common)

        own, common = (np.array([[p["slope"]], [p["intercept"]]]) for p in (deviation, line_prior.common))
        start = 2 * count + template.threshold_deltas.size
        weights = slice(start, start + template.weights.size)
        return diagonal, [
            PooledBlock(slice(0, 2 * count), (2, count), 1, share(own, common)),
            PooledBlock(weights, template.weights.shape, 0, share(self.deviation_precision, self.common_precision)),
        ]


def latent_scores(c: Coefficients, raw_logit: Floats, criterion: Ints, features: Floats32, item: Ints) -> Floats:
    """Return the latent scores z of P (item, criterion) pairs, for the average rater.

    Args:
        c: parameters.
        raw_logit: the judge's raw scores in logits, (P,).
        criterion: criterion of each pair, (P,).
        features: of n items, (n, D); not read if `c` has no weights.
        item: row of `features` of each pair, (P,).

    Returns:
        Latent scores in logits, (P,).
    """
    z = raw_logit * c.slope[criterion] + c.intercept[criterion]
    if c.weights.shape[1]:
        z = z + (features @ c.weights.T.astype(np.float32))[item, criterion]
    return np.asarray(z, np.float64)


def exceedances(c: Coefficients, z: Floats, criterion: Ints, steps: Ints) -> Floats:
    """Return P(label >= level k) for k = 1..W.

    Args:
        c: parameters; a threshold below the one before is raised to it.
        z: latent scores in logits, (P,).
        criterion: criterion of each latent score, (P,).
        steps: steps of each criterion's scale, (C,).

    Returns:
        Probabilities, (P, W), falling along k, zero beyond the steps of a scale.
    """
    identity = identity_thresholds(steps, c.threshold_deltas.shape[1])
    thresholds = np.maximum.accumulate(identity + c.threshold_deltas, axis=1)
    return sigmoid(z[:, None] - thresholds[criterion])


def sigmoid(a: Floats) -> Floats:
    """Return 1 / (1 + exp(-a)) without overflow."""
    e = np.exp(-np.abs(a))
    return np.asarray(np.where(a >= 0, 1.0, e) / (1.0 + e))


def sum_by_index(index: NDArray[Any], values: NDArray[Any], count: int) -> Floats:
    """Return the sum of the values at each index.

    Args:
        index: of each value, 0..count - 1, (m,).
        values: to add up, (m,).
        count: number of sums.

    Returns:
        Sums, (count,).
    """
    return np.bincount(index, values, count).astype(np.float64, copy=False)


def _squared_product(by_item: Floats, x: Floats32, block: int = 8192) -> Floats:
    """Return by_item.T @ x**2 without a second copy of x.

    Args:
        by_item: (n, C).
        x: (n, D).
        block: rows squared at a time.
    """
    out = np.zeros((by_item.shape[1], x.shape[1]))
    for start in range(0, len(x), block):
        out += by_item[start : start + block].T @ np.square(x[start : start + block], dtype=np.float64)
    return out


def _indicator_matrix(criterion: Ints, count: int) -> Floats:
    """Return 1 where a label is of a criterion, else 0, (count, m)."""
    return np.asarray(criterion == np.arange(count, dtype=np.int32)[:, None], np.float64)
