"""Evaluations in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import Connection, inspect, select, update

from models.base import new_id, now, to_utc
from models.errors import Conflict
from models.evaluation import Evaluation, Scores, same_scores
from models.judge import Judge
from models.specs.evaluations import EvaluationSpec
from store import search
from store.counters import update as counters
from store.database.rows import Query, by_external_ids, fetch_all, fetch_first, in_values, without_index
from store.external_ids import digest_content, ingest

_TEXTS = ("input", "output", "rationale")


@dataclass(frozen=True, slots=True)
class NewEvaluation:
    """A checked evaluation, its scores in the judge's order, with what people were shown if that was something else.

    ``digest`` is a hash of the content as it was given, ``words`` are those that it is found by: both are worked out at
    once, so that the database need not wait for them.
    """

    spec: EvaluationSpec
    scores: Scores
    shown: Scores | None = None
    digest: str = field(init=False, compare=False)
    words: str = field(init=False, compare=False)

    prefix: ClassVar[str] = "evl"

    def __post_init__(self) -> None:
        """Work out what follows from the content."""
        spec = self.spec
        object.__setattr__(self, "digest", self._digest())
        texts = (spec.output, spec.input, spec.rationale)
        object.__setattr__(self, "words", search.extract_words(" ".join(text for text in texts if text)))

    @property
    def external_id(self) -> str | None:
        """The caller's own name for it."""
        return self.spec.external_id

    def _digest(self) -> str:
        spec = self.spec
        foreign = self.shown if spec.version_id is None else None  # what a version shows follows from the rest
        return digest_content(
            spec.group,
            spec.source,
            spec.input,
            spec.output,
            spec.rationale,
            self.scores,
            spec.version_id,
            spec.evaluated_at,
            *([foreign] if foreign is not None else []),
        )

    def repeats(self, row: Any) -> bool:
        """Whether a row says the same, whatever the number of criteria was when it was kept."""
        spec = self.spec
        return (
            (row.group, row.source, row.input, row.output, row.rationale, row.version_id, row.evaluated_at)
            == (spec.group, spec.source, spec.input, spec.output, spec.rationale, spec.version_id, spec.evaluated_at)
            and same_scores(row.scores, self.scores)
            and (spec.version_id is not None or same_scores(row.shown, self.shown))
        )


def in_workspace(workspace_id: str) -> Query:
    """All evaluations of a workspace."""
    return select(Evaluation).join(Judge, Judge.pk == Evaluation.judge_pk).where(Judge.workspace_id == workspace_id)


def find_evaluation(connection: Connection, workspace_id: str, evaluation_id: str) -> Evaluation | None:
    """The workspace's evaluation of this id."""
    return fetch_first(connection, in_workspace(workspace_id).where(Evaluation.id == evaluation_id), Evaluation)


def find_evaluations(
    connection: Connection, judge_pk: int, ids: Sequence[str], external_ids: Sequence[str]
) -> tuple[dict[str, Evaluation], dict[str, Evaluation]]:
    """A judge's evaluations by id and by external id, of those asked for; without their texts."""
    without_texts = select(*(column for column in inspect(Evaluation).c if column.key not in _TEXTS))
    statement = without_texts.where(
        in_values(connection, Evaluation.id, ids), without_index(Evaluation.judge_pk) == judge_pk
    )
    known = fetch_all(connection, statement, Evaluation) if ids else []
    named = by_external_ids(connection, without_texts, Evaluation, judge_pk, external_ids) if external_ids else []
    return {row.id: row for row in known}, {row.external_id or "": row for row in named}


def record_evaluations(
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
    findable: list[search.IndexedText] = []

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
            "evaluated_at": to_utc(spec.evaluated_at),
            "created_at": moment,
            "created_by": user_id,
        }
        added.append(values)
        findable.append((judge_pk, start + number + 1, item.words))
        return values

    kept, new = ingest(connection, Evaluation, judge_pk, items, row)
    counters.add_unreviewed(connection, added)
    search.index_texts(connection, Evaluation, findable)
    return kept, new
