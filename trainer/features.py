"""Cheap features of an item's texts: hand-made ones and hashed word 1-2-grams, for many items at once."""

from __future__ import annotations

import numpy as np

from trainer.base import Floats, Floats32
from trainer.text import DIGIT, MARK, SPACE, STOP, UPPER, WORD, Hashes, Positions, Tokens, mix, tokenize

HAND = (
    "output length", "output words", "word length", "sentences", "words a sentence", "vocabulary", "repeated pairs",
    "repeated triples", "commonest word", "long words", "capitals", "capitalised words", "digits", "marks", "questions",
    "exclamations", "quotes", "commas", "lines", "list marks", "beyond ASCII", "ends a sentence", "empty",
    "input length", "length ratio", "words from input", "input covered", "pairs from input", "new numbers", "new names",
    "rationale length",
)  # fmt: skip
"""The hand-made features, in order."""

CORE = {
    "output length", "output words", "word length", "sentences", "words a sentence", "vocabulary", "repeated pairs",
    "repeated triples", "commonest word", "long words", "marks", "input covered", "length ratio", "new names",
}  # fmt: skip
"""Those that matter in most kinds of text; the others get a tighter prior."""

BUCKETS = 512
"""Width of a hashed bag of 1-2-grams (Weinberger et al. 2009, with signs)."""

_TABLE = 4096
_CHUNK = 64
_SALT = np.uint64(0x5851F42D4C957F2D)


def text_features(inputs: list[str], outputs: list[str], rationales: list[str], *, rationale_bag: bool) -> Floats32:
    """Features of n items, (n, len(HAND) + BUCKETS), or + 2 * BUCKETS with a bag of the rationale's words too.

    Equal texts are computed once. Hand-made features are logarithms or shares, a bag has length 1 (0 if empty).
    """
    keys = list(zip(inputs, outputs, rationales, strict=True))
    place: dict[tuple[str, str, str], int] = {}
    index = np.fromiter((place.setdefault(key, len(place)) for key in keys), np.int64, len(keys))
    unique = list(place)
    out = np.zeros((len(unique), len(HAND) + BUCKETS * (1 + rationale_bag)), np.float32)
    for start in range(0, len(unique), _CHUNK):
        part = unique[start : start + _CHUNK]
        source, output = tokenize([key[0] for key in part]), tokenize([key[1] for key in part])
        rows = out[start : start + len(part)]
        pairs = _pairs(output)
        rows[:, : len(HAND)] = _hand(source, output, pairs, np.array([len(key[2]) for key in part]))
        rows[:, len(HAND) : len(HAND) + BUCKETS] = _bag(output, pairs)
        if rationale_bag:
            rationale = tokenize([key[2] for key in part])
            rows[:, len(HAND) + BUCKETS :] = _bag(rationale, _pairs(rationale))
    return out if len(unique) == len(keys) else out[index]


def _pairs(tokens: Tokens) -> tuple[Positions, Hashes]:
    """Text and hash of each two neighbouring tokens of the same text."""
    same = tokens.text[1:] == tokens.text[:-1]
    return tokens.text[1:][same], mix(tokens.hash[:-1] * _SALT + tokens.hash[1:])[same]


def _bag(tokens: Tokens, pairs: tuple[Positions, Hashes]) -> Floats:
    """Signed, damped, length-normalised counts of 1-2-grams in BUCKETS buckets."""
    text = np.concatenate([tokens.text, pairs[0]])
    hashes = np.concatenate([tokens.hash, pairs[1]])
    bucket = text * BUCKETS + (hashes % np.uint64(BUCKETS)).astype(np.int64)
    sign = 1.0 - 2.0 * (hashes >> np.uint64(63)).astype(np.float64)
    counts = np.bincount(bucket, sign, tokens.count * BUCKETS).reshape(tokens.count, BUCKETS)
    damped = np.sign(counts) * np.log1p(np.abs(counts))
    norm = np.sqrt((damped**2).sum(1, keepdims=True))
    return np.asarray(damped / np.maximum(norm, 1e-9))


def _slots(text: Positions, hashes: Hashes) -> Positions:
    """Places in a (texts, _TABLE) table of counts: a set per text without sorting, rare collisions accepted."""
    return text * _TABLE + (hashes >> np.uint64(20)).astype(np.int64) % _TABLE


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(part / np.maximum(whole, 1.0))


def _hand(source: Tokens, output: Tokens, pairs: tuple[Positions, Hashes], rationale_length: Positions) -> Floats:
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
    triples = mix(pairs[1][:-1] * _SALT + pairs[1][1:])[same]
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
    source_pairs = _pairs(source)
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
    ]
    return np.stack(columns, axis=1)
