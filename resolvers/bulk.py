"""Load evaluations and feedback in bulk: lines in, in large units, each of which is kept whole or not at all.

A unit is read first (``Load.read``: pure, long enough to belong in a thread) and kept then (``Load.keep``). By the
rules of the mutations; what is refused keeps nothing else from being kept.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sqlalchemy import Connection

from models.bulk import Item, Refusal, Unit, of_line, read_evaluations, read_feedback
from models.errors import Conflict, NotFound
from models.evaluation import Evaluation, Scores
from models.feedback import Feedback
from models.judge import Criterion, Judge
from models.line_splitter import Line
from models.lines import Names
from models.spec import EvaluationSpec, FeedbackSpec
from resolvers.context import Context
from resolvers.evaluations import shown_by, version_of
from store import evaluations, feedback, ingest, judges
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback
from store.store import Unit as StoreUnit

S = TypeVar("S", EvaluationSpec, FeedbackSpec)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """How lines are taken.

    ``idempotent``: a line without an external id gets one, a digest of what it says, so that sending it again changes
    nothing. ``dry_run``: everything is checked and nothing kept.
    """

    idempotent: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a unit's lines: how many are new, how many were there before, and what was refused."""

    new: int
    already_there: int
    refusals: list[Refusal]


class Load(ABC, Generic[S]):
    """Takes the lines of one kind into one judge."""

    def __init__(self, ctx: Context, judge: Judge, criteria: tuple[Criterion, ...], options: Options) -> None:
        self.ctx = ctx
        self.judge = judge
        self.criteria = criteria
        self.options = options
        self._names = Names(criteria)

    @abstractmethod
    def read(self, lines: Sequence[Line]) -> Unit[S]:
        """Read lines and check them by themselves."""

    @abstractmethod
    async def keep(self, unit: Unit[S]) -> Outcome:
        """Keep a unit's lines; once this returns they are durable."""

    async def _run(self, unit: StoreUnit[T]) -> T:
        if self.options.dry_run:
            return await self.ctx.store.read(unit)
        kept = await self.ctx.store.write(unit)
        self.ctx.store.tend()
        return kept


class EvaluationLoad(Load[EvaluationSpec]):
    """Records evaluations."""

    def read(self, lines: Sequence[Line]) -> Unit[EvaluationSpec]:
        """Read lines and check them by themselves."""
        return read_evaluations(lines, self._names, idempotent=self.options.idempotent)

    async def keep(self, unit: Unit[EvaluationSpec]) -> Outcome:
        """Keep a unit's lines; once this returns they are durable."""
        items, refusals = await self._resolve_versions(unit)
        pk, user = self.judge.pk, self.ctx.viewer.user_id
        given = [new for _, new in items]

        def keep(connection: Connection) -> tuple[Sequence[object], int]:
            if self.options.dry_run:
                return ingest.compare(connection, Evaluation, pk, given)
            return evaluations.record(connection, pk, user, given)

        rows, new = await self._run(keep) if items else ([], 0)
        lines = [(item.line, made.external_id) for item, made in items]
        return _outcome(lines, rows, new, refusals)

    async def _resolve_versions(
        self, unit: Unit[EvaluationSpec]
    ) -> tuple[list[tuple[Item[EvaluationSpec], NewEvaluation]], list[Refusal]]:
        """What is to be kept; a version's scores are computed, those of a version of elsewhere are taken as given."""
        by_version: dict[str, list[Item[EvaluationSpec]]] = {}
        for item in unit.items:
            if item.spec.version_id is not None:
                by_version.setdefault(item.spec.version_id, []).append(item)
        computed: dict[int, Scores] = {}
        unknown: dict[str, NotFound] = {}
        for version_id, items in by_version.items():
            try:
                version = await version_of(self.ctx, self.judge, version_id, ("version_id",))
            except NotFound as error:
                unknown[version_id] = error
                continue
            specs, raw = [item.spec for item in items], [item.scores or [] for item in items]
            shown = await shown_by(self.ctx, self.judge, version, specs, raw, self.criteria)
            computed |= {item.line: scores for item, scores in zip(items, shown, strict=True)}
        made, refusals = [], list(unit.refusals)
        for item in unit.items:
            spec, shown_scores = item.spec, computed.get(item.line, item.shown)
            if spec.version_id in unknown:
                if item.shown is None:
                    refusals.append(Refusal(item.line, unknown[spec.version_id], spec.external_id))
                    continue
                spec = replace(spec, version_id=None)
            made.append((item, NewEvaluation(spec, item.scores or [], shown_scores)))
        return made, refusals


