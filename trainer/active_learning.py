"""Which items to label next: those whose labels would teach a version most about all the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats, Ints
from trainer.data import Items, Scale
from trainer.features.encoder import fit_encoder
from trainer.model import decode
from trainer.model.ordinal import LOGITS, OWN, SHARED, Coefficients, exceedances, identity, threshold_weight
from trainer.model.version import Version
from trainer.scales import level_steps, span, to_unit

MOST = 4000
"""Items looked at; of more, a random part. It bounds time and memory."""
LINE = 2
"""Columns of the design before the features: a constant, and the judge's own score."""
NOVEL, UNSURE = 0.7, 0.2
"""Shares above which an item is called unlike what was labelled, or a person's score of it hard to foresee."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item worth a label. `item`: its position. `reason`: in words for people.

    `uncertainty`: standard deviation of one person's score of it, as a share of the range, mean over criteria (0..0.5).
    `novelty`: share (0..1) of the doubt about what its features mean that is left, given the labels and the
    suggestions before it. `gain`: by how much its labels are expected to lessen the doubt about all items, as a share.
    """

    item: int
    uncertainty: float
    novelty: float
    gain: float
    reason: str


def suggest_items(
    version: Version | None, scales: Sequence[Scale], items: Items, labelled: Ints, first: int, seed: int = 0
) -> list[Suggestion]:
    """The `first` items without labels whose labels would teach most, best first.

    The version is linear in its features, with Gaussian priors, so what is unknown about an item's latent score has a
    variance in closed form, whatever people will say: with A the prior's and the labels' information about the weights,
    x an item's features, it is x' A^-1 x. A label of item i with information w_i lessens the mean variance over all
    items by w_i |S^(1/2) A^-1 x_i|^2 / (1 + w_i x_i' A^-1 x_i), S their second moments (V-optimal design: Cohn,
    Ghahramani & Jordan, Active learning with statistical models, JAIR 4, 1996). The items are taken greedily, each
    given those before it: so uncertain items win, not all of one kind, and not outliers that tell of nothing else.

    Args:
        version: whose learning is to go on; None: the judge as it is.
        scales: the columns of `items.raw`.
        items: candidates and items with labels alike.
        labelled: (n,), how many labels each item has.
        first: how many are wanted.
        seed: of the random part that is looked at where there are many items.
    """
    labelled = np.asarray(labelled)
    at = np.flatnonzero(~np.isnan(items.raw).all(axis=1))
    if len(at) > MOST:
        at = np.sort(np.random.default_rng([seed, 7]).permutation(at)[:MOST])
    if not len(at) or first < 1:
        return []
    looked_at = items.take(at)
    design = _design(version, scales, looked_at)
    information, spread = _labels(version, scales, looked_at)
    return _greedy(at, design, information, spread, labelled[at], first)


def _design(version: Version | None, scales: Sequence[Scale], items: Items) -> Floats:
    """Features of the latent score, (n, D + 2), with prior variance 1 each: a constant, the judge's score, the rest."""
    x = fit_encoder(items, scales)[1] if version is None else version.encoder.encode(items, scales)
    units = np.stack([to_unit(scale, items.raw[:, c]) for c, scale in enumerate(scales)], axis=1)
    lines = np.nanmean(LOGITS * (units - 0.5), axis=1)
    prior = [1 / OWN[name] + 1 / SHARED[name] for name in ("shift", "slope", "weights")]
    scaled = [np.ones((len(items), 1)), lines[:, None], x.astype(np.float64)]
    return np.concatenate([np.sqrt(v) * part for v, part in zip(prior, scaled, strict=True)], axis=1)


def _labels(version: Version | None, scales: Sequence[Scale], items: Items) -> tuple[Floats, Floats]:
    """What labels of each item on all criteria tell about its latent score, (n,), and a score's deviation, (n,)."""
    distributions = version.exceedances(items, scales) if version is not None else [None] * len(scales)
    information, variances = np.zeros(len(items)), np.full((len(items), len(scales)), np.nan)
    for c, (scale, known) in enumerate(zip(scales, distributions, strict=True)):
        has = ~np.isnan(items.raw[:, c])
        exceed = _as_it_is(scale, items.raw[has, c]) if known is None else known
        information[has] += threshold_weight(np.array([level_steps(scale)]))[0] * (exceed * (1 - exceed)).sum(1)
        variances[has, c] = decode.variance(scale, exceed) / span(scale) ** 2
    return information, np.sqrt(np.nanmean(variances, axis=1))


def _as_it_is(scale: Scale, raw: Floats) -> Floats:
    """Distributions under the identity: the judge is right, give or take."""
    steps = np.array([level_steps(scale)], np.int32)
    start = Coefficients.start(1, identity(steps, int(steps[0])).shape[1], 0, 0)
    return exceedances(start, LOGITS * (to_unit(scale, raw) - 0.5), np.zeros(len(raw), np.int32), steps)


def _greedy(at: np.ndarray, x: Floats, w: Floats, spread: Floats, labelled: Ints, first: int) -> list[Suggestion]:
    known = labelled > 0
    weighted = x[known] * w[known, None]
    posterior = np.linalg.inv(np.eye(x.shape[1]) + weighted.T @ x[known])
    solved = x @ posterior  # row i: A^-1 x_i
    root = _root(x.T @ x / len(x))
    felt = solved @ root  # row i: S^(1/2) A^-1 x_i
    variance = np.einsum("ij,ij->i", x, solved)
    features = x[:, LINE:]
    told = np.einsum("ij,ij->i", features, features @ posterior[LINE:, LINE:])
    untold = np.maximum(np.einsum("ij,ij->i", features, features), 1e-9)
    unknown = float(variance.mean())
    chosen: list[Suggestion] = []
    open_ = ~known
    while len(chosen) < first and open_.any():
        gain = w * np.einsum("ij,ij->i", felt, felt) / (1 + w * variance)
        i = int(np.argmax(np.where(open_, gain, -1.0)))
        novelty = float(np.clip(told[i] / untold[i], 0.0, 1.0))
        share = float(gain[i] / unknown) if unknown > 0 else 0.0
        chosen.append(Suggestion(int(at[i]), float(spread[i]), novelty, share, _reason(float(spread[i]), novelty)))
        open_[i] = False
        direction = solved[i].copy()
        factor = w[i] / (1 + w[i] * variance[i])
        along = x @ direction  # x_j' A^-1 x_i
        variance -= factor * along**2
        told -= factor * (features @ direction[LINE:]) ** 2
        felt -= factor * along[:, None] * (root @ direction)[None, :]
        solved -= factor * along[:, None] * direction[None, :]
    return chosen


def _root(moments: Floats) -> Floats:
    """The symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(moments)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _reason(spread: float, novelty: float) -> str:
    unlike = f"little is known about items like it ({novelty:.0%} of the doubt is left)"
    unsure = f"a person's score of it is hard to foresee (give or take {spread:.0%} of the scale)"
    if novelty >= NOVEL and spread >= UNSURE:
        return f"{unlike}, and {unsure}".capitalize() + "."
    if novelty >= NOVEL:
        return f"{unlike}".capitalize() + "."
    if spread >= UNSURE:
        return f"{unsure}".capitalize() + "."
    return "It stands for many items, about which its score would tell too."
