"""What stands of the feedback about one evaluation, once everybody's later word has replaced their earlier one.

A pure function of the evaluation's rows, so counters follow any change by taking off what stood before and adding what
stands after.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from models.agreement import coincidences
from models.counters import ALONE, CONFLICT, EVALUATION, OTHER
from models.criteria_set import as_bits, as_text
from models.evaluation import Scores


class Word(NamedTuple):
    """What a correction stands for: it is its rater's last word on ``gained``; later ones took back ``covered``.

    With only some criteria in mind, it counts as the rater's one usable correction of the evaluation if it gained any
    of them and none of them is covered: then exactly one of a rater's corrections counts.
    """

    gained: int
    covered: int

    def text(self) -> str:
        """As a column holds it."""
        return f"{as_text(self.gained)}/{as_text(self.covered)}"

    def counts(self, meant: int) -> bool:
        """Whether it is the one that counts, of the criteria that are meant."""
        return bool(self.gained & meant) and not self.covered & meant


def word(text: str) -> Word | None:
    """A word from its column; None where the item yields no label."""
    gained, slash, covered = text.partition("/")
    return Word(as_bits(gained), as_bits(covered)) if slash else None


class Said(NamedTuple):
    """One item of feedback as far as it matters here; ``scores`` only of a correction."""

    seq: int
    by: str
    at: int
    scores: Scores | None
    compared: int


@dataclass(slots=True)
class Standing:
    """What stands, as counters: by kind and key; and the words of corrections by ``seq``."""

    tallies: Counter[tuple[str, str]] = field(default_factory=Counter)
    pairs: Counter[tuple[int, int, float, float]] = field(default_factory=Counter)  # ordinal, raters, low, high
    words: dict[int, Word] = field(default_factory=dict)


def stand(said: Iterable[Said], *, grouped: bool, steps: Mapping[int, float]) -> Standing:
    """What stands of the items about one evaluation; ``steps`` are those of the criteria's scales."""
    found = Standing()
    opinions: dict[int, dict[str, float]] = defaultdict(dict)  # by ordinal: each rater's latest score
    covered: dict[str, int] = defaultdict(int)
    touched = labelled = 0
    other = False
    for item in sorted(said, key=lambda item: (item.at, item.seq), reverse=True):  # the latest word comes first
        if item.scores is None:
            other = True
            continue
        for ordinal, score in enumerate(item.scores):
            if score is not None:
                touched |= 1 << ordinal
                opinions[ordinal].setdefault(item.by, score)
        if item.compared:
            before = covered[item.by]
            found.words[item.seq] = Word(item.compared & ~before, before)
            covered[item.by] = before | item.compared
            labelled |= item.compared
    if touched or other:
        found.tallies[EVALUATION, as_text(touched) + (OTHER if other else "")] = 1
    if labelled and not grouped:
        found.tallies[ALONE, as_text(labelled)] = 1
    _compare(opinions, steps, found)
    return found


def _compare(opinions: Mapping[int, Mapping[str, float]], steps: Mapping[int, float], found: Standing) -> None:
    """How far people agree: each rater's latest score, by ordinal."""
    for ordinal, by_rater in opinions.items():
        scores = list(by_rater.values())
        if max(scores) - min(scores) > steps[ordinal] * (1 + 1e-9):
            found.tallies[CONFLICT, str(ordinal)] += 1
        for (raters, low, high), count in coincidences(scores).items():
            found.pairs[ordinal, raters, low, high] = count


def touches(criteria: str, meant: int) -> bool:
    """Whether an evaluation's tally, or a correction's set, is about criteria that are meant."""
    return criteria.endswith(OTHER) or bool(as_bits(criteria) & meant)
