"""Lexicon of a task: the words and pairs of words (1-2-grams) that its texts have in common, and their rarity.

A bag of words over the most frequent 1-2-grams of the task's own texts is narrow, and no two n-grams share a place in
it. The rarity of a word is log((1 + texts) / (1 + texts with it)), the inverse document frequency (Sparck Jones, A
statistical interpretation of term specificity, J. of Documentation 28, 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Floats32
from trainer.features.tokens import Hashes, Positions, Tokens, adjacent_pairs, tokenize

MAX_GRAMS = 512
"""1-2-grams of a lexicon at most."""
MIN_TEXTS = 2
"""Texts that must hold a 1-2-gram at least."""
MAX_TEXTS = 2000
"""Texts that a lexicon is fitted on at most; of more, evenly spaced ones are used."""
_CHUNK = 256
"""Texts tokenized at a time, which bounds the memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """L 1-2-grams: their `hashes` (L,), rising, and their `rarity` (L,); `unseen_rarity` is that of all others."""

    hashes: Hashes
    rarity: Floats32
    unseen_rarity: float

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: Hashes) -> tuple[Positions, NDArray[np.bool_]]:
        """Return the position of each hash in the lexicon, and a mask of the hashes that are in it."""
        if not len(self):
            return np.zeros(len(hashes), np.int64), np.zeros(len(hashes), np.bool_)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
        return at, self.hashes[at] == hashes

    def rarities(self, tokens: Tokens) -> Floats32:
        """Return the rarity of each token."""
        at, known = self.find(tokens.hash)
        out = np.full(len(at), self.unseen_rarity, np.float32)
        out[known] = self.rarity[at[known]]
        return out


def fit_lexicon(texts: Sequence[str]) -> Lexicon:
    """Return the lexicon of the 1-2-grams that the largest number of texts hold; equal texts count once."""
    unique = list(dict.fromkeys(texts))
    if len(unique) > MAX_TEXTS:
        unique = [unique[k] for k in np.linspace(0, len(unique) - 1, MAX_TEXTS).astype(np.int64)]
    grams = [_distinct_grams(unique[start : start + _CHUNK]) for start in range(0, len(unique), _CHUNK)]
    found, texts_with = np.unique(np.concatenate([*grams, np.zeros(0, np.uint64)]), return_counts=True)
    kept = np.sort(np.lexsort((found, -texts_with))[:MAX_GRAMS])
    kept = kept[texts_with[kept] >= MIN_TEXTS]
    rarity = np.log((1 + len(unique)) / (1.0 + texts_with[kept]))
    unseen_rarity = float(rarity.max()) if len(kept) else 1.0
    return Lexicon(found[kept], rarity.astype(np.float32), unseen_rarity)


def _distinct_grams(texts: Sequence[str]) -> Hashes:
    """Return the hashes of the 1-2-grams of each text, each once a text."""
    tokens = tokenize(texts)
    pair_text, pair_hash = adjacent_pairs(tokens)
    text, hashes = np.concatenate([tokens.text, pair_text]), np.concatenate([tokens.hash, pair_hash])
    order = np.lexsort((hashes, text))
    text, hashes = text[order], hashes[order]
    first = np.ones(len(text), np.bool_)
    first[1:] = (text[1:] != text[:-1]) | (hashes[1:] != hashes[:-1])
    return hashes[first]
