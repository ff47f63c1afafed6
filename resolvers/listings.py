"""Lists of a judge's evaluations and feedback, with filters."""

from dataclasses import replace
from typing import TypeVar

from models.errors import Invalid, LimitExceeded, NotFound
from models.evaluation import Evaluation
from models.feedback import Feedback
from models.scoring import Scorecard
from models.specs.limits import MAX_NAME
from models.specs.listings import EvaluationFilter, FeedbackFilter
from resolvers.context import Context
from resolvers.page import ListPage, read_list
from store import listings
from store.database.rows import Columns

F = TypeVar("F", EvaluationFilter, FeedbackFilter)


async def list_evaluations(
    ctx: Context,
    judge_pk: int,
    first: int,
    after: str | None,
    filter_: EvaluationFilter,
    criterion: str | None,
    columns: Columns = None,
) -> ListPage[Evaluation]:
    """Return a page of a judge's evaluations, newest first.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        filter_: Conditions on the evaluations.
        criterion: The id or key of a criterion that must have been corrected; None for no such condition.
        columns: The columns to read; None for all.

    Raises:
        NotFound: The judge has no such criterion.
        Invalid, LimitExceeded: ``first``, ``after`` or the filter is not allowed.
    """
    resolved = await _resolve_filter(ctx, judge_pk, filter_, criterion)
    return await read_list(
        ctx,
        lambda connection: listings.list_evaluations(connection, judge_pk, resolved, first, after, columns),
        lambda connection: listings.count_evaluations(connection, judge_pk, resolved),
    )


async def list_feedback(
    ctx: Context,
    judge_pk: int,
    first: int,
    after: str | None,
    filter_: FeedbackFilter,
    criterion: str | None,
    columns: Columns = None,
) -> ListPage[Feedback]:
    """Return a page of the feedback on a judge's evaluations, newest first.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        first: The number of items.
        after: The cursor after which the page starts; None for the first page.
        filter_: Conditions on the feedback.
        criterion: The id or key of a criterion to list the corrections of; None for no such condition.
        columns: The columns to read; None for all.

    Raises:
        NotFound: The judge has no such criterion.
        Invalid, LimitExceeded: ``first``, ``after`` or the filter is not allowed.
    """
    resolved = await _resolve_filter(ctx, judge_pk, filter_, criterion)
    return await read_list(
        ctx,
        lambda connection: listings.list_feedback(connection, judge_pk, resolved, first, after, columns),
        lambda connection: listings.count_feedback(connection, judge_pk, resolved),
    )


async def _resolve_filter(ctx: Context, judge_pk: int, filter_: F, criterion: str | None) -> F:
    _check_filter(filter_)
    if criterion is not None:
        found = Scorecard(await ctx.loaders.criteria.load(judge_pk)).find(criterion)
        if found is None:
            raise NotFound(f"The judge has no criterion {criterion!r}.", ("filter", "criterion_id"))
        filter_ = replace(filter_, criterion=found.ordinal)
    if filter_.rater is not None and "\x00" in filter_.rater:  # PostgreSQL rejects this character; no name contains it
        filter_ = replace(filter_, rater="")
    return filter_


def _check_filter(filter_: EvaluationFilter | FeedbackFilter) -> None:
    if filter_.since is not None and filter_.until is not None and filter_.until < filter_.since:
        raise Invalid("until lies before since.", ("filter", "until"))
    if filter_.search is not None:
        if len(filter_.search) > MAX_NAME:
            raise LimitExceeded(f"A search takes at most {MAX_NAME} characters.", ("filter", "search"))
        if not filter_.search.strip():
            raise Invalid("A search needs at least one word; leave it out to list all.", ("filter", "search"))
