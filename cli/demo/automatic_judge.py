"""Automatic judge of summaries that the demo improves; it is no language model.

It counts words: the share of the article's frequent words that a summary uses, the share of the summary's words that
the article has, its length and its repetition. Everybody can check the reason for a score, and that scores are often
wrong.
"""

import re
from collections import Counter
from typing import NamedTuple

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
_MAX_KEY_WORDS = 15
_FULL_LENGTH = 45  # words from which a summary gets all points for its length
# Words too common to show the topic of a text.
_COMMON_WORDS = """
a about after all also an and are as at be been but by can could did do for from had has have he her his i in into
is it its more new no not of on one or out over said she so some than that the their them then there they this to
two up was we were what when which who will with would you
"""
_COMMON = frozenset(_COMMON_WORDS.split())


class Verdict(NamedTuple):
    """A score from 0 to 1 with its reason."""

    score: float
    rationale: str


def judge_summary(article: str, summary: str) -> Verdict:
    """Score a summary of an article."""
    words = _split_words(summary)
    used = _content_words(words)
    if not used:
        return Verdict(0.0, "The summary has no content words.")
    source = _content_words(_split_words(article))
    key_words = [word for word, _ in Counter(source).most_common(_MAX_KEY_WORDS)]
    covered = sum(word in set(used) for word in key_words)
    coverage = covered / len(key_words) if key_words else 0.0
    support = sum(word in set(source) for word in used) / len(used)
    length = min(1.0, len(words) / _FULL_LENGTH)
    freshness = len(set(used)) / len(used)
    score = 0.35 * coverage + 0.3 * support + 0.2 * length + 0.15 * freshness
    return Verdict(
        score,
        f"Uses {covered} of the article's {len(key_words)} most frequent words; {support:.0%} of its own words are in "
        f"the article; {len(words)} words long; {1 - freshness:.0%} repetition.",
    )


def _split_words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _content_words(words: list[str]) -> list[str]:
    return [word for word in words if word not in _COMMON and len(word) > 1]
