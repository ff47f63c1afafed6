"""Active learning: the items whose labels would inform a version most about all items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Bools, Floats, Ints
from trainer.data import Items, Scale
from trainer.features.encoder import fit_encoder
from trainer.model import decode
from trainer.model.ordinal import (
    COMMON_PRECISION,
    DEVIATION_PRECISION,
    LOGITS,
    Coefficients,
    exceedances,
    identity_thresholds,
    threshold_weight,
)
from trainer.model.version import Version
from trainer.scales import level_steps, span, to_unit

MAX_ITEMS = 4000
"""Items considered at most, drawn at random; it bounds time and memory."""
LINE_COLUMNS = 2
"""Columns of the design before the features: a constant, and the judge's own score."""
HIGH_NOVELTY = 0.7
"""Novelty above which the reason names it."""
HIGH_UNCERTAINTY = 0.2
"""Uncertainty above which the reason names it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Item to label next. `item`: its position. `reason`: text for people.

    `uncertainty`: standard deviation of one person's score, as a share of the range, mean over criteria (0..0.5).
    `novelty`: share (0..1) of the prior variance of the features' effect that remains, given the labels and the earlier
    suggestions. `gain`: expected reduction of the mean variance of all items by its labels, as a share of it.
    """

    item: int
    uncertainty: float
    novelty: float
    gain: float
    reason: str


def suggest_items(
    version: Version | None, scales: Sequence[Scale], items: Items, labelled: Ints, first: int, seed: int = 0
) -> list[Suggestion]:
    """Return the items without labels whose labels would inform most, best first.

    The version is linear in its features, with Gaussian priors, so that the uncertainty of an item's latent score has a
    variance in closed form, whatever people's scores will be: with A the precision of the weights (the prior's plus the
    labels' information) and x an item's features, it is x' A^-1 x. A label of item i with information w_i reduces the
    mean variance over all items by w_i |S^(1/2) A^-1 x_i|^2 / (1 + w_i x_i' A^-1 x_i), where S are the second moments
    of the features (V-optimal design: Cohn, Ghahramani & Jordan, Active learning with statistical models, JAIR 4,
    1996). The items are chosen greedily, each given those before it. This prefers uncertain items, but neither many of
    one kind nor outliers that carry no information about others.

    Args:
        version: version to improve; None for the judge as it is.
        scales: the columns of `items.raw`.
        items: candidates and items with labels.
        labelled: number of labels of each item, (n,).
        first: suggestions at most.
        seed: of the random choice of items to consider.
    """
    labelled = np.asarray(labelled)
    at = np.flatnonzero(~np.isnan(items.raw).all(axis=1))
    if len(at) > MAX_ITEMS:
        at = np.sort(np.random.default_rng([seed, 7]).permutation(at)[:MAX_ITEMS])
    if not len(at) or first < 1:
        return []
    considered = items.take(at)
    design = _build_design(version, scales, considered)
    information, uncertainty = _label_information(version, scales, considered)
    is_labelled = labelled[at] > 0
    chosen = _choose_greedily(design, information, is_labelled, first)
    return [
        Suggestion(int(at[i]), float(uncertainty[i]), novelty, gain, _explain(float(uncertainty[i]), novelty))
        for i, novelty, gain in chosen
    ]


def _build_design(version: Version | None, scales: Sequence[Scale], items: Items) -> Floats:
    """Return the features of the latent score, scaled to a prior variance of 1 each.

    Args:
        version: whose encoder to use; None fits one.
        scales: the columns of `items.raw`.
        items: n items.

    Returns:
        Features, (n, LINE_COLUMNS + D).
    """
    x = fit_encoder(items, scales)[1] if version is None else version.encoder.encode(items, scales)
    units = np.stack([to_unit(scale, items.raw[:, c]) for c, scale in enumerate(scales)], axis=1)
    raw_logit = np.nanmean(LOGITS * (units - 0.5), axis=1)
    variances = [1 / DEVIATION_PRECISION[n] + 1 / COMMON_PRECISION[n] for n in ("intercept", "slope", "weights")]
    columns = [np.ones((len(items), 1)), raw_logit[:, None], x.astype(np.float64)]
    return np.concatenate([np.sqrt(v) * part for v, part in zip(variances, columns, strict=True)], axis=1)


