"""Submit feedback and read it back."""

from sqlalchemy import Connection

from models.audit import AuditAction
from models.errors import DomainError, NotFound
from models.evaluation import Scores
from models.feedback import Feedback
from models.scoring import Scorecard
from models.specs.checks import check_batch_size, check_required_reason
from models.specs.feedback import FeedbackSpec
from resolvers.batch import BatchResult
from resolvers.context import Context
from resolvers.page import ListPage, read_page
from store import audit, evaluations, feedback, judges
from store.feedback import NewFeedback


async def find_feedback(ctx: Context, feedback_id: str) -> Feedback | None:
    """The workspace's item of feedback of this id."""
    return await ctx.store.read(lambda connection: feedback.find_feedback(connection, ctx.workspace_id, feedback_id))


async def list_for_evaluation(ctx: Context, evaluation_id: str, first: int, after: str | None) -> ListPage[Feedback]:
    """The feedback about one evaluation, oldest first.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    statement = feedback.for_evaluation(ctx.workspace_id, evaluation_id)
    return await read_page(ctx.store, feedback.FEEDBACK, statement, first, after, ctx.sizes.page)


async def submit_feedback(ctx: Context, judge_id: str, specs: tuple[FeedbackSpec, ...]) -> BatchResult[Feedback]:
    """Keep feedback; a refused item keeps no other from being kept.

    Raises:
        RequestRejected, NotFound: the call as a whole can't be met.
    """
    check_batch_size("feedback", len(specs), ctx.sizes.batch)
    judge = await ctx.store.read(lambda connection: judges.get_judge_or_raise(connection, ctx.workspace_id, judge_id))
    scorecard = Scorecard(await ctx.loaders.criteria.load(judge.pk))
    wrong = [list(spec.problems()) for spec in specs]
    named = [spec for spec, problems in zip(specs, wrong, strict=True) if _names_one(problems)]
    by_id, by_external_id = await ctx.store.read(
        lambda connection: evaluations.find_evaluations(
            connection,
            judge.pk,
            [spec.evaluation_id for spec in named if spec.evaluation_id is not None],
            [spec.evaluation_external_id for spec in named if spec.evaluation_external_id is not None],
        )
    )
    errors: list[DomainError] = []
    checked: dict[int, NewFeedback] = {}
    for index, (spec, problems) in enumerate(zip(specs, wrong, strict=True)):
        scores: Scores | None = None
        if spec.corrected_scores is not None:
            scores, misplaced = scorecard.arrange_scores(spec.corrected_scores, "corrected_scores")
            problems += misplaced
        evaluation = by_id.get(spec.evaluation_id or "") or by_external_id.get(spec.evaluation_external_id or "")
        if evaluation is None and _names_one(problems):
            problems.append(feedback.evaluation_not_found(spec))
        if problems:
            errors += (problem.within("feedback", str(index)) for problem in problems)
        else:
            assert evaluation is not None
            checked[index] = NewFeedback(spec, evaluation, scores)
    kept, new = await _keep(ctx, judge.pk, checked, errors)
    return BatchResult(tuple(kept.get(index) for index in range(len(specs))), new, tuple(errors), judge.pk)


async def retract_feedback(ctx: Context, feedback_id: str, reason: str) -> Feedback:
    """Take an item back, for good; who may only annotate takes back what came in under the same user.

    Raises:
        RequestRejected, NotFound: it can't be, and why.
    """
    check_required_reason(reason)
    item = await find_feedback(ctx, feedback_id)
    if item is None:
        raise NotFound(f"There is no feedback {feedback_id!r}.", ("feedback_id",))
    if item.created_by != ctx.viewer.user_id:
        ctx.require("Mutation.retractFeedback(somebody else's)")

    def unit(connection: Connection) -> Feedback:
        retracted = feedback.retract_feedback(connection, item.judge_pk, item.id, ctx.viewer.user_id, reason)
        if item.retracted_at is None:  # to take it back again changes nothing
            action = AuditAction.FEEDBACK_RETRACTED
            audit.record_action(connection, ctx.viewer, action, item.id, f"Took back the feedback {item.id}.", reason)
        return retracted

    return await ctx.store.write(unit)


def _names_one(problems: list[DomainError]) -> bool:
    """Whether nothing is wrong with how the evaluation is named."""
    return not any(problem.field[0] in ("evaluation_id", "evaluation_external_id") for problem in problems)


async def _keep(
    ctx: Context, judge_pk: int, checked: dict[int, NewFeedback], errors: list[DomainError]
) -> tuple[dict[int, Feedback], int]:
    if not checked:
        return {}, 0
    viewer = ctx.viewer
    rows, new = await ctx.store.write(
        lambda connection: feedback.submit_feedback(
            connection, judge_pk, viewer.user_id, viewer.user_name, list(checked.values())
        )
    )
    kept: dict[int, Feedback] = {}
    for index, row in zip(checked, rows, strict=True):
        if isinstance(row, DomainError):
            errors.append(row.within("feedback", str(index)))
        else:
            kept[index] = row
    return kept, new
