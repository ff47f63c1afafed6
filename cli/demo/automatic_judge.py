"""The judge that the demo improves: a transparent automatic one for summaries. It is no language model.

It counts words: how much of the article's vocabulary a summary covers, how much of the summary the article supports,
how long it is and how little it repeats itself. Everybody can check why it gave a score, and that it is often wrong.
"""

import re
from collections import Counter
from typing import NamedTuple

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
_KEY_WORDS = 15
_GOOD_LENGTH = 45
# Words too common to tell what a text is about.
_COMMON_WORDS = """
a about after all also an and are as at be been but by can could did do for from had has have he her his i in into
is it its more new no not of on one or out over said she so some than that the their them then there they this to
two up was we were what when which who will with would you
"""
_COMMON = frozenset(_COMMON_WORDS.split())


class Verdict(NamedTuple):
    """A score from 0 to 1, and why."""

    score: float
    rationale: str


def judge_summary(article: str, summary: str) -> Verdict:
    """Score a summary of an article."""
    words = _words(summary)
    told = _content(words)
    if not told:
        return Verdict(0.0, "The summary says nothing.")
    source = _content(_words(article))
    key_words = [word for word, _ in Counter(source).most_common(_KEY_WORDS)]
    covered = sum(word in set(told) for word in key_words)
    coverage = covered / len(key_words) if key_words else 0.0
    support = sum(word in set(source) for word in told) / len(told)
    length = min(1.0, len(words) / _GOOD_LENGTH)
    freshness = len(set(told)) / len(told)
    score = 0.35 * coverage + 0.3 * support + 0.2 * length + 0.15 * freshness
    return Verdict(
        score,
        f"Uses {covered} of the article's {len(key_words)} most frequent words; {support:.0%} of its own words are in "
        f"the article; {len(words)} words long; {1 - freshness:.0%} repetition.",
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _content(words: list[str]) -> list[str]:
    return [word for word in words if word not in _COMMON and len(word) > 1]