def _label_information(version: Version | None, scales: Sequence[Scale], items: Items) -> tuple[Floats, Floats]:
    """Return the information of labels on all criteria, and the uncertainty of a score.

    Args:
        version: that predicts the scores; None assumes that the judge is right on average.
        scales: the columns of `items.raw`.
        items: n items.

    Returns:
        Fisher information about each item's latent score, (n,), and the standard deviation of one person's score as a
        share of the range, mean over criteria, (n,).
    """
    distributions = version.exceedances(items, scales) if version is not None else [None] * len(scales)
    information, variances = np.zeros(len(items)), np.full((len(items), len(scales)), np.nan)
    for c, (scale, known) in enumerate(zip(scales, distributions, strict=True)):
        has_raw = ~np.isnan(items.raw[:, c])
        exceed = _identity_exceedances(scale, items.raw[has_raw, c]) if known is None else known
        weight = threshold_weight(np.array([level_steps(scale)]))[0]
        information[has_raw] += weight * (exceed * (1 - exceed)).sum(1)
        variances[has_raw, c] = decode.variance(scale, exceed) / span(scale) ** 2
    return information, np.sqrt(np.nanmean(variances, axis=1))


def _identity_exceedances(scale: Scale, raw: Floats) -> Floats:
    """Return the exceedances under the identity: people's scores are distributed around the judge's."""
    steps = np.array([level_steps(scale)], np.int32)
    identity = Coefficients.identity(1, identity_thresholds(steps, int(steps[0])).shape[1], 0, 0)
    return exceedances(identity, LOGITS * (to_unit(scale, raw) - 0.5), np.zeros(len(raw), np.int32), steps)


def _choose_greedily(x: Floats, w: Floats, is_labelled: Bools, first: int) -> list[tuple[int, float, float]]:
    """Return the chosen items with their novelty and gain.

    Args:
        x: design, (n, D).
        w: information of each item's labels, (n,).
        is_labelled: mask of the items with labels, (n,).
        first: items to choose at most.
    """
    weighted = x[is_labelled] * w[is_labelled, None]
    posterior = np.linalg.inv(np.eye(x.shape[1]) + weighted.T @ x[is_labelled])
    solved = x @ posterior  # row i: A^-1 x_i
    root = _symmetric_root(x.T @ x / len(x))
    projected = solved @ root  # row i: S^(1/2) A^-1 x_i
    variance = np.einsum("ij,ij->i", x, solved)
    features = x[:, LINE_COLUMNS:]
    remaining = np.einsum("ij,ij->i", features, features @ posterior[LINE_COLUMNS:, LINE_COLUMNS:])
    prior_variance = np.maximum(np.einsum("ij,ij->i", features, features), 1e-9)
    mean_variance = float(variance.mean())
    chosen: list[tuple[int, float, float]] = []
    candidate = ~is_labelled
    while len(chosen) < first and candidate.any():
        gain = w * np.einsum("ij,ij->i", projected, projected) / (1 + w * variance)
        i = int(np.argmax(np.where(candidate, gain, -1.0)))
        novelty = float(np.clip(remaining[i] / prior_variance[i], 0.0, 1.0))
        chosen.append((i, novelty, float(gain[i] / mean_variance) if mean_variance > 0 else 0.0))
        candidate[i] = False
        # Update the posterior with the labels of item i (Sherman & Morrison 1950).
        direction = solved[i].copy()
        factor = w[i] / (1 + w[i] * variance[i])
        along = x @ direction  # x_j' A^-1 x_i
        variance -= factor * along**2
        remaining -= factor * (features @ direction[LINE_COLUMNS:]) ** 2
        projected -= factor * along[:, None] * (root @ direction)[None, :]
        solved -= factor * along[:, None] * direction[None, :]
    return chosen


def _symmetric_root(moments: Floats) -> Floats:
    """Return the symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(moments)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _explain(uncertainty: float, novelty: float) -> str:
    novel = f"few items like it have labels ({novelty:.0%} of the prior uncertainty remains)"
    uncertain = f"a person's score of it is hard to predict (standard deviation {uncertainty:.0%} of the scale)"
    if novelty >= HIGH_NOVELTY and uncertainty >= HIGH_UNCERTAINTY:
        return f"{novel}, and {uncertain}".capitalize() + "."
    if novelty >= HIGH_NOVELTY:
        return f"{novel}".capitalize() + "."
    if uncertainty >= HIGH_UNCERTAINTY:
        return f"{uncertain}".capitalize() + "."
    return "It is typical of many items, about which its score would also be informative."
