"""Cheap features of an item's texts: hand-made ones and bags of word 1-2-grams, for many items at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Floats, Floats32
from trainer.features.tokens import (
    DIGIT,
    MARK,
    SPACE,
    STOP,
    UPPER,
    WORD,
    Hashes,
    Positions,
    Tokens,
    chain,
    pairs_of,
    tokenize,
)
from trainer.features.vocabulary import Lexicon

HAND = (
    "output length", "output words", "word length", "sentences", "words a sentence", "vocabulary", "repeated pairs",
    "repeated triples", "commonest word", "long words", "capitals", "capitalised words", "digits", "marks", "questions",
    "exclamations", "quotes", "commas", "lines", "list marks", "beyond ASCII", "ends a sentence", "empty",
    "input length", "length ratio", "words from input", "input covered", "pairs from input", "new numbers", "new names",
    "rationale length", "word rarity", "likeness to input", "rare words from input", "rare input covered",
)  # fmt: skip
"""The hand-made features, in order."""

CORE = {
    "output length", "output words", "word length", "sentences", "words a sentence", "vocabulary", "repeated pairs",
    "repeated triples", "commonest word", "long words", "marks", "input covered", "length ratio", "new names",
    "word rarity", "likeness to input", "rare words from input", "rare input covered",
}  # fmt: skip
"""Those that matter in most kinds of text; the others get a tighter prior."""

_TABLE = 4096
_CHUNK = 64


def text_features(
    inputs: list[str], outputs: list[str], rationales: list[str], lexicon: Lexicon, reasons: Lexicon | None
) -> Floats32:
    """Features of n items, (n, len(HAND) + len(lexicon)), and + len(reasons) with a bag of the rationale's words too.

    Equal texts are computed once. Hand-made features are logarithms or shares, a bag has length 1 (0 if empty).
    """
    keys = list(zip(inputs, outputs, rationales, strict=True))
    place: dict[tuple[str, str, str], int] = {}
    index = np.fromiter((place.setdefault(key, len(place)) for key in keys), np.int64, len(keys))
    unique = list(place)
    wide = len(HAND) + len(lexicon)
    out = np.zeros((len(unique), wide + (0 if reasons is None else len(reasons))), np.float32)
    for start in range(0, len(unique), _CHUNK):
        part = unique[start : start + _CHUNK]
        source, output = tokenize([key[0] for key in part]), tokenize([key[1] for key in part])
        rows = out[start : start + len(part)]
        pairs = pairs_of(output)
        rows[:, : len(HAND)] = _hand(source, output, pairs, np.array([len(key[2]) for key in part]), lexicon)
        rows[:, len(HAND) : wide] = _bag(output, pairs, lexicon)
        if reasons is not None:
            rationale = tokenize([key[2] for key in part])
            rows[:, wide:] = _bag(rationale, pairs_of(rationale), reasons)
    return out if len(unique) == len(keys) else out[index]


def _bag(tokens: Tokens, pairs: tuple[Positions, Hashes], lexicon: Lexicon) -> Floats:
    """Damped, length-normalised counts of the lexicon's 1-2-grams."""
    text = np.concatenate([tokens.text, pairs[0]])
    at, known = lexicon.place(np.concatenate([tokens.hash, pairs[1]]))
    size = len(lexicon)
    counts = np.bincount(text[known] * size + at[known], minlength=tokens.count * size).reshape(tokens.count, size)
    damped = np.log1p(counts)
    norm = np.sqrt((damped**2).sum(1, keepdims=True))
    return np.asarray(damped / np.maximum(norm, 1e-9))


def _slots(text: Positions, hashes: Hashes) -> Positions:
    """Places in a (texts, _TABLE) table of counts: a set per text without sorting, rare collisions accepted."""
    return text * _TABLE + (hashes >> np.uint64(20)).astype(np.int64) % _TABLE


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(part / np.maximum(whole, 1.0))


