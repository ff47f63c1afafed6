"""Text features of items, many items at once: handcrafted ones and bags of word 1-2-grams.

The order of the features and the way each is computed are part of the format of version files: a version's parameters
belong to them.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    adjacent_pairs,
    combine_hashes,
    tokenize,
)
from trainer.features.vocabulary import Lexicon

HANDCRAFTED = (
    "output length", "output words", "word length", "sentences", "words per sentence", "vocabulary", "repeated pairs",
    "repeated triples", "most frequent word", "long words", "capitals", "capitalised words", "digits", "punctuation",
    "questions", "exclamations", "quotes", "commas", "lines", "list markers", "non-ASCII characters",
    "ends a sentence", "empty", "input length", "length ratio", "words from input", "input coverage",
    "pairs from input", "new numbers", "new capitalised words", "rationale length", "word rarity",
    "cosine similarity to input", "rare words from input", "rare input coverage",
)  # fmt: skip
"""Names of the handcrafted features, in order."""

CORE = {
    "output length", "output words", "word length", "sentences", "words per sentence", "vocabulary", "repeated pairs",
    "repeated triples", "most frequent word", "long words", "punctuation", "input coverage", "length ratio",
    "new capitalised words", "word rarity", "cosine similarity to input", "rare words from input",
    "rare input coverage",
}  # fmt: skip
"""Handcrafted features that matter in most kinds of text; the others get a tighter prior."""

_TABLE_SIZE = 4096
"""Slots of a text's table of token counts."""
_CHUNK = 64
"""Items computed at a time, which bounds the memory."""


def compute_text_features(
    inputs: list[str],
    outputs: list[str],
    rationales: list[str],
    output_lexicon: Lexicon,
    rationale_lexicon: Lexicon | None,
) -> Floats32:
    """Return the text features of items; equal items are computed once.

    Handcrafted features are logarithms or shares; a bag of words has Euclidean length 1, or 0 if it is empty.

    Args:
        inputs: text of each item's input, n.
        outputs: text of each item's output, n.
        rationales: text of each item's rationale, n.
        output_lexicon: 1-2-grams of outputs to count.
        rationale_lexicon: 1-2-grams of rationales to count; None leaves their bag out.

    Returns:
        Features, (n, len(HANDCRAFTED) + len(output_lexicon) + len(rationale_lexicon)).
    """
    keys = list(zip(inputs, outputs, rationales, strict=True))
    place: dict[tuple[str, str, str], int] = {}
    index = np.fromiter((place.setdefault(key, len(place)) for key in keys), np.int64, len(keys))
    unique = list(place)
    bags = len(HANDCRAFTED) + len(output_lexicon)
    out = np.zeros((len(unique), bags + (0 if rationale_lexicon is None else len(rationale_lexicon))), np.float32)
    for start in range(0, len(unique), _CHUNK):
        part = unique[start : start + _CHUNK]
        texts = _TextPair.build([key[0] for key in part], [key[1] for key in part])
        rationale_length = np.array([len(key[2]) for key in part])
        rows = out[start : start + len(part)]
        rows[:, : len(HANDCRAFTED)] = _handcrafted_features(texts, rationale_length, output_lexicon)
        rows[:, len(HANDCRAFTED) : bags] = _bag_of_words(texts.output, texts.pairs, output_lexicon)
        if rationale_lexicon is not None:
            rationale = tokenize([key[2] for key in part])
            rows[:, bags:] = _bag_of_words(rationale, adjacent_pairs(rationale), rationale_lexicon)
    return out if len(unique) == len(keys) else out[index]


def _bag_of_words(tokens: Tokens, pairs: tuple[Positions, Hashes], lexicon: Lexicon) -> Floats:
    """Return damped, length-normalised counts of a lexicon's 1-2-grams.

    Args:
        tokens: of n texts.
        pairs: their neighbouring tokens.
        lexicon: L 1-2-grams.

    Returns:
        Counts, (n, L).
    """
    text = np.concatenate([tokens.text, pairs[0]])
    at, known = lexicon.find(np.concatenate([tokens.hash, pairs[1]]))
    size = len(lexicon)
    counts = np.bincount(text[known] * size + at[known], minlength=tokens.count * size).reshape(tokens.count, size)
    damped = np.log1p(counts)
    norm = np.sqrt((damped**2).sum(1, keepdims=True))
    return np.asarray(damped / np.maximum(norm, 1e-9))


