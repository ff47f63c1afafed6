"""Submission, retraction and reading of feedback."""

from collections.abc import Callable

from sqlalchemy import Connection

from models.audit import AuditAction
from models.errors import DomainError, NotFound
from models.evaluation import Evaluation, Scores
from models.feedback import Feedback
from models.scoring import Scorecard
from models.specs.checks import check_batch_size, check_required_reason
from models.specs.feedback import FeedbackSpec
from resolvers.batch import BatchResult, split_rows
from resolvers.context import Context
from resolvers.page import ListPage, read_page
from store import audit, evaluations, feedback
from store.database.rows import Columns
from store.feedback import NewFeedback


async def find_feedback(ctx: Context, feedback_id: str) -> Feedback | None:
    """Return the workspace's item of feedback with this id."""
    return await ctx.read(lambda connection: feedback.find_feedback(connection, ctx.workspace_id, feedback_id))


async def list_for_evaluation(
    ctx: Context, evaluation_id: str, first: int, after: str | None, columns: Columns = None
) -> ListPage[Feedback]:
    """Return a page of the feedback on one evaluation, oldest first.

    Args:
        ctx: The context of the operation.
        evaluation_id: The evaluation.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        columns: The columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    statement = feedback.for_evaluation(ctx.workspace_id, evaluation_id)
    return await read_page(ctx, feedback.FEEDBACK, statement, first, after, ctx.sizes.page, columns)


async def submit_feedback(ctx: Context, judge_id: str, specs: tuple[FeedbackSpec, ...]) -> BatchResult[Feedback]:
    """Store feedback; each item is accepted or rejected on its own.

    Args:
        ctx: The context of the operation.
        judge_id: The judge of the evaluations.
        specs: The items.

    Raises:
        RequestRejected, NotFound: The call as a whole is rejected.
    """
    check_batch_size("feedback", len(specs), ctx.sizes.batch)
    judge, criteria = await ctx.load_judge(judge_id)
    problems = [list(spec.problems()) for spec in specs]
    find = await _find_evaluations(ctx, judge.pk, specs, problems)
    scorecard = Scorecard(criteria)
    errors: list[DomainError] = []
    valid: dict[int, NewFeedback] = {}
    for index, (spec, own_problems) in enumerate(zip(specs, problems, strict=True)):
        evaluation = find(spec)
        scores, all_problems = _check_item(spec, own_problems, evaluation, scorecard)
        if all_problems:
            errors += (problem.within("feedback", str(index)) for problem in all_problems)
        else:
            assert evaluation is not None
            valid[index] = NewFeedback(spec, evaluation, scores)
    stored, new_count = await _store_items(ctx, judge.pk, valid, errors)
    return BatchResult(tuple(stored.get(index) for index in range(len(specs))), new_count, tuple(errors), judge.pk)


async def retract_feedback(ctx: Context, feedback_id: str, reason: str) -> Feedback:
    """Retract an item permanently; an ANNOTATOR may retract only feedback of the key's own user.

    Args:
        ctx: The context of the operation.
        feedback_id: The item.
        reason: The reason, for the audit log.

    Raises:
        RequestRejected, NotFound: The item cannot be retracted.
    """
    check_required_reason(reason)
    item = await find_feedback(ctx, feedback_id)
    if item is None:
        raise NotFound(f"There is no feedback {feedback_id!r}.", ("feedback_id",))
    if item.created_by != ctx.viewer.user_id:
        ctx.require("Mutation.retractFeedback(somebody else's)")

    def unit(connection: Connection) -> Feedback:
        retracted = feedback.retract_feedback(connection, item.judge_pk, item.id, ctx.viewer.user_id, reason)
        if item.retracted_at is None:  # retracting it again changes nothing
            action = AuditAction.FEEDBACK_RETRACTED
            audit.record_action(connection, ctx.viewer, action, item.id, f"Took back the feedback {item.id}.", reason)
        return retracted

    return await ctx.store.write(unit)


async def _find_evaluations(
    ctx: Context, judge_pk: int, specs: tuple[FeedbackSpec, ...], problems: list[list[DomainError]]
) -> Callable[[FeedbackSpec], Evaluation | None]:
    """Read the evaluations of all items whose reference is well-formed, and return a lookup by item.

    Args:
        ctx: The context of the operation.
        judge_pk: The judge of the evaluations.
        specs: The items.
        problems: The problems of each item.
    """
    referring = [spec for spec, own in zip(specs, problems, strict=True) if _has_valid_reference(own)]
    by_id, by_external_id = await ctx.read(
        lambda connection: evaluations.find_evaluations(
            connection,
            judge_pk,
            [spec.evaluation_id for spec in referring if spec.evaluation_id is not None],
            [spec.evaluation_external_id for spec in referring if spec.evaluation_external_id is not None],
        )
    )
    return lambda spec: by_id.get(spec.evaluation_id or "") or by_external_id.get(spec.evaluation_external_id or "")


def _check_item(
    spec: FeedbackSpec, own_problems: list[DomainError], evaluation: Evaluation | None, scorecard: Scorecard
) -> tuple[Scores | None, list[DomainError]]:
    """Return the corrected scores in the judge's order and all problems of an item.

    Args:
        spec: The item.
        own_problems: The problems of the item on its own.
        evaluation: The evaluation that it refers to, if it was found.
        scorecard: The judge's criteria.
    """
    problems = list(own_problems)
    scores: Scores | None = None
    if spec.corrected_scores is not None:
        scores, misplaced = scorecard.arrange_scores(spec.corrected_scores, "corrected_scores")
        problems += misplaced
    if evaluation is None and _has_valid_reference(problems):
        problems.append(feedback.evaluation_not_found(spec))
    return scores, problems


def _has_valid_reference(problems: list[DomainError]) -> bool:
    """Return whether no problem is about the reference to the evaluation."""
    return not any(problem.field[0] in ("evaluation_id", "evaluation_external_id") for problem in problems)


async def _store_items(
    ctx: Context, judge_pk: int, valid: dict[int, NewFeedback], errors: list[DomainError]
) -> tuple[dict[int, Feedback], int]:
    if not valid:
        return {}, 0
    viewer = ctx.viewer
    rows, new_count = await ctx.store.write(
        lambda connection: feedback.submit_feedback(
            connection, judge_pk, viewer.user_id, viewer.user_name, list(valid.values())
        )
    )
    return split_rows(valid, rows, "feedback", errors), new_count
