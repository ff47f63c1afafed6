"""Export of all evaluations or all feedback of a judge as lines in the format of bulk loading.

A record without an external id is exported with our own id in its place, so that every line has an id. Loading an
export twice, on this server or another one, therefore adds nothing twice.
"""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import msgspec

from models.bulk.lines import EvaluationLine, FeedbackLine
from models.evaluation import Evaluation, Scores
from models.judge import Criterion
from resolvers.context import Context
from store import export

EVALUATIONS_PER_READ = 100  # with the longest texts, tens of megabytes
FEEDBACK_PER_READ = 1_000


async def export_evaluations(ctx: Context, judge_id: str) -> AsyncIterator[bytes]:
    """Start the export of a judge's evaluations.

    Raises:
        NotFound: There is no such judge.
    """
    judge, criteria = await ctx.load_judge(judge_id)
    return _evaluations(ctx, judge.pk, criteria)


async def export_feedback(ctx: Context, judge_id: str) -> AsyncIterator[bytes]:
    """Start the export of a judge's feedback.

    Raises:
        NotFound: There is no such judge.
    """
    judge, criteria = await ctx.load_judge(judge_id)
    return _feedback(ctx, judge.pk, criteria)


async def _evaluations(ctx: Context, pk: int, criteria: Sequence[Criterion]) -> AsyncIterator[bytes]:
    upto = await ctx.store.read_long(lambda connection: export.last_evaluation_seq(connection, pk))
    after = 0
    while rows := await ctx.store.read_long(
        partial(export.list_evaluations, judge_pk=pk, after=after, upto=upto, limit=EVALUATIONS_PER_READ)
    ):
        yield _encoder.encode_lines([_evaluation(row, criteria) for row in rows])
        after = rows[-1].seq


async def _feedback(ctx: Context, pk: int, criteria: Sequence[Criterion]) -> AsyncIterator[bytes]:
    upto = await ctx.store.read_long(lambda connection: export.last_feedback_seq(connection, pk))
    after = 0
    while rows := await ctx.store.read_long(
        partial(export.list_feedback, judge_pk=pk, after=after, upto=upto, limit=FEEDBACK_PER_READ)
    ):
        yield _encoder.encode_lines([_item(row, criteria) for row in rows])
        after = rows[-1].seq


_encoder = msgspec.json.Encoder()


def _evaluation(row: Evaluation, criteria: Sequence[Criterion]) -> EvaluationLine:
    return EvaluationLine(
        row.output,
        _named(row.scores, criteria) or {},
        row.external_id or row.id,
        row.group,
        row.source,
        row.input,
        row.rationale,
        row.version_id,
        _named(row.shown, criteria),
        row.evaluated_at,
    )


def _item(row: Any, criteria: Sequence[Criterion]) -> FeedbackLine:
    return FeedbackLine(
        row.type.value,
        row.named,
        None,
        _named(row.scores, criteria),
        row.rating,
        row.approved,
        row.comment,
        row.submitted_by,
        row.submitted_at,
        row.external_id or row.id,
    )


def _named(scores: Scores | None, criteria: Sequence[Criterion]) -> dict[str, float] | None:
    """Return scores by the keys of their criteria."""
    if scores is None:
        return None
    return {c.key: score for c, score in zip(criteria, scores, strict=False) if score is not None}
