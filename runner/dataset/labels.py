"""Conversion of feedback into labels and doubts.

A correction is a label. People correct mostly wrong scores, so a high rating or an approval is a label too: it confirms
the scores that the rater was shown. A low rating or a rejection means that those scores were wrong in an unknown
direction; it becomes a doubt, never a label.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from models.evaluation import Scores, score_at
from models.feedback import MAX_DOUBTING_RATING, MIN_CONFIRMING_RATING, FeedbackType
from models.job_codes import ExclusionReason


class JudgedFeedback(Protocol):
    """Columns of feedback from which labels are built."""

    seq: int
    type: FeedbackType
    scores: Scores | None
    rating: int | None
    approved: bool | None
    submitted_by: str
    evaluation_id: str


class EvaluationScores(NamedTuple):
    """Scores of one evaluation: the judge's raw ones, and those of a version if raters were shown its scores."""

    raw: Scores
    shown: Scores | None


class Label(NamedTuple):
    """Score that a rater gave, or confirmed (``confirmed``), for one criterion whose score ``shown`` they saw."""

    seq: int
    evaluation_id: str
    ordinal: int
    rater: str
    score: float
    confirmed: bool
    shown: float


class Doubt(NamedTuple):
    """Rejection of the shown scores by a rater."""

    seq: int
    evaluation_id: str
    rater: str


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels and doubts in order of ingestion, and how much feedback was excluded for which reason."""

    labels: list[Label]
    doubts: list[Doubt]
    excluded: Counter[ExclusionReason]


@dataclass(slots=True)
class LabelBuilder:
    """Builder of labels from items of feedback, which are added in the order in which they were given.

    Of several corrections of one score, or several verdicts on one evaluation, by the same rater, the latest counts.
    """

    corrections: dict[tuple[str, int, str], tuple[int, float]] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    excluded: Counter[ExclusionReason] = field(default_factory=Counter)

    def add(self, row: JudgedFeedback) -> None:
        """Add one item of feedback."""
        if row.type is FeedbackType.CORRECTION:
            for ordinal, score in enumerate(row.scores or ()):
                if score is not None:
                    key = (row.evaluation_id, ordinal, row.submitted_by)
                    self.excluded[ExclusionReason.LATER_CORRECTION] += key in self.corrections
                    self.corrections[key] = (row.seq, score)
        elif row.type is FeedbackType.COMMENT:
            self.excluded[ExclusionReason.COMMENT] += 1
        elif row.rating is not None and MAX_DOUBTING_RATING < row.rating < MIN_CONFIRMING_RATING:
            self.excluded[ExclusionReason.NEUTRAL_RATING] += 1
        else:
            confirmed = row.rating >= MIN_CONFIRMING_RATING if row.rating is not None else bool(row.approved)
            verdict_key = (row.evaluation_id, row.submitted_by)
            self.excluded[ExclusionReason.LATER_VERDICT] += verdict_key in self.verdicts
            self.verdicts[verdict_key] = (row.seq, confirmed)

    def build(self, scores_of: Callable[[str], EvaluationScores], criteria_count: int) -> LabelSet:
        """Return the labels and doubts of all items that were added.

        Args:
            scores_of: returns the scores of an evaluation by its id.
            criteria_count: number of the judge's criteria.
        """
        excluded = Counter({reason: count for reason, count in self.excluded.items() if count})
        labels = self._label_corrections(scores_of, excluded)
        labels += self._label_confirmations(scores_of, criteria_count, excluded)
        labels.sort(key=lambda label: (label.seq, label.ordinal))
        doubts = sorted(
            Doubt(seq, evaluation_id, rater)
            for (evaluation_id, rater), (seq, confirmed) in self.verdicts.items()
            if not confirmed
        )
        return LabelSet(labels, doubts, excluded)

    def _label_corrections(
        self, scores_of: Callable[[str], EvaluationScores], excluded: Counter[ExclusionReason]
    ) -> list[Label]:
        labels: list[Label] = []
        for (evaluation_id, ordinal, rater), (seq, score) in self.corrections.items():
            scores = scores_of(evaluation_id)
            raw, shown = score_at(scores.raw, ordinal), score_at(scores.shown, ordinal)
            if raw is None:
                excluded[ExclusionReason.NO_RAW_SCORE] += 1
            else:
                seen = raw if shown is None else shown
                labels.append(Label(seq, evaluation_id, ordinal, rater, score, confirmed=False, shown=seen))
        return labels

    def _label_confirmations(
        self,
        scores_of: Callable[[str], EvaluationScores],
        criteria_count: int,
        excluded: Counter[ExclusionReason],
    ) -> list[Label]:
        labels: list[Label] = []
        for (evaluation_id, rater), (seq, confirmed) in self.verdicts.items():
            if not confirmed:
                continue
            scores = scores_of(evaluation_id)
            for ordinal in range(criteria_count):
                raw, shown = score_at(scores.raw, ordinal), score_at(scores.shown, ordinal)
                if raw is None:
                    continue
                if (evaluation_id, ordinal, rater) in self.corrections:
                    excluded[ExclusionReason.ALSO_CORRECTED] += 1
                else:
                    seen = raw if shown is None else shown
                    labels.append(Label(seq, evaluation_id, ordinal, rater, seen, confirmed=True, shown=seen))
        return labels
