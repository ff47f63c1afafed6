"""Bulk loading of evaluations and feedback from lines, in large batches that are stored in one transaction each.

A batch takes three steps: ``BulkLoad.read`` parses its lines (without I/O; run it in a thread), ``prepare`` looks up
the objects that the lines refer to, and ``keep`` stores the batch. The first two steps do not depend on other batches,
so that they can run while the previous batch is stored. The rules are those of the mutations. A rejected line does not
affect the other lines.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from sqlalchemy import Connection

from models.bulk.line_splitter import Line
from models.bulk.lines import CriterionNames
from models.bulk.reader import ParsedBatch, ParsedLine, RejectedLine, read_evaluations, read_feedback, with_line_field
from models.errors import Conflict, NotFound
from models.evaluation import Evaluation, Scores
from models.judge import Criterion, Judge
from models.permissions import required_role
from models.specs.evaluations import EvaluationSpec
from models.specs.feedback import EditPolicy, FeedbackSpec
from resolvers.context import Context
from resolvers.evaluations import compute_shown_scores, get_version
from store import evaluations, external_ids, feedback, feedback_edits
from store.database.store import Unit as StoreUnit
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback

S = TypeVar("S", EvaluationSpec, FeedbackSpec)
N = TypeVar("N", NewEvaluation, NewFeedback)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Options of a bulk load.

    ``idempotent`` gives each line without an external id a digest of its content as its id, so that loading it again
    changes nothing. ``dry_run`` checks everything and stores nothing. ``edits`` decides about feedback whose external
    id exists with other content.
    """

    idempotent: bool = False
    dry_run: bool = False
    edits: EditPolicy = EditPolicy.REJECT


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """Result of a batch: the numbers of new and of existing records, and the rejected lines.

    ``updated`` is the number of new records that replaced older ones.
    """

    new: int
    already_there: int
    rejected: list[RejectedLine]
    updated: int = 0


@dataclass(frozen=True, slots=True)
class PreparedBatch(Generic[N]):
    """A batch that is ready to be stored: valid items, their line numbers and external ids, and rejected lines."""

    given: list[N] = field(default_factory=list)
    lines: list[tuple[int, str | None]] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)

    def add(self, line: int, new: N) -> None:
        """Add a valid item."""
        self.given.append(new)
        self.lines.append((line, new.external_id))


class BulkLoad(ABC, Generic[S, N]):
    """Bulk load of one kind of record into one judge."""

    def __init__(self, ctx: Context, judge: Judge, criteria: tuple[Criterion, ...], options: LoadOptions) -> None:
        self.ctx = ctx
        self.judge = judge
        self.criteria = criteria
        self.options = options
        self._names = CriterionNames(criteria)

    @abstractmethod
    def read(self, lines: Sequence[Line]) -> ParsedBatch[S]:
        """Parse lines and check each on its own."""

    @abstractmethod
    async def prepare(self, unit: ParsedBatch[S]) -> PreparedBatch[N]:
        """Look up the objects that lines refer to. Existing objects are never deleted, so that this can run early."""

    async def keep(self, prepared: PreparedBatch[N]) -> BatchOutcome:
        """Store a batch. It is durable when this returns."""
        rows: Sequence[object] = []
        new = updated = 0
        if prepared.given:
            rows, new, updated = await self._run(lambda connection: self._keep(connection, prepared.given))
        return _outcome(prepared, rows, new, updated)

    @abstractmethod
    def _keep(self, connection: Connection, given: list[N]) -> tuple[Sequence[object], int, int]:
        """Store items, or compare them in a dry run.

        Returns:
            Each result in order, the number of new items, and the number of those that replaced others.
        """

    async def _run(self, unit: StoreUnit[T]) -> T:
        if self.options.dry_run:
            return await self.ctx.store.read(unit)
        kept = await self.ctx.store.write(unit)
        self.ctx.store.start_maintenance()
        return kept


class EvaluationLoad(BulkLoad[EvaluationSpec, NewEvaluation]):
    """Bulk load of evaluations."""

    def read(self, lines: Sequence[Line]) -> ParsedBatch[EvaluationSpec]:
        """Parse lines and check each on its own."""
        return read_evaluations(lines, self._names, idempotent=self.options.idempotent)

    async def prepare(self, unit: ParsedBatch[EvaluationSpec]) -> PreparedBatch[NewEvaluation]:
        """Compute the scores of known versions; for unknown versions, keep the scores that the line contains."""
        by_version: dict[str, list[ParsedLine[EvaluationSpec]]] = {}
        for item in unit.parsed:
            if item.spec.version_id is not None:
                by_version.setdefault(item.spec.version_id, []).append(item)
        computed: dict[int, Scores] = {}
        unknown: dict[str, NotFound] = {}
        for version_id, items in by_version.items():
            try:
                version = await get_version(self.ctx, self.judge, version_id, ("version_id",))
            except NotFound as error:
                unknown[version_id] = error
                continue
            specs, raw = [item.spec for item in items], [item.scores or [] for item in items]
            shown = await compute_shown_scores(self.ctx, self.judge, version, specs, raw, self.criteria)
            computed |= {item.line: scores for item, scores in zip(items, shown, strict=True)}
        return await asyncio.to_thread(_prepare_evaluations, unit, computed, unknown)

    def _keep(self, connection: Connection, given: list[NewEvaluation]) -> tuple[Sequence[object], int, int]:
        if self.options.dry_run:
            return *external_ids.preview_ingest(connection, Evaluation, self.judge.pk, given), 0
        return *evaluations.record_evaluations(connection, self.judge.pk, self.ctx.viewer.user_id, given), 0


