"""Load evaluations and feedback in bulk: lines in, in large units, each of which is kept whole or not at all.

A unit is read first (``Load.read``: pure, long enough to belong in a thread). Then what it names is looked up
(``Load.prepare``), which depends on nothing that other units keep, so that both can be done while the unit before is
kept (``Load.keep``). By the rules of the mutations; what is refused keeps nothing else from being kept.
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
from models.feedback import Feedback
from models.judge import Criterion, Judge
from models.specs.evaluations import EvaluationSpec
from models.specs.feedback import FeedbackSpec
from resolvers.context import Context
from resolvers.evaluations import compute_shown_scores, get_version
from store import evaluations, feedback, judges
from store import external_ids as ingest
from store.database.store import Unit as StoreUnit
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback

S = TypeVar("S", EvaluationSpec, FeedbackSpec)
N = TypeVar("N", NewEvaluation, NewFeedback)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How lines are taken.

    ``idempotent``: a line without an external id gets one, a digest of what it says, so that sending it again changes
    nothing. ``dry_run``: everything is checked and nothing kept.
    """

    idempotent: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of a unit's lines: how many are new, how many were there before, and what was refused."""

    new: int
    already_there: int
    refusals: list[RejectedLine]


@dataclass(frozen=True, slots=True)
class PreparedBatch(Generic[N]):
    """What there is to keep of a unit, with each one's line and external id, and what is wrong with other lines."""

    given: list[N] = field(default_factory=list)
    lines: list[tuple[int, str | None]] = field(default_factory=list)
    refusals: list[RejectedLine] = field(default_factory=list)

    def add(self, line: int, new: N) -> None:
        """There is this to keep."""
        self.given.append(new)
        self.lines.append((line, new.external_id))


class BulkLoad(ABC, Generic[S, N]):
    """Takes the lines of one kind into one judge."""

    def __init__(self, ctx: Context, judge: Judge, criteria: tuple[Criterion, ...], options: LoadOptions) -> None:
        self.ctx = ctx
        self.judge = judge
        self.criteria = criteria
        self.options = options
        self._names = CriterionNames(criteria)

    @abstractmethod
    def read(self, lines: Sequence[Line]) -> ParsedBatch[S]:
        """Read lines and check them by themselves."""

    @abstractmethod
    async def prepare(self, unit: ParsedBatch[S]) -> PreparedBatch[N]:
        """Look up what lines name, which is kept for good once it is there."""

    async def keep(self, prepared: PreparedBatch[N]) -> BatchOutcome:
        """Keep a unit's lines; once this returns they are durable."""
        rows: Sequence[object] = []
        new = 0
        if prepared.given:
            rows, new = await self._run(lambda connection: self._keep(connection, prepared.given))
        return _outcome(prepared, rows, new)

    @abstractmethod
    def _keep(self, connection: Connection, given: list[N]) -> tuple[Sequence[object], int]:
        """Keep what is given, or in a dry run only compare it; in order what becomes of each, and how many are new."""

    async def _run(self, unit: StoreUnit[T]) -> T:
        if self.options.dry_run:
            return await self.ctx.store.read(unit)
        kept = await self.ctx.store.write(unit)
        self.ctx.store.start_maintenance()
        return kept


class EvaluationLoad(BulkLoad[EvaluationSpec, NewEvaluation]):
    """Records evaluations."""

    def read(self, lines: Sequence[Line]) -> ParsedBatch[EvaluationSpec]:
        """Read lines and check them by themselves."""
        return read_evaluations(lines, self._names, idempotent=self.options.idempotent)

    async def prepare(self, unit: ParsedBatch[EvaluationSpec]) -> PreparedBatch[NewEvaluation]:
        """A version's scores are computed, those of a version of elsewhere are taken as given."""
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
        return await asyncio.to_thread(_with_versions, unit, computed, unknown)

    def _keep(self, connection: Connection, given: list[NewEvaluation]) -> tuple[Sequence[object], int]:
        if self.options.dry_run:
            return ingest.preview_ingest(connection, Evaluation, self.judge.pk, given)
        return evaluations.record_evaluations(connection, self.judge.pk, self.ctx.viewer.user_id, given)