@dataclass(frozen=True, slots=True)
class _TextPair:
    """Inputs and outputs of n items with the counts that several features share.

    `pairs`: neighbouring tokens of the outputs. `size`, `words`, `letters` (n,): characters, tokens and letters of an
    output. `output_table`, `input_table` (n * _TABLE_SIZE,): how often each slot's tokens occur.
    """

    source: Tokens
    output: Tokens
    pairs: tuple[Positions, Hashes]
    size: Floats
    words: Floats
    letters: Floats
    output_table: Positions
    input_table: Positions

    @classmethod
    def build(cls, inputs: list[str], outputs: list[str]) -> _TextPair:
        source, output = tokenize(inputs), tokenize(outputs)
        n = output.count
        return cls(
            source,
            output,
            adjacent_pairs(output),
            _count(output.char_text, n) - 1,  # without the separator
            _count(output.text, n),
            _count_class(output, WORD),
            _count_table(output.text, output.hash, n),
            _count_table(source.text, source.hash, n),
        )


def _handcrafted_features(texts: _TextPair, rationale_length: Positions, lexicon: Lexicon) -> Floats:
    """Return the handcrafted features.

    Args:
        texts: inputs and outputs of n items.
        rationale_length: characters of each rationale, (n,).
        lexicon: of the outputs.

    Returns:
        Features, (n, len(HANDCRAFTED)).
    """
    columns = {
        **_length_features(texts),
        **_repetition_features(texts),
        **_style_features(texts),
        **_layout_features(texts.output),
        **_overlap_features(texts),
        **_rarity_features(texts, lexicon),
        "rationale length": np.log1p(rationale_length.astype(np.float64)),
    }
    return np.stack([columns[name] for name in HANDCRAFTED], axis=1)


def _length_features(texts: _TextPair) -> dict[str, Floats]:
    output, words = texts.output, texts.words
    stop = (output.char_class & STOP) != 0
    sentences = _count(output.char_text[1:], output.count, stop[:-1] & ~stop[1:])
    input_words = _count(texts.source.text, output.count)
    return {
        "output length": np.log1p(texts.size),
        "output words": np.log1p(words),
        "word length": _share(texts.letters, words),
        "sentences": np.log1p(sentences),
        "words per sentence": np.log1p(words / np.maximum(sentences, 1.0)),
        "empty": (texts.size - _count_class(output, SPACE) == 0).astype(np.float64),
        "input length": np.log1p(_count(texts.source.char_text, output.count) - 1),
        "length ratio": np.log1p(words) - np.log1p(input_words),
    }


def _repetition_features(texts: _TextPair) -> dict[str, Floats]:
    n, words = texts.output.count, texts.words
    pair_text, pair_hash = texts.pairs
    pairs = _count(pair_text, n)
    same = pair_text[1:] == pair_text[:-1]
    triple_text = pair_text[1:][same]
    triple_hash = combine_hashes(pair_hash[:-1], pair_hash[1:])[same]
    triples = _count(triple_text, n)
    distinct_pairs = _count_distinct(_count_table(pair_text, pair_hash, n), n)
    distinct_triples = _count_distinct(_count_table(triple_text, triple_hash, n), n)
    return {
        "vocabulary": np.log1p(_count_distinct(texts.output_table, n)) - 0.7 * np.log1p(words),
        "repeated pairs": _share(pairs - distinct_pairs, pairs),
        "repeated triples": _share(triples - distinct_triples, triples),
        "most frequent word": _share(texts.output_table.reshape(n, _TABLE_SIZE).max(1).astype(np.float64), words),
    }


def _style_features(texts: _TextPair) -> dict[str, Floats]:
    output, n, words = texts.output, texts.output.count, texts.words
    marks = np.flatnonzero(output.char_class & MARK)

    def symbols(characters: str) -> Floats:
        """Return the square root of the share of some punctuation characters in the number of words."""
        is_one = np.isin(output.char_code[marks], [ord(character) for character in characters])
        return np.sqrt(_share(_count(output.char_text[marks], n, is_one), words))

    return {
        "long words": _share(_count(output.text, n, output.length > 6), words),
        "capitals": _share(_count_class(output, UPPER), texts.letters),
        "capitalised words": _share(_count(output.text, n, (output.flags & UPPER) != 0), words),
        "digits": _share(_count_class(output, DIGIT), texts.size),
        "punctuation": _share(_count_class(output, MARK), texts.size),
        "questions": symbols("?？"),
        "exclamations": symbols("!！"),
        "quotes": symbols('"“”«»「'),
        "commas": symbols(",，、"),
        "non-ASCII characters": np.sqrt(_share(_count(output.char_text, n, output.char_code > 127), texts.size)),
    }


def _layout_features(output: Tokens) -> dict[str, Floats]:
    n = output.count
    line_break = output.char_code == ord("\n")
    after_break = np.concatenate([[True], line_break[:-1] | (output.char_code[:-1] == 0)])
    line_starts = np.flatnonzero(after_break)
    list_markers = line_starts[np.isin(output.char_code[line_starts], [ord(s) for s in "-*•1234567890"])]
    solid = np.flatnonzero((output.char_class & (WORD | MARK)) != 0)
    last = np.full(n, -1)
    last[output.char_text[solid]] = solid  # later characters overwrite earlier ones
    ends_sentence = np.where(last >= 0, (output.char_class[last] & STOP) != 0, False)
    return {
        "lines": np.log1p(_count(output.char_text, n, line_break)),
        "list markers": np.log1p(_count(output.char_text[list_markers], n)),
        "ends a sentence": ends_sentence.astype(np.float64),
    }


