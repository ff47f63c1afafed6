"""From items to the matrix the residual learns on: standardised raw scores, hand-made features, bags of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Floats, Floats32, Ints
from trainer.data import Items, Scale
from trainer.features.text_features import CORE, HAND, text_features
from trainer.features.vocabulary import Lexicon, fit_lexicon
from trainer.scales import to_unit

RAW_SPREAD, CORE_SPREAD, HAND_SPREAD, BAG_SPREAD = 0.1, 0.09, 0.03, 0.6
"""Prior standard deviations, in logits, of the effect of one raw score, one hand-made feature, one whole bag."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """Features as fitted on the items of one task; a version carries its own, so old versions never change.

    `keys`: criteria whose raw scores are features. `lexicon`: of the outputs; `reasons`: of the rationales, if any.
    `center`, `factor`: (D,), feature = (x - center) * factor.
    """

    keys: tuple[str, ...]
    lexicon: Lexicon
    reasons: Lexicon | None
    center: Floats32
    factor: Floats32

    @property
    def lexicons(self) -> list[Lexicon]:
        """That of the outputs, and that of the rationales if there is one."""
        return [self.lexicon] if self.reasons is None else [self.lexicon, self.reasons]

    @property
    def width(self) -> int:
        """D, the number of features."""
        return len(self.center)

    @property
    def block(self) -> Ints:
        """The block of each feature, (D,): raw scores, core and other hand-made features, bags of words."""
        hand = [1 if name in CORE else 2 for name in HAND]
        bags = [3] * len(self.lexicon) + [4] * (0 if self.reasons is None else len(self.reasons))
        return np.array([0] * len(self.keys) + hand + bags, np.int32)

    def encode(self, items: Items, scales: Sequence[Scale]) -> Floats32:
        """Features of n items, (n, D); `scales` name the columns of `items.raw`, missing scores count as usual ones."""
        features = _measure(items, scales, self.keys, self.lexicon, self.reasons)
        features -= self.center
        features *= self.factor
        return np.nan_to_num(features, copy=False)


def _measure(
    items: Items, scales: Sequence[Scale], keys: Sequence[str], lexicon: Lexicon, reasons: Lexicon | None
) -> Floats32:
    inputs, rationales = ([text or "" for text in texts] for texts in (items.inputs, items.rationales))
    texts = text_features(inputs, list(items.outputs), rationales, lexicon, reasons)
    out = np.full((len(items), len(keys) + texts.shape[1]), np.nan, np.float32)
    columns = {scale.key: column for column, scale in enumerate(scales)}
    for place, key in enumerate(keys):
        if key in columns:
            out[:, place] = to_unit(scales[columns[key]], items.raw[:, columns[key]])
    out[:, len(keys) :] = texts
    return out


def fit_encoder(items: Items, scales: Sequence[Scale]) -> tuple[Encoder, Floats32]:
    """An encoder whose features have mean 0 and their prior's standard deviation on `items`, and their features."""
    keys = tuple(scale.key for scale in scales)
    lexicon = fit_lexicon(items.outputs)
    reasons = fit_lexicon([text or "" for text in items.rationales]) if any(items.rationales) else None
    features = _measure(items, scales, keys, lexicon, reasons)
    some = ~np.isnan(features[:, : len(keys)]).all(axis=0)
    center = np.zeros(features.shape[1])
    spread = np.zeros(features.shape[1])
    center[: len(keys)][some] = np.nanmean(features[:, : len(keys)][:, some], axis=0, dtype=np.float64)
    spread[: len(keys)][some] = np.nanstd(features[:, : len(keys)][:, some], axis=0, dtype=np.float64)
    center[len(keys) :] = features[:, len(keys) :].mean(axis=0, dtype=np.float64)
    spread[len(keys) :] = features[:, len(keys) :].std(axis=0, dtype=np.float64)
    prior = np.full(features.shape[1], BAG_SPREAD)
    prior[: len(keys)] = RAW_SPREAD
    prior[len(keys) : len(keys) + len(HAND)] = [CORE_SPREAD if name in CORE else HAND_SPREAD for name in HAND]
    bag = np.arange(features.shape[1]) >= len(keys) + len(HAND)
    factor: Floats = np.where(bag, prior, prior / np.maximum(spread, 1e-3))
    factor[spread < 1e-6] = 0.0
    encoder = Encoder(keys, lexicon, reasons, center.astype(np.float32), factor.astype(np.float32))
    features -= encoder.center
    features *= encoder.factor
    return encoder, np.nan_to_num(features, copy=False)