def _hand(
    source: Tokens, output: Tokens, pairs: tuple[Positions, Hashes], rationale_length: Positions, lexicon: Lexicon
) -> Floats:
    n = output.count

    def count(where: Positions, keep: np.ndarray | None = None) -> Floats:
        return np.bincount(where if keep is None else where[keep], minlength=n).astype(np.float64)

    def table(text: Positions, hashes: Hashes) -> Positions:
        return np.bincount(_slots(text, hashes), minlength=n * _TABLE)

    def distinct(filled: Positions) -> Floats:
        return np.asarray(np.count_nonzero(filled.reshape(n, _TABLE), axis=1), np.float64)

    def characters(of: Tokens, kind: int) -> Floats:
        return count(of.owner, (of.classes & kind) != 0)

    def symbol(*symbols: str) -> Floats:
        return count(output.owner[marks], np.isin(output.codes[marks], [ord(s) for s in symbols]))

    marks = np.flatnonzero(output.classes & MARK)
    size = count(output.owner) - 1
    words, input_words = count(output.text), count(source.text)
    letters = characters(output, WORD)
    stop = (output.classes & STOP) != 0
    sentences = count(output.owner[1:], stop[:-1] & ~stop[1:])
    vocabulary = table(output.text, output.hash)
    pair_words = count(pairs[0])
    same = pairs[0][1:] == pairs[0][:-1]
    triple_text = pairs[0][1:][same]
    triples = chain(pairs[1][:-1], pairs[1][1:])[same]
    line_break = output.codes == ord("\n")
    after_break = np.concatenate([[True], line_break[:-1] | (output.codes[:-1] == 0)])
    listed = np.flatnonzero(after_break)
    listed = listed[np.isin(output.codes[listed], [ord(s) for s in "-*•1234567890"])]
    solid = np.flatnonzero((output.classes & (WORD | MARK)) != 0)
    last = np.full(n, -1)
    last[output.owner[solid]] = solid  # later characters overwrite earlier ones
    ended = np.where(last >= 0, stop[last], False)

    input_table = table(source.text, source.hash)
    known = input_table[_slots(output.text, output.hash)] > 0
    source_pairs = pairs_of(source)
    pairs_known = table(*source_pairs)[_slots(*pairs)] > 0
    covered = np.count_nonzero(((vocabulary > 0) & (input_table > 0)).reshape(n, _TABLE), axis=1)
    number, capital = (output.flags & DIGIT) != 0, (output.flags & UPPER) != 0

    columns: list[Floats] = [
        np.log1p(size),
        np.log1p(words),
        _share(letters, words),
        np.log1p(sentences),
        np.log1p(words / np.maximum(sentences, 1.0)),
        np.log1p(distinct(vocabulary)) - 0.7 * np.log1p(words),
        _share(pair_words - distinct(table(*pairs)), pair_words),
        _share(count(triple_text) - distinct(table(triple_text, triples)), count(triple_text)),
        _share(vocabulary.reshape(n, _TABLE).max(1).astype(np.float64), words),
        _share(count(output.text, output.length > 6), words),
        _share(characters(output, UPPER), letters),
        _share(count(output.text, capital), words),
        _share(characters(output, DIGIT), size),
        _share(characters(output, MARK), size),
        np.sqrt(_share(symbol("?", "？"), words)),
        np.sqrt(_share(symbol("!", "！"), words)),
        np.sqrt(_share(symbol('"', "“", "”", "«", "»", "「"), words)),
        np.sqrt(_share(symbol(",", "，", "、"), words)),
        np.log1p(count(output.owner, line_break)),
        np.log1p(count(output.owner[listed])),
        np.sqrt(_share(count(output.owner, output.codes > 127), size)),
        ended.astype(np.float64),
        (size - characters(output, SPACE) == 0).astype(np.float64),
        np.log1p(count(source.owner) - 1),
        np.log1p(words) - np.log1p(input_words),
        _share(count(output.text, known), words),
        _share(covered.astype(np.float64), distinct(input_table)),
        _share(count(pairs[0], pairs_known), pair_words),
        np.log1p(count(output.text, number & ~known)),
        np.log1p(count(output.text, capital & ~known)),
        np.log1p(rationale_length.astype(np.float64)),
        *_shared(source, output, input_table, vocabulary, lexicon),
    ]
    return np.stack(columns, axis=1)


def _shared(
    source: Tokens, output: Tokens, input_table: Positions, vocabulary: Positions, lexicon: Lexicon
) -> list[Floats]:
    """How rare the output's words are, and what it shares with the input where rare words count for more.

    In order: the mean rarity of a word; the cosine of both texts' words, weighted by log(1 + count) times rarity
    (Salton & Buckley, Term-weighting approaches in automatic text retrieval, 1988); the input's share in the output's
    rarity, and the output's share in that of the input's different words.
    """
    n = output.count
    mine, other = _slots(output.text, output.hash), _slots(source.text, source.hash)
    here, there = vocabulary[mine], input_table[mine]  # how often the text, and the input, have a word of the text
    held, own = vocabulary[other], input_table[other]  # how often the text, and the input, have a word of the input
    rarity, input_rarity = lexicon.rarities(output), lexicon.rarities(source)

    def total(of: Tokens, weights: NDArray[Any]) -> Floats:
        return np.bincount(of.text, weights, n).astype(np.float64)

    dot = total(output, np.log1p(here) * np.log1p(there) * rarity**2 / here)
    size = total(output, (np.log1p(here) * rarity) ** 2 / here)
    input_size = total(source, (np.log1p(own) * input_rarity) ** 2 / own)
    whole, input_whole = total(output, rarity), total(source, input_rarity / own)
    return [
        _share(whole, np.bincount(output.text, minlength=n).astype(np.float64)),
        np.asarray(dot / np.sqrt(np.maximum(size * input_size, 1e-9))),
        np.asarray(total(output, rarity * (there > 0)) / np.maximum(whole, 1e-9)),
        np.asarray(total(source, input_rarity / own * (held > 0)) / np.maximum(input_whole, 1e-9)),
    ]
