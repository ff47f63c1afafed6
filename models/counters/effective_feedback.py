"""Effective feedback on one evaluation: each rater's latest score of a criterion supersedes their earlier ones.

``compute_effective`` is a pure function of the evaluation's rows of feedback. Counters can therefore follow any change:
subtract the result before the change and add the result after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple, Protocol

from models.counters.criteria_set import set_to_text, text_to_set
from models.counters.tables import EVALUATION, OTHER_SUFFIX, UNGROUPED
from models.evaluation import Scores
from models.feedback import FeedbackType

_chronological_key = attrgetter("submitted_at", "seq")
_NO_LATER_CORRECTION = (0, 0, None)


class CorrectionEffect(NamedTuple):
    """The part of a usable correction that still counts, as sets of criteria.

    It holds its rater's latest score of the ``effective`` criteria; later corrections replaced its scores of the
    ``superseded`` ones. When only some criteria are selected, the correction counts as the rater's one usable
    correction of the evaluation if at least one of them is effective and none is superseded. Exactly one of a rater's
    corrections of an evaluation meets this condition.
    """

    effective: int
    superseded: int
    superseded_at: datetime | None = None  # when the rater's next usable correction of the evaluation was given

    def to_text(self) -> str:
        """Return the value of the column ``feedback.standing``."""
        return _effect_text(self.effective, self.superseded)

    def counts_for(self, criteria: int) -> bool:
        """Return whether this is the rater's one counting correction for the selected criteria."""
        return bool(self.effective & criteria) and not self.superseded & criteria


@lru_cache(maxsize=4_096)
def _effect_text(effective: int, superseded: int) -> str:
    return f"{set_to_text(effective)}/{set_to_text(superseded)}"


def parse_effect(text: str) -> CorrectionEffect | None:
    """Return the effect from the column ``feedback.standing``, or None if the item yields no label."""
    effective, slash, superseded = text.partition("/")
    return CorrectionEffect(text_to_set(effective), text_to_set(superseded)) if slash else None


class FeedbackRow(Protocol):
    """The columns of feedback that decide what is effective."""

    seq: int
    type: FeedbackType
    scores: Scores | None
    compared: str
    submitted_by: str
    submitted_at: datetime


@dataclass(slots=True)
class EffectiveFeedback:
    """The effective part of one evaluation's feedback."""

    counters: list[tuple[str, str]] = field(default_factory=list)  # kind and key of each counter to raise by one
    score_sets: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)  # ordinal; one score a rater, sorted
    effects: dict[int, CorrectionEffect] = field(default_factory=dict)  # of usable corrections, by ``seq``


def compute_effective(rows: Sequence[FeedbackRow], *, grouped: bool) -> EffectiveFeedback:
    """Return the effective part of the feedback on one evaluation.

    Args:
        rows: the evaluation's items of feedback that are not retracted, in any order.
        grouped: whether the evaluation belongs to a group.
    """
    found = EffectiveFeedback()
    latest_scores: dict[int, list[float]] = {}  # by ordinal: each rater's latest score
    later: dict[str, tuple[int, int, datetime | None]] = {}  # of a rater: touched, compared, time of the next one
    labelled = 0
    has_other = False
    if len(rows) > 1:
        rows = sorted(rows, key=_chronological_key, reverse=True)  # latest first
    for row in rows:
        if row.type is not FeedbackType.CORRECTION or row.scores is None:
            has_other = True
            continue
        touched, superseded, superseded_at = later.get(row.submitted_by, _NO_LATER_CORRECTION)
        for ordinal, score in enumerate(row.scores):
            if score is not None and not touched >> ordinal & 1:
                touched |= 1 << ordinal
                latest_scores.setdefault(ordinal, []).append(score)
        compared = text_to_set(row.compared)
        if compared:
            found.effects[row.seq] = CorrectionEffect(compared & ~superseded, superseded, superseded_at)
            superseded, superseded_at = superseded | compared, row.submitted_at
            labelled |= compared
        later[row.submitted_by] = touched, superseded, superseded_at
    if latest_scores or has_other:
        touched_by_any = sum([1 << ordinal for ordinal in latest_scores])
        found.counters.append((EVALUATION, set_to_text(touched_by_any) + OTHER_SUFFIX * has_other))
    if labelled and not grouped:
        found.counters.append((UNGROUPED, set_to_text(labelled)))
    found.score_sets = [
        (ordinal, tuple(sorted(scores))) for ordinal, scores in latest_scores.items() if len(scores) > 1
    ]
    return found


def concerns_any(text: str, criteria: int) -> bool:
    """Return whether an evaluation's counter key, or a correction's set, concerns any of the selected criteria."""
    return text.endswith(OTHER_SUFFIX) or bool(text_to_set(text) & criteria)
