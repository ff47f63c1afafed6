"""The words and pairs of words that the texts of a task have in common: what a bag of words counts, and what is rare.

A bag over the commonest 1-2-grams of the texts at hand is narrow, and no two n-grams share a place in it. How many
texts hold a word tells how much it says: its rarity is log((1 + texts) / (1 + texts with it)), the inverse document
frequency (Sparck Jones, A statistical interpretation of term specificity, J. of Documentation 28, 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Floats32
from trainer.features.tokens import Hashes, Positions, Tokens, pairs_of, tokenize

MOST = 512
"""1-2-grams of a lexicon at most."""
HELD = 2
"""Texts that must hold a 1-2-gram."""
LOOKED_AT = 2000
"""Texts looked at; of more, evenly spread ones."""
_CHUNK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """K 1-2-grams: `hashes` (K,), rising, and the `rarity` (K,) of each; `unseen_rarity` is that of all others."""

    hashes: Hashes
    rarity: Floats32
    unseen_rarity: float

    def __len__(self) -> int:
        return len(self.hashes)

    def place(self, hashes: Hashes) -> tuple[Positions, NDArray[np.bool_]]:
        """Where in the lexicon each hash is, and whether it is there at all."""
        if not len(self):
            return np.zeros(len(hashes), np.int64), np.zeros(len(hashes), np.bool_)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
        return at, self.hashes[at] == hashes

    def rarities(self, tokens: Tokens) -> Floats32:
        """Rarity of each token."""
        at, known = self.place(tokens.hash)
        out = np.full(len(at), self.unseen_rarity, np.float32)
        out[known] = self.rarity[at[known]]
        return out


def fit_lexicon(texts: Sequence[str]) -> Lexicon:
    """The 1-2-grams that most of `texts` hold; equal texts count once."""
    unique = list(dict.fromkeys(texts))
    if len(unique) > LOOKED_AT:
        unique = [unique[k] for k in np.linspace(0, len(unique) - 1, LOOKED_AT).astype(np.int64)]
    grams: list[Hashes] = []
    for start in range(0, len(unique), _CHUNK):
        tokens = tokenize(unique[start : start + _CHUNK])
        pair_text, pair_hash = pairs_of(tokens)
        text, hashes = np.concatenate([tokens.text, pair_text]), np.concatenate([tokens.hash, pair_hash])
        order = np.lexsort((hashes, text))
        text, hashes = text[order], hashes[order]
        fresh = np.ones(len(text), np.bool_)
        fresh[1:] = (text[1:] != text[:-1]) | (hashes[1:] != hashes[:-1])
        grams.append(hashes[fresh])
    found, held = np.unique(np.concatenate([*grams, np.zeros(0, np.uint64)]), return_counts=True)
    kept = np.sort(np.lexsort((found, -held))[:MOST])
    kept = kept[held[kept] >= HELD]
    rarity = np.log((1 + len(unique)) / (1.0 + held[kept]))
    rare = float(rarity.max()) if len(kept) else 1.0
    return Lexicon(found[kept], rarity.astype(np.float32), rare)