class FeedbackLoad(BulkLoad[FeedbackSpec, NewFeedback]):
    """Submits feedback."""

    def read(self, lines: Sequence[Line]) -> ParsedBatch[FeedbackSpec]:
        """Read lines and check them by themselves."""
        return read_feedback(lines, self._names, idempotent=self.options.idempotent)

    async def prepare(self, unit: ParsedBatch[FeedbackSpec]) -> PreparedBatch[NewFeedback]:
        """Find the evaluations that feedback is about."""
        if not unit.parsed:
            return PreparedBatch(refusals=unit.rejected)
        pk, specs = self.judge.pk, [item.spec for item in unit.parsed]
        find = await self.ctx.store.read(lambda connection: _evaluations_of(connection, pk, specs))
        return await asyncio.to_thread(_with_evaluations, unit, find)

    def _keep(self, connection: Connection, given: list[NewFeedback]) -> tuple[Sequence[object], int]:
        if self.options.dry_run:
            return ingest.preview_ingest(connection, Feedback, self.judge.pk, given)
        viewer = self.ctx.viewer
        return feedback.submit_feedback(connection, self.judge.pk, viewer.user_id, viewer.user_name, given)


async def start_evaluation_load(ctx: Context, judge_id: str, options: LoadOptions) -> EvaluationLoad:
    """Begin to record evaluations.

    Raises:
        NotFound: there is no such judge.
    """
    return EvaluationLoad(ctx, *await _judge(ctx, judge_id), options)


async def start_feedback_load(ctx: Context, judge_id: str, options: LoadOptions) -> FeedbackLoad:
    """Begin to submit feedback.

    Raises:
        NotFound: there is no such judge.
    """
    return FeedbackLoad(ctx, *await _judge(ctx, judge_id), options)


async def _judge(ctx: Context, judge_id: str) -> tuple[Judge, tuple[Criterion, ...]]:
    judge = await ctx.store.read(lambda connection: judges.get_judge_or_raise(connection, ctx.workspace_id, judge_id))
    return judge, await ctx.loaders.criteria.load(judge.pk)


def _with_versions(
    unit: ParsedBatch[EvaluationSpec], computed: dict[int, Scores], unknown: dict[str, NotFound]
) -> PreparedBatch[NewEvaluation]:
    """What is to be kept, with what people were shown: by line, where a version computed it."""
    prepared: PreparedBatch[NewEvaluation] = PreparedBatch(refusals=list(unit.rejected))
    for item in unit.parsed:
        spec = item.spec
        if spec.version_id in unknown:
            if item.shown is None:
                prepared.refusals.append(RejectedLine(item.line, unknown[spec.version_id], spec.external_id))
                continue
            spec = replace(spec, version_id=None)
        prepared.add(item.line, NewEvaluation(spec, item.scores or [], computed.get(item.line, item.shown)))
    return prepared


def _with_evaluations(unit: ParsedBatch[FeedbackSpec], find: dict[str, Evaluation]) -> PreparedBatch[NewFeedback]:
    """What is to be kept, each with what it is about."""
    prepared: PreparedBatch[NewFeedback] = PreparedBatch(refusals=list(unit.rejected))
    for item in unit.parsed:
        spec = item.spec
        evaluation = find.get(spec.evaluation_id or spec.evaluation_external_id or "")
        if evaluation is None:
            error = with_line_field(feedback.evaluation_not_found(spec))
            prepared.refusals.append(RejectedLine(item.line, error, spec.external_id))
        else:
            prepared.add(item.line, NewFeedback(spec, evaluation, item.scores))
    return prepared


def _evaluations_of(connection: Connection, judge_pk: int, specs: Sequence[FeedbackSpec]) -> dict[str, Evaluation]:
    """The evaluations that feedback names; one without an external id may be called by our own id in its place."""
    ids = [spec.evaluation_id for spec in specs if spec.evaluation_id is not None]
    names = list({spec.evaluation_external_id for spec in specs if spec.evaluation_external_id is not None})
    by_id, by_name = evaluations.find_evaluations(connection, judge_pk, ids, names)
    own = [name for name in names if name.startswith(f"{NewEvaluation.prefix}_") and name not in by_name]
    if own:
        nameless, _ = evaluations.find_evaluations(connection, judge_pk, own, [])
        by_id |= {id_: row for id_, row in nameless.items() if row.external_id is None}
    return by_id | by_name


def _outcome(prepared: PreparedBatch[N], rows: Sequence[object], new: int) -> BatchOutcome:
    refused: list[RejectedLine] = [
        RejectedLine(line, row, external_id)
        for (line, external_id), row in zip(prepared.lines, rows, strict=True)
        if isinstance(row, Conflict)
    ]
    in_order = sorted([*prepared.refusals, *refused], key=lambda refusal: refusal.line)
    return BatchOutcome(new, len(rows) - len(refused) - new, in_order)
