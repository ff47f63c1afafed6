"""What stands of the feedback about one evaluation, once everybody's later word has replaced their earlier one.

A pure function of the evaluation's rows, so counters follow any change by taking off what stood before and adding what
stands after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple, Protocol

from models.counters.criteria_set import set_to_text, text_to_set
from models.counters.tables import EVALUATION, OTHER_SUFFIX, UNGROUPED
from models.evaluation import Scores
from models.feedback import FeedbackType

_PLACE = attrgetter("submitted_at", "seq")
_SILENT = (0, 0, None)


class CorrectionEffect(NamedTuple):
    """What a correction stands for: it is its rater's last word on ``gained``; later ones took back ``covered``.

    With only some criteria in mind, it counts as the rater's one usable correction of the evaluation if it gained any
    of them and none of them is covered: then exactly one of a rater's corrections counts.
    """

    gained: int
    covered: int
    overtaken: datetime | None = None  # when the rater's next usable correction of the evaluation was given

    def text(self) -> str:
        """As a column holds it."""
        return f"{set_to_text(self.gained)}/{set_to_text(self.covered)}"

    def counts(self, meant: int) -> bool:
        """Whether it is the one that counts, of the criteria that are meant."""
        return bool(self.gained & meant) and not self.covered & meant


def parse_effect(text: str) -> CorrectionEffect | None:
    """A word from its column; None where the item yields no label."""
    gained, slash, covered = text.partition("/")
    return CorrectionEffect(text_to_set(gained), text_to_set(covered)) if slash else None


class FeedbackRow(Protocol):
    """One item of feedback as far as it matters here."""

    seq: int
    type: FeedbackType
    scores: Scores | None
    compared: str
    submitted_by: str
    submitted_at: datetime


@dataclass(slots=True)
class EffectiveFeedback:
    """What stands: counters by kind and key, what was said about each criterion, and corrections' words by ``seq``."""

    tallies: list[tuple[str, str]] = field(default_factory=list)
    opinions: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)  # ordinal; its scores, one a rater
    words: dict[int, CorrectionEffect] = field(default_factory=dict)


def compute_effective(said: Sequence[FeedbackRow], *, grouped: bool) -> EffectiveFeedback:
    """What stands of the items about one evaluation."""
    found = EffectiveFeedback()
    opinions: dict[int, list[float]] = {}  # by ordinal: each rater's latest score
    spoken: dict[str, tuple[int, int, datetime | None]] = {}  # of a rater: touched, compared, when
    labelled = 0
    other = False
    if len(said) > 1:
        said = sorted(said, key=_PLACE, reverse=True)  # the latest word comes first
    for item in said:
        if item.type is not FeedbackType.CORRECTION or item.scores is None:
            other = True
            continue
        touched, covered, later = spoken.get(item.submitted_by, _SILENT)
        for ordinal, score in enumerate(item.scores):
            if score is not None and not touched >> ordinal & 1:
                touched |= 1 << ordinal
                opinions.setdefault(ordinal, []).append(score)
        compared = text_to_set(item.compared)
        if compared:
            found.words[item.seq] = CorrectionEffect(compared & ~covered, covered, later)
            covered, later = covered | compared, item.submitted_at
            labelled |= compared
        spoken[item.submitted_by] = touched, covered, later
    if opinions or other:
        found.tallies.append(
            (EVALUATION, set_to_text(sum([1 << ordinal for ordinal in opinions])) + OTHER_SUFFIX * other)
        )
    if labelled and not grouped:
        found.tallies.append((UNGROUPED, set_to_text(labelled)))
    found.opinions = [(ordinal, tuple(sorted(scores))) for ordinal, scores in opinions.items() if len(scores) > 1]
    return found


def concerns_any(criteria: str, meant: int) -> bool:
    """Whether an evaluation's tally, or a correction's set, is about criteria that are meant."""
    return criteria.endswith(OTHER_SUFFIX) or bool(text_to_set(criteria) & meant)
