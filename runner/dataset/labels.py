"""From feedback to labels: whose word counts, what it says, and what says nothing.

People correct mostly what is wrong, so a high rating and an approval count too: they say that the score people were
shown was right. A low rating and a refusal say that it was wrong, in an unknown direction: doubt, never a label.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from models.evaluation import Scores, score_at
from models.feedback import MAX_DOUBTING_RATING, MIN_CONFIRMING_RATING, FeedbackType
from models.job_codes import ExclusionReason


class EvaluationScores(NamedTuple):
    """The scores of one evaluation: the judge's own, and what people were shown where that was a version's."""

    raw: Scores
    shown: Scores | None


class Label(NamedTuple):
    """One label: a score that somebody gave, or found right (``confirmed``)."""

    seq: int
    evaluation_id: str
    ordinal: int
    rater: str
    score: float
    confirmed: bool


class Doubt(NamedTuple):
    """Somebody found the shown scores wrong."""

    seq: int
    evaluation_id: str
    rater: str


@dataclass(frozen=True, slots=True)
class LabelSet:
    """What feedback comes to, in order of ingestion, and how many things were left out for which reason."""

    labels: list[Label]
    doubts: list[Doubt]
    excluded: Counter[ExclusionReason]


@dataclass(slots=True)
class LabelBuilder:
    """The latest word of each rater, as rows come in the order in which they were given."""

    corrections: dict[tuple[str, int, str], tuple[int, float]] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    excluded: Counter[ExclusionReason] = field(default_factory=Counter)

    def add(self, row: Any) -> None:
        """Hear one item of feedback."""
        if row.type is FeedbackType.CORRECTION:
            for ordinal, score in enumerate(row.scores):
                if score is not None:
                    key = (row.evaluation_id, ordinal, row.submitted_by)
                    self.excluded[ExclusionReason.LATER_CORRECTION] += key in self.corrections
                    self.corrections[key] = (row.seq, score)
        elif row.type is FeedbackType.COMMENT:
            self.excluded[ExclusionReason.COMMENT] += 1
        elif row.rating is not None and MAX_DOUBTING_RATING < row.rating < MIN_CONFIRMING_RATING:
            self.excluded[ExclusionReason.NEUTRAL_RATING] += 1
        else:
            right = row.rating >= MIN_CONFIRMING_RATING if row.rating is not None else bool(row.approved)
            whose = (row.evaluation_id, row.submitted_by)
            self.excluded[ExclusionReason.LATER_VERDICT] += whose in self.verdicts
            self.verdicts[whose] = (row.seq, right)

    def build(self, scores_of: Callable[[str], EvaluationScores], criteria_count: int) -> LabelSet:
        """What all of it comes to; ``seen`` gives the scores of an evaluation."""
        labels: list[Label] = []
        excluded = Counter({why: n for why, n in self.excluded.items() if n})
        for (evaluation_id, ordinal, rater), (seq, score) in self.corrections.items():
            if score_at(scores_of(evaluation_id).raw, ordinal) is None:
                excluded[ExclusionReason.NO_RAW_SCORE] += 1
            else:
                labels.append(Label(seq, evaluation_id, ordinal, rater, score, confirmed=False))
        for (evaluation_id, rater), (seq, right) in self.verdicts.items():
            if not right:
                continue
            scores = scores_of(evaluation_id)
            for ordinal in range(criteria_count):
                raw, shown = score_at(scores.raw, ordinal), score_at(scores.shown, ordinal)
                if raw is None:
                    continue
                if (evaluation_id, ordinal, rater) in self.corrections:
                    excluded[ExclusionReason.ALSO_CORRECTED] += 1
                else:
                    found_right = raw if shown is None else shown
                    labels.append(Label(seq, evaluation_id, ordinal, rater, found_right, confirmed=True))
        labels.sort(key=lambda label: (label.seq, label.ordinal))
        doubts = sorted(Doubt(seq, about, who) for (about, who), (seq, right) in self.verdicts.items() if not right)
        return LabelSet(labels, doubts, excluded)