class FeedbackLoad(BulkLoad[FeedbackSpec, NewFeedback]):
    """Bulk load of feedback."""

    def read(self, lines: Sequence[Line]) -> ParsedBatch[FeedbackSpec]:
        """Parse lines and check each on its own."""
        return read_feedback(lines, self._names, idempotent=self.options.idempotent)

    async def prepare(self, unit: ParsedBatch[FeedbackSpec]) -> PreparedBatch[NewFeedback]:
        """Find the evaluations that the feedback is about."""
        if not unit.parsed:
            return PreparedBatch(rejected=unit.rejected)
        pk, specs = self.judge.pk, [item.spec for item in unit.parsed]
        by_reference = await self.ctx.store.read(lambda connection: _find_evaluations(connection, pk, specs))
        return await asyncio.to_thread(_prepare_feedback, unit, by_reference)

    def _keep(self, connection: Connection, given: list[NewFeedback]) -> tuple[Sequence[object], int, int]:
        viewer = self.ctx.viewer
        may_edit_others = viewer.role.covers(required_role("Mutation.retractFeedback(somebody else's)"))
        editor = feedback_edits.Editor(viewer, viewer.user_id, viewer.user_name, may_edit_others)
        apply = feedback_edits.preview_edits if self.options.dry_run else feedback_edits.submit_edits
        outcome = apply(connection, self.judge.pk, editor, given, self.options.edits)
        return outcome.rows, outcome.new, outcome.updated


async def start_evaluation_load(ctx: Context, judge_id: str, options: LoadOptions) -> EvaluationLoad:
    """Start a bulk load of evaluations.

    Args:
        ctx: The context of the operation.
        judge_id: The judge that gave the scores.
        options: Options of the load.

    Raises:
        NotFound: There is no such judge.
    """
    return EvaluationLoad(ctx, *await ctx.load_judge(judge_id), options)


async def start_feedback_load(ctx: Context, judge_id: str, options: LoadOptions) -> FeedbackLoad:
    """Start a bulk load of feedback.

    Args:
        ctx: The context of the operation.
        judge_id: The judge of the evaluations.
        options: Options of the load.

    Raises:
        NotFound: There is no such judge.
    """
    return FeedbackLoad(ctx, *await ctx.load_judge(judge_id), options)


def _prepare_evaluations(
    unit: ParsedBatch[EvaluationSpec], computed: dict[int, Scores], unknown: dict[str, NotFound]
) -> PreparedBatch[NewEvaluation]:
    """Return the valid evaluations with the scores that people were shown.

    Args:
        unit: The parsed lines.
        computed: The scores of known versions by line.
        unknown: The errors for unknown versions by id.
    """
    prepared: PreparedBatch[NewEvaluation] = PreparedBatch(rejected=list(unit.rejected))
    for item in unit.parsed:
        spec = item.spec
        if spec.version_id in unknown:
            if item.shown is None:
                prepared.rejected.append(RejectedLine(item.line, unknown[spec.version_id], spec.external_id))
                continue
            spec = replace(spec, version_id=None)
        prepared.add(item.line, NewEvaluation(spec, item.scores or [], computed.get(item.line, item.shown)))
    return prepared


def _prepare_feedback(
    unit: ParsedBatch[FeedbackSpec], by_reference: dict[str, Evaluation]
) -> PreparedBatch[NewFeedback]:
    """Return the valid feedback with the evaluations it is about."""
    prepared: PreparedBatch[NewFeedback] = PreparedBatch(rejected=list(unit.rejected))
    for item in unit.parsed:
        spec = item.spec
        evaluation = by_reference.get(spec.evaluation_id or spec.evaluation_external_id or "")
        if evaluation is None:
            error = with_line_field(feedback.evaluation_not_found(spec))
            prepared.rejected.append(RejectedLine(item.line, error, spec.external_id))
        else:
            prepared.add(item.line, NewFeedback(spec, evaluation, item.scores))
    return prepared


def _find_evaluations(connection: Connection, judge_pk: int, specs: Sequence[FeedbackSpec]) -> dict[str, Evaluation]:
    """Return the evaluations that feedback refers to, by the reference.

    An external id may also be our own id of an evaluation that has no external id, as in an export.

    Args:
        connection: The connection to read with.
        judge_pk: The judge.
        specs: The items of feedback.
    """
    ids = [spec.evaluation_id for spec in specs if spec.evaluation_id is not None]
    names = list({spec.evaluation_external_id for spec in specs if spec.evaluation_external_id is not None})
    by_id, by_name = evaluations.find_evaluations(connection, judge_pk, ids, names)
    own = [name for name in names if name.startswith(f"{NewEvaluation.prefix}_") and name not in by_name]
    if own:
        nameless, _ = evaluations.find_evaluations(connection, judge_pk, own, [])
        by_id |= {id_: row for id_, row in nameless.items() if row.external_id is None}
    return by_id | by_name


def _outcome(prepared: PreparedBatch[N], rows: Sequence[object], new: int, updated: int) -> BatchOutcome:
    """Return the result of a batch.

    Args:
        prepared: The batch.
        rows: The result of each of its items.
        new: The number of new items.
        updated: The number of new items that replaced others.
    """
    conflicting: list[RejectedLine] = [
        RejectedLine(line, row, external_id)
        for (line, external_id), row in zip(prepared.lines, rows, strict=True)
        if isinstance(row, Conflict)
    ]
    in_order = sorted([*prepared.rejected, *conflicting], key=lambda line: line.line)
    return BatchOutcome(new, len(rows) - len(conflicting) - new, in_order, updated)
