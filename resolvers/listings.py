"""Read a judge's evaluations and feedback back, page by page."""

from dataclasses import replace
from typing import TypeVar

from models.errors import Invalid, LimitExceeded, NotFound
from models.evaluation import Evaluation
from models.feedback import Feedback
from models.scoring import Scorecard
from models.specs.limits import MAX_NAME
from models.specs.listings import EvaluationFilter, FeedbackFilter
from resolvers.context import Context
from resolvers.page import ListPage
from store import listings as lists

F = TypeVar("F", EvaluationFilter, FeedbackFilter)


async def list_evaluations(
    ctx: Context, judge_pk: int, first: int, after: str | None, wanted: EvaluationFilter, criterion: str | None
) -> ListPage[Evaluation]:
    """A judge's evaluations, newest first; with a criterion, named by id or key, those that were corrected on it.

    Raises:
        NotFound: the judge has no such criterion.
        Invalid, LimitExceeded: ``first``, ``after`` or the filter is not allowed.
    """
    asked, store = await _completed(ctx, judge_pk, wanted, criterion), ctx.store
    window = await store.read(lambda connection: lists.list_evaluations(connection, judge_pk, asked, first, after))

    async def total() -> int:
        return await store.read(lambda connection: lists.count_evaluations(connection, judge_pk, asked))

    return ListPage(window.rows, window.cursors, window.has_next, window.has_previous, total)


async def list_feedback(
    ctx: Context, judge_pk: int, first: int, after: str | None, wanted: FeedbackFilter, criterion: str | None
) -> ListPage[Feedback]:
    """A judge's feedback, newest first; with a criterion, named by id or key, corrections of it.

    Raises:
        NotFound: the judge has no such criterion.
        Invalid, LimitExceeded: ``first``, ``after`` or the filter is not allowed.
    """
    asked, store = await _completed(ctx, judge_pk, wanted, criterion), ctx.store
    window = await store.read(lambda connection: lists.list_feedback(connection, judge_pk, asked, first, after))

    async def total() -> int:
        return await store.read(lambda connection: lists.count_feedback(connection, judge_pk, asked))

    return ListPage(window.rows, window.cursors, window.has_next, window.has_previous, total)


async def _completed(ctx: Context, judge_pk: int, wanted: F, criterion: str | None) -> F:
    """A filter that is allowed, with the criterion that it names."""
    _check(wanted)
    if criterion is not None:
        found = Scorecard(await ctx.loaders.criteria.load(judge_pk)).find(criterion)
        if found is None:
            raise NotFound(f"The judge has no criterion {criterion!r}.", ("filter", "criterion_id"))
        wanted = replace(wanted, criterion=found.ordinal)
    if wanted.rater is not None and "\x00" in wanted.rater:  # no text in a database holds it
        wanted = replace(wanted, rater="")
    return wanted


def _check(wanted: EvaluationFilter | FeedbackFilter) -> None:
    if wanted.since is not None and wanted.until is not None and wanted.until < wanted.since:
        raise Invalid("until lies before since.", ("filter", "until"))
    if wanted.search is not None:
        if len(wanted.search) > MAX_NAME:
            raise LimitExceeded(f"A search takes at most {MAX_NAME} characters.", ("filter", "search"))
        if not wanted.search.strip():
            raise Invalid("A search needs at least one word; leave it out to list all.", ("filter", "search"))