def _overlap_features(texts: _TextPair) -> dict[str, Floats]:
    """Return how much of the output is in the input, and how much of the input in the output."""
    source, output, n = texts.source, texts.output, texts.output.count
    known = texts.input_table[_slots(output.text, output.hash)] > 0
    known_pairs = _count_table(*adjacent_pairs(source), n)[_slots(*texts.pairs)] > 0
    covered = _count_distinct((texts.output_table > 0) & (texts.input_table > 0), n)
    is_number, is_capitalised = (output.flags & DIGIT) != 0, (output.flags & UPPER) != 0
    return {
        "words from input": _share(_count(output.text, n, known), texts.words),
        "input coverage": _share(covered, _count_distinct(texts.input_table, n)),
        "pairs from input": _share(_count(texts.pairs[0], n, known_pairs), _count(texts.pairs[0], n)),
        "new numbers": np.log1p(_count(output.text, n, is_number & ~known)),
        "new capitalised words": np.log1p(_count(output.text, n, is_capitalised & ~known)),
    }


def _rarity_features(texts: _TextPair, lexicon: Lexicon) -> dict[str, Floats]:
    """Return how rare the output's words are, and its overlap with the input when rare words have more weight.

    "word rarity" is the mean rarity of a word. "cosine similarity to input" is the cosine of both texts' words,
    weighted by log(1 + count) times rarity (Salton & Buckley, Term-weighting approaches in automatic text retrieval,
    1988). "rare words from input" is the input's share in the output's rarity, and "rare input coverage" the output's
    share in that of the input's different words.
    """
    source, output, n = texts.source, texts.output, texts.output.count
    output_slots, input_slots = _slots(output.text, output.hash), _slots(source.text, source.hash)
    # Counts of each word of the output in the output and in the input, then of each word of the input in both.
    here, there = texts.output_table[output_slots], texts.input_table[output_slots]
    held, own = texts.output_table[input_slots], texts.input_table[input_slots]
    rarity, input_rarity = lexicon.rarities(output), lexicon.rarities(source)

    def total(of: Tokens, weights: NDArray[Any]) -> Floats:
        return np.bincount(of.text, weights, n).astype(np.float64)

    dot = total(output, np.log1p(here) * np.log1p(there) * rarity**2 / here)
    size = total(output, (np.log1p(here) * rarity) ** 2 / here)
    input_size = total(source, (np.log1p(own) * input_rarity) ** 2 / own)
    whole, input_whole = total(output, rarity), total(source, input_rarity / own)
    shared, input_shared = total(output, rarity * (there > 0)), total(source, input_rarity / own * (held > 0))
    return {
        "word rarity": _share(whole, texts.words),
        "cosine similarity to input": np.asarray(dot / np.sqrt(np.maximum(size * input_size, 1e-9))),
        "rare words from input": np.asarray(shared / np.maximum(whole, 1e-9)),
        "rare input coverage": np.asarray(input_shared / np.maximum(input_whole, 1e-9)),
    }


def _count(text: Positions, n: int, keep: np.ndarray | None = None) -> Floats:
    """Return how many entries each text has.

    Args:
        text: text of each entry.
        n: number of texts.
        keep: mask of the entries to count; None counts all.
    """
    return np.bincount(text if keep is None else text[keep], minlength=n).astype(np.float64)


def _count_class(tokens: Tokens, bits: int) -> Floats:
    """Return how many characters of a class each text has, (n,)."""
    return _count(tokens.char_text, tokens.count, (tokens.char_class & bits) != 0)


def _count_table(text: Positions, hashes: Hashes, n: int) -> Positions:
    """Return how often the hashes of each slot occur.

    Args:
        text: text of each hash.
        hashes: of tokens or sequences of them.
        n: number of texts.

    Returns:
        Counts, (n * _TABLE_SIZE,).
    """
    return np.bincount(_slots(text, hashes), minlength=n * _TABLE_SIZE)


def _count_distinct(table: NDArray[Any], n: int) -> Floats:
    """Return how many slots of each text's table are filled, (n,)."""
    return np.asarray(np.count_nonzero(table.reshape(n, _TABLE_SIZE), axis=1), np.float64)


def _slots(text: Positions, hashes: Hashes) -> Positions:
    """Return the slots of hashes in an (n, _TABLE_SIZE) table of counts.

    The table is a multiset per text that needs no sorting; rare collisions are accepted.
    """
    return text * _TABLE_SIZE + (hashes >> np.uint64(20)).astype(np.int64) % _TABLE_SIZE


def _share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, with a whole of at least 1."""
    return np.asarray(part / np.maximum(whole, 1.0))
