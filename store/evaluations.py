"""Evaluations in the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from models.base import new_id, now
from models.errors import Conflict
from models.evaluation import Evaluation, Scores
from models.judge import Judge
from models.spec import EvaluationSpec
from store import counters, search
from store.ingest import digest_of, ingest, shorter
from store.rows import Query, every, first


@dataclass(frozen=True, slots=True)
class NewEvaluation:
    """A checked evaluation, its scores in the judge's order, with what people were shown if that was a version."""

    spec: EvaluationSpec
    scores: Scores
    shown: Scores | None = None

    @property
    def external_id(self) -> str | None:
        """The caller's own name for it."""
        return self.spec.external_id

    def digest(self) -> str:
        """SHA-256 of the content: the same for a repeat, another for a conflict."""
        return self._digest(self.scores)

    def earlier_digests(self) -> Iterator[str]:
        """What it was when the judge had fewer criteria."""
        return (self._digest(scores) for scores in shorter(self.scores))

    def _digest(self, scores: Scores) -> str:
        spec = self.spec
        return digest_of(
            spec.group,
            spec.source,
            spec.input,
            spec.output,
            spec.rationale,
            scores,
            spec.version_id,
            spec.evaluated_at,
        )


def of_workspace(workspace_id: str) -> Query:
    """All evaluations of a workspace."""
    return select(Evaluation).join(Judge, Judge.pk == Evaluation.judge_pk).where(Judge.workspace_id == workspace_id)


def get(connection: Connection, workspace_id: str, evaluation_id: str) -> Evaluation | None:
    """The workspace's evaluation of this id."""
    return first(connection, of_workspace(workspace_id).where(Evaluation.id == evaluation_id), Evaluation)


def named(
    connection: Connection, judge_pk: int, ids: Sequence[str], external_ids: Sequence[str]
) -> tuple[dict[str, Evaluation], dict[str, Evaluation]]:
    """A judge's evaluations by id and by external id, of those asked for."""
    of_judge = select(Evaluation).where(Evaluation.judge_pk == judge_pk)
    known = every(connection, of_judge.where(Evaluation.id.in_(ids)), Evaluation) if ids else []
    statement = of_judge.where(Evaluation.external_id.in_(external_ids))
    named = every(connection, statement, Evaluation) if external_ids else []
    return {row.id: row for row in known}, {row.external_id or "": row for row in named}


def record(
    connection: Connection, judge_pk: int, user_id: str, items: Sequence[NewEvaluation]
) -> tuple[list[Evaluation | Conflict], int]:
    """Keep evaluations; in order, what is kept for each, and how many are new."""
    # Raising the counter first also locks the judge, as for feedback.
    start: int = connection.execute(
        update(Judge)
        .where(Judge.pk == judge_pk)
        .values(evaluation_seq=Judge.evaluation_seq + len(items))
        .returning(Judge.evaluation_seq)
    ).scalar_one() - len(items)
    moment = now()
    added: list[dict[str, Any]] = []

    def row(item: NewEvaluation, number: int) -> dict[str, Any]:
        spec = item.spec
        values = {
            "id": new_id("evl"),
            "judge_pk": judge_pk,
            "seq": start + number + 1,
            "external_id": spec.external_id,
            "group": spec.group,
            "source": spec.source,
            "input": spec.input,
            "output": spec.output,
            "rationale": spec.rationale,
            "scores": item.scores,
            "version_id": spec.version_id,
            "shown": item.shown,
            "evaluated_at": spec.evaluated_at,
            "created_at": moment,
            "created_by": user_id,
        }
        added.append(values)
        return values

    kept, new = ingest(connection, Evaluation, judge_pk, items, row)
    counters.unreviewed(connection, added)
    search.index(connection, Evaluation, [_findable(row) for row in added])
    return kept, new


def _findable(row: dict[str, Any]) -> dict[str, Any]:
    texts = (row["output"], row["input"], row["rationale"])
    return {"judge_pk": row["judge_pk"], "seq": row["seq"], "text": " ".join(part for part in texts if part)}
