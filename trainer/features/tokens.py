"""Tokenizer for many texts at once, by array operations instead of a loop over characters.

A token is a run of letters, marks and digits. In scripts written without spaces (Chinese, Japanese, Thai, ...) it is
one character, so that neighbouring tokens make character n-grams there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

WORD, SINGLE, UPPER, DIGIT, SPACE, MARK, STOP = 1, 2, 4, 8, 16, 32, 64
"""Bits of a character's class: part of a word, a token by itself, upper case, decimal digit, white space, punctuation
or symbol, end of a sentence."""

_UNSPACED = [(0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF)]
_STOPS = ".!?…。！？｡؟।"
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_SALT = 0x5851F42D4C957F2D
_BMP_SIZE = 0x10000
"""Characters of the Basic Multilingual Plane."""

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Tokens of n texts in reading order, and the characters they were cut from.

    One entry a token: `text` (its text's position), `hash` (of its lower-cased content), `length` (characters), `flags`
    (class bits of its first character). One entry a character, and one separator of class 0 after each text:
    `char_class` (class bits), `char_code` (code point), `char_text` (its text's position). `count`: n.
    """

    text: Positions
    hash: Hashes
    length: Positions
    flags: NDArray[np.uint8]
    char_class: NDArray[np.uint8]
    char_code: NDArray[np.uint32]
    char_text: Positions
    count: int


@lru_cache(maxsize=1)
def _character_tables() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return the class bits and the lower case of each character of the Basic Multilingual Plane."""
    flags = np.zeros(_BMP_SIZE, np.uint8)
    lower = np.arange(_BMP_SIZE, dtype=np.uint32)
    for code in range(_BMP_SIZE):
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] in "LMN":
            flags[code] = WORD | (UPPER if category == "Lu" else 0) | (DIGIT if category == "Nd" else 0)
            small = character.lower()
            if len(small) == 1:
                lower[code] = ord(small)
        elif category[0] in "PS":
            flags[code] = MARK
        elif character.isspace():
            flags[code] = SPACE
    for first, last in _UNSPACED:
        flags[first : last + 1] |= np.where(flags[first : last + 1] & WORD, SINGLE, 0).astype(np.uint8)
    for stop in _STOPS:
        flags[ord(stop)] |= STOP
    return flags, lower


@lru_cache(maxsize=4)
def _powers(base: int, count: int) -> Hashes:
    """Return base**0 .. base**(count - 1), modulo 2**64."""
    powers = np.full(count, base, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


def _classify(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return the class bits and the lower case of each code point."""
    flags, lower = _character_tables()
    if codes.max(initial=0) < _BMP_SIZE:
        return flags[codes], lower[codes]
    beyond = codes >= _BMP_SIZE
    near = np.where(beyond, 0, codes)
    emoji = (codes >= 0x1F000) & (codes < 0x20000)
    far = np.where(emoji, MARK, np.where(codes >= 0x20000, WORD | SINGLE, WORD)).astype(np.uint8)
    return np.where(beyond, far, flags[near]), np.where(beyond, codes, lower[near])


def mix_hashes(values: Hashes) -> Hashes:
    """Scramble 64-bit values so that every bit depends on all others (the finaliser of MurmurHash3)."""
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def combine_hashes(first: Hashes, second: Hashes) -> Hashes:
    """Return the hashes of sequences, given those of their parts; the order of the parts matters."""
    return mix_hashes(first * np.uint64(_SALT) + second)


def adjacent_pairs(tokens: Tokens) -> tuple[Positions, Hashes]:
    """Return the text and the hash of each two neighbouring tokens of the same text."""
    same = tokens.text[1:] == tokens.text[:-1]
    return tokens.text[1:][same], combine_hashes(tokens.hash[:-1], tokens.hash[1:])[same]


def tokenize(texts: Sequence[str]) -> Tokens:
    """Cut texts into tokens; compatibility forms (full-width letters and the like) count as their plain forms.

    A token's hash is a polynomial in its lower-cased characters, taken from prefix sums modulo 2**64.
    """
    joined = "\0".join(texts) + "\0"
    if not joined.isascii():
        texts = [t if t.isascii() else unicodedata.normalize("NFKC", t) for t in texts]
        joined = "\0".join(texts) + "\0"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4")
    lengths = np.fromiter((len(t) + 1 for t in texts), np.int64, len(texts))
    flags, lower = _classify(codes)
    starts, ends = _token_bounds(flags)
    size = 1 << max(16, len(codes).bit_length())
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((lower.astype(np.uint64) + np.uint64(1)) * _powers(_BASE, size)[: len(codes)], out=sums[1:])
    hashes = mix_hashes((sums[ends] - sums[starts]) * _powers(_INVERSE, size)[starts])
    char_text = np.repeat(np.arange(len(texts)), lengths)
    return Tokens(char_text[starts], hashes, ends - starts, flags[starts], flags, codes, char_text, len(texts))


def _token_bounds(flags: NDArray[np.uint8]) -> tuple[Positions, Positions]:
    """Return where tokens start and where they end (exclusive), given the class bits of each character."""
    word = (flags & WORD) != 0
    single = (flags & SINGLE) != 0
    after_word = np.concatenate([[False], word[:-1]])
    after_single = np.concatenate([[False], single[:-1]])
    starts = np.flatnonzero(word & (~after_word | single | after_single))
    ends = np.flatnonzero(after_word & (~word | single | after_single))  # the joined text ends in a separator
    return starts, ends
