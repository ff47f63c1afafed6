"""Encoder of items into the feature matrix of the residual: raw scores, handcrafted text features, bags of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats, Floats32, Ints
from trainer.data import Items, Scale
from trainer.features.text_features import CORE, HANDCRAFTED, compute_text_features
from trainer.features.vocabulary import Lexicon, fit_lexicon
from trainer.scales import to_unit

RAW_DEVIATION, CORE_DEVIATION, HANDCRAFTED_DEVIATION, BAG_DEVIATION = 0.1, 0.09, 0.03, 0.6
"""Prior standard deviations, in logits, of the effect of one raw score, one core feature, one other handcrafted feature
and one whole bag of words."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """Features as fitted on the items of one task; each version has its own, so that old versions never change.

    `keys`: criteria whose raw scores are features. `output_lexicon`: of the outputs. `rationale_lexicon`: of the
    rationales, None if there are none. `center`, `factor` (D,): a feature is (x - center) * factor.
    """

    keys: tuple[str, ...]
    output_lexicon: Lexicon
    rationale_lexicon: Lexicon | None
    center: Floats32
    factor: Floats32

    @property
    def lexicons(self) -> list[Lexicon]:
        """Lexicon of the outputs, and that of the rationales if there is one."""
        lexicons = (self.output_lexicon, self.rationale_lexicon)
        return [lexicon for lexicon in lexicons if lexicon is not None]

    @property
    def width(self) -> int:
        """D, the number of features."""
        return len(self.center)

    @property
    def feature_block(self) -> Ints:
        """Block of each feature, (D,).

        0: raw scores, 1: core features, 2: other handcrafted features, 3: words of the output, 4: of the rationale.
        """
        handcrafted = [1 if name in CORE else 2 for name in HANDCRAFTED]
        rationale_words = 0 if self.rationale_lexicon is None else len(self.rationale_lexicon)
        bags = [3] * len(self.output_lexicon) + [4] * rationale_words
        return np.array([0] * len(self.keys) + handcrafted + bags, np.int32)

    def encode(self, items: Items, scales: Sequence[Scale]) -> Floats32:
        """Return the features of items.

        Args:
            items: n items.
            scales: the columns of `items.raw`.

        Returns:
            Features, (n, D); a missing raw score counts as the mean one.
        """
        features = _compute_features(items, scales, self.keys, self.output_lexicon, self.rationale_lexicon)
        return _standardize(features, self.center, self.factor)


def fit_encoder(items: Items, scales: Sequence[Scale]) -> tuple[Encoder, Floats32]:
    """Fit an encoder whose features have mean 0 and the standard deviation of their prior on the given items.

    Args:
        items: n items.
        scales: the columns of `items.raw`.

    Returns:
        The encoder, and the features of the items, (n, D).
    """
    keys = tuple(scale.key for scale in scales)
    output_lexicon = fit_lexicon(items.outputs)
    has_rationales = any(items.rationales)
    rationale_lexicon = fit_lexicon([text or "" for text in items.rationales]) if has_rationales else None
    features = _compute_features(items, scales, keys, output_lexicon, rationale_lexicon)
    center, deviation = _center_and_deviation(features, len(keys))
    prior = np.full(features.shape[1], BAG_DEVIATION)
    bags = len(keys) + len(HANDCRAFTED)
    prior[: len(keys)] = RAW_DEVIATION
    prior[len(keys) : bags] = [CORE_DEVIATION if name in CORE else HANDCRAFTED_DEVIATION for name in HANDCRAFTED]
    is_bag = np.arange(features.shape[1]) >= bags
    factor: Floats = np.where(is_bag, prior, prior / np.maximum(deviation, 1e-3))
    factor[deviation < 1e-6] = 0.0
    encoder = Encoder(keys, output_lexicon, rationale_lexicon, center.astype(np.float32), factor.astype(np.float32))
    return encoder, _standardize(features, encoder.center, encoder.factor)


def _compute_features(
    items: Items,
    scales: Sequence[Scale],
    keys: Sequence[str],
    output_lexicon: Lexicon,
    rationale_lexicon: Lexicon | None,
) -> Floats32:
    """Return the features before standardisation.

    Args:
        items: n items.
        scales: the columns of `items.raw`.
        keys: criteria whose raw scores are features.
        output_lexicon: of the outputs.
        rationale_lexicon: of the rationales, if they are used.

    Returns:
        Features, (n, D), NaN for missing raw scores.
    """
    inputs, rationales = ([text or "" for text in texts] for texts in (items.inputs, items.rationales))
    texts = compute_text_features(inputs, list(items.outputs), rationales, output_lexicon, rationale_lexicon)
    out = np.full((len(items), len(keys) + texts.shape[1]), np.nan, np.float32)
    columns = {scale.key: column for column, scale in enumerate(scales)}
    for place, key in enumerate(keys):
        if key in columns:
            out[:, place] = to_unit(scales[columns[key]], items.raw[:, columns[key]])
    out[:, len(keys) :] = texts
    return out


def _center_and_deviation(features: Floats32, raw_count: int) -> tuple[Floats, Floats]:
    """Return the mean and the standard deviation of each feature, (D,).

    The first `raw_count` features are raw scores, which may be missing; those missing everywhere get 0.
    """
    center, deviation = np.zeros(features.shape[1]), np.zeros(features.shape[1])
    raw, texts = features[:, :raw_count], features[:, raw_count:]
    known = ~np.isnan(raw).all(axis=0)
    center[:raw_count][known] = np.nanmean(raw[:, known], axis=0, dtype=np.float64)
    deviation[:raw_count][known] = np.nanstd(raw[:, known], axis=0, dtype=np.float64)
    center[raw_count:] = texts.mean(axis=0, dtype=np.float64)
    deviation[raw_count:] = texts.std(axis=0, dtype=np.float64)
    return center, deviation


def _standardize(features: Floats32, center: Floats32, factor: Floats32) -> Floats32:
    """Standardise features in place, with 0 for missing ones, and return them.

    Args:
        features: (n, D), NaN for missing ones.
        center: to subtract, (D,).
        factor: to multiply by, (D,).
    """
    features -= center
    features *= factor
    return np.nan_to_num(features, copy=False)