class FeedbackLoad(Load[FeedbackSpec]):
    """Submits feedback."""

    def read(self, lines: Sequence[Line]) -> Unit[FeedbackSpec]:
        """Read lines and check them by themselves."""
        return read_feedback(lines, self._names, idempotent=self.options.idempotent)

    async def keep(self, unit: Unit[FeedbackSpec]) -> Outcome:
        """Keep a unit's lines; once this returns they are durable."""
        if not unit.items:
            return Outcome(0, 0, unit.refusals)
        return await self._run(lambda connection: self._keep(connection, unit))

    def _keep(self, connection: Connection, unit: Unit[FeedbackSpec]) -> Outcome:
        pk, viewer = self.judge.pk, self.ctx.viewer
        find = _evaluations_of(connection, pk, [item.spec for item in unit.items])
        refusals = list(unit.refusals)
        lines: list[tuple[int, str | None]] = []
        given: list[NewFeedback] = []
        for item in unit.items:
            spec = item.spec
            evaluation = find.get(spec.evaluation_id or spec.evaluation_external_id or "")
            if evaluation is None:
                refusals.append(Refusal(item.line, of_line(feedback.no_such_evaluation(spec)), spec.external_id))
            else:
                lines.append((item.line, spec.external_id))
                given.append(NewFeedback(spec, evaluation, item.scores))
        rows: Sequence[object] = []
        new = 0
        if given and self.options.dry_run:
            rows, new = ingest.compare(connection, Feedback, pk, given)
        elif given:
            rows, new = feedback.submit(connection, pk, viewer.user_id, viewer.user_name, given)
        return _outcome(lines, rows, new, refusals)


async def begin_evaluations(ctx: Context, judge_id: str, options: Options) -> EvaluationLoad:
    """Begin to record evaluations.

    Raises:
        NotFound: there is no such judge.
    """
    return EvaluationLoad(ctx, *await _judge(ctx, judge_id), options)


async def begin_feedback(ctx: Context, judge_id: str, options: Options) -> FeedbackLoad:
    """Begin to submit feedback.

    Raises:
        NotFound: there is no such judge.
    """
    return FeedbackLoad(ctx, *await _judge(ctx, judge_id), options)


async def _judge(ctx: Context, judge_id: str) -> tuple[Judge, tuple[Criterion, ...]]:
    judge = await ctx.store.read(lambda connection: judges.need(connection, ctx.workspace_id, judge_id))
    return judge, await ctx.loaders.criteria.load(judge.pk)


def _evaluations_of(connection: Connection, judge_pk: int, specs: Sequence[FeedbackSpec]) -> dict[str, Evaluation]:
    """The evaluations that feedback names; one without an external id may be called by our own id in its place."""
    ids = [spec.evaluation_id for spec in specs if spec.evaluation_id is not None]
    names = list({spec.evaluation_external_id for spec in specs if spec.evaluation_external_id is not None})
    by_id, by_name = evaluations.named(connection, judge_pk, ids, names)
    own = [name for name in names if name.startswith(f"{NewEvaluation.prefix}_") and name not in by_name]
    if own:
        nameless, _ = evaluations.named(connection, judge_pk, own, [])
        by_id |= {id_: row for id_, row in nameless.items() if row.external_id is None}
    return by_id | by_name


def _outcome(
    lines: Sequence[tuple[int, str | None]], rows: Sequence[object], new: int, refusals: list[Refusal]
) -> Outcome:
    refused = [
        Refusal(line, row, external_id)
        for (line, external_id), row in zip(lines, rows, strict=True)
        if isinstance(row, Conflict)
    ]
    in_order = sorted([*refusals, *refused], key=lambda refusal: refusal.line)
    return Outcome(new, len(rows) - len(refused) - new, in_order)
