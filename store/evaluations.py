"""Evaluations: reads, and ingestion in batches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import Connection, inspect, select

from models.base import new_id, now, to_utc
from models.errors import Conflict
from models.evaluation import Evaluation, Scores, same_scores
from models.judge import Judge
from models.specs.evaluations import EvaluationSpec
from store import judges, search
from store.counters import update as counters
from store.database.rows import (
    Columns,
    ColumnValues,
    Query,
    add_columns,
    by_external_ids,
    fetch_all,
    fetch_first,
    in_values,
    with_columns,
    without_index,
)
from store.external_ids import digest_content, ingest

_TEXTS = ("input", "output", "rationale")


@dataclass(frozen=True, slots=True)
class NewEvaluation:
    """A checked evaluation that is to be recorded.

    ``scores`` are the judge's raw scores in the order of its criteria. ``shown`` are the scores that people were shown,
    if they differ. ``digest`` is a hash of the content as it was given, and ``words`` are the words of the full-text
    search. Both are computed at construction, so that the write transaction does not wait for them.
    """

    spec: EvaluationSpec
    scores: Scores
    shown: Scores | None = None
    digest: str = field(init=False, compare=False)
    words: str = field(init=False, compare=False)

    prefix: ClassVar[str] = "evl"

    def __post_init__(self) -> None:
        """Compute the digest and the words."""
        spec = self.spec
        object.__setattr__(self, "digest", self._digest())
        texts = (spec.output, spec.input, spec.rationale)
        object.__setattr__(self, "words", search.extract_words(" ".join(text for text in texts if text)))

    @property
    def external_id(self) -> str | None:
        """The caller's own id of the evaluation."""
        return self.spec.external_id

    def _digest(self) -> str:
        spec = self.spec
        foreign = (
            self.shown if spec.version_id is None else None
        )  # the scores that a version shows follow from the other values
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

    def columns(self) -> ColumnValues:
        """Return the values of the columns that hold the content."""
        spec = self.spec
        return {
            "external_id": spec.external_id,
            "group": spec.group,
            "source": spec.source,
            "input": spec.input,
            "output": spec.output,
            "rationale": spec.rationale,
            "scores": self.scores,
            "version_id": spec.version_id,
            "shown": self.shown,
            "evaluated_at": to_utc(spec.evaluated_at),
        }

    def repeats(self, row: Any) -> bool:
        """Return whether a row has the same content, even if the judge had fewer criteria when the row was written."""
        spec = self.spec
        return (
            (row.group, row.source, row.input, row.output, row.rationale, row.version_id, row.evaluated_at)
            == (spec.group, spec.source, spec.input, spec.output, spec.rationale, spec.version_id, spec.evaluated_at)
            and same_scores(row.scores, self.scores)
            and (spec.version_id is not None or same_scores(row.shown, self.shown))
        )


def in_workspace(workspace_id: str) -> Query:
    """Return a select of a workspace's evaluations."""
    return select(Evaluation).join(Judge, Judge.pk == Evaluation.judge_pk).where(Judge.workspace_id == workspace_id)


def find_evaluation(
    connection: Connection, workspace_id: str, evaluation_id: str, columns: Columns = None
) -> Evaluation | None:
    """Return the workspace's evaluation of this id, or None.

    Args:
        connection: the connection to read from.
        workspace_id: the workspace.
        evaluation_id: the evaluation.
        columns: the columns to read; None for all.
    """
    statement = in_workspace(workspace_id).where(Evaluation.id == evaluation_id)
    return fetch_first(connection, with_columns(statement, add_columns(columns, Evaluation.id)), Evaluation)


def find_evaluations(
    connection: Connection, judge_pk: int, ids: Sequence[str], external_ids: Sequence[str]
) -> tuple[dict[str, Evaluation], dict[str, Evaluation]]:
    """Return a judge's evaluations by id and by external id, without their texts.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        ids: the wanted ids.
        external_ids: the wanted external ids.

    Returns:
        The found evaluations by id, and the found evaluations by external id.
    """
    without_texts = select(*(column for column in inspect(Evaluation).c if column.key not in _TEXTS))
    statement = without_texts.where(
        in_values(connection, Evaluation.id, ids), without_index(Evaluation.judge_pk) == judge_pk
    )
    with_id = fetch_all(connection, statement, Evaluation) if ids else []
    if not external_ids:
        return {row.id: row for row in with_id}, {}
    with_external_id = by_external_ids(connection, without_texts, Evaluation, judge_pk, external_ids)
    return {row.id: row for row in with_id}, {row.external_id or "": row for row in with_external_id}


def record_evaluations(
    connection: Connection, judge_pk: int, user_id: str, items: Sequence[NewEvaluation]
) -> tuple[list[Evaluation | Conflict], int]:
    """Record evaluations.

    Args:
        connection: the connection of a writing unit.
        judge_pk: the judge.
        user_id: the user who records them.
        items: the evaluations.

    Returns:
        For each item its row or a conflict, in order, and the number of new rows.
    """
    last_seq = judges.reserve_seqs(connection, judge_pk, Judge.evaluation_seq, len(items))
    moment = now()
    added: list[ColumnValues] = []
    texts: list[search.IndexedText] = []

    def to_row(item: NewEvaluation, number: int) -> ColumnValues:
        seq = last_seq + number + 1
        values = {"id": new_id("evl"), "judge_pk": judge_pk, "seq": seq, **item.columns()}
        values |= {"created_at": moment, "created_by": user_id}
        added.append(values)
        texts.append((judge_pk, seq, item.words))
        return values

    kept, new = ingest(connection, Evaluation, judge_pk, items, to_row)
    counters.add_unreviewed(connection, added)
    search.index_texts(connection, Evaluation, texts)
    return kept, new
