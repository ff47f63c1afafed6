"""Evaluations: items with the scores of a judge."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigSerial, Id, UtcDateTime
from models.stored.json_column import PlainJson

Scores = list[float | None]
"""Scores by the criterion's ordinal. A criterion without a score has None, or is missing at the end of the list."""


class Evaluation(Base):
    """One item with the judge's raw scores and, if people saw a version's scores instead, also those.

    ``seq`` is the evaluation's place in the judge's order of recording.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint("judge_pk", "external_id"),
        Index(None, "judge_pk", "seq", unique=True),
        Index(None, "judge_pk", "created_at", "seq"),
    )

    id: Mapped[str] = mapped_column(Id(40), primary_key=True)
    judge_pk: Mapped[int] = mapped_column(ForeignKey("judges.pk"))
    seq: Mapped[int] = mapped_column(BigSerial)
    external_id: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))  # of the content: distinguishes a repetition from a conflict
    group: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str | None] = mapped_column(String(200))
    input: Mapped[str | None] = mapped_column(Text)
    output: Mapped[str] = mapped_column(Text)
    rationale: Mapped[str | None] = mapped_column(Text)
    scores: Mapped[Scores] = mapped_column(PlainJson())
    version_id: Mapped[str | None] = mapped_column(ForeignKey("judge_versions.id"))
    shown: Mapped[Scores | None] = mapped_column(PlainJson())  # the version's scores; None if people saw the raw ones
    evaluated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


def score_at(scores: Scores | None, ordinal: int) -> float | None:
    """Return the score of one criterion, or None if it has none."""
    return scores[ordinal] if scores is not None and ordinal < len(scores) else None


def shown_score_at(evaluation: Evaluation, ordinal: int) -> float | None:
    """Return the score that people saw: the version's if it was shown, otherwise the raw one."""
    shown = score_at(evaluation.shown, ordinal)
    return shown if shown is not None else score_at(evaluation.scores, ordinal)


def same_scores(one: Scores | None, other: Scores | None) -> bool:
    """Return whether two lists have equal scores. One may be shorter, from before a criterion was added."""
    return _trimmed(one) == _trimmed(other)


def _trimmed(scores: Scores | None) -> Scores:
    kept = list(scores or [])
    while kept and kept[-1] is None:
        kept.pop()
    return kept
