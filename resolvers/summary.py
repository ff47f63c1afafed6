"""Feedback summaries of judges, in total and by day."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.errors import Invalid, NotFound
from models.feedback import Agreement, DayFigures, FeedbackBounds, FeedbackTotals, RaterCount
from models.judge import Judge
from models.scoring import Scorecard
from resolvers.context import Context
from store import judges
from store.database.keyset import check_first
from store.database.snapshot import snapshot
from store.summary import summary
from store.summary.by_day import count_by_day


async def summarize_judge(
    ctx: Context,
    judge_id: str,
    since: datetime | None,
    until: datetime | None,
    target_criteria: tuple[str, ...] | None,
) -> tuple[Judge, FeedbackTotals, FeedbackBounds] | None:
    """Return a judge with its figures and their bounds; None if there is no such judge.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        since: Only feedback given at or after this moment; None for no bound.
        until: Only feedback given before this moment; None for no bound.
        target_criteria: Ids or keys of criteria that corrections must touch; None for all.

    Raises:
        NotFound: The judge has no such criterion.
        Invalid: The bounds are not valid.
    """
    judge = await ctx.read(lambda connection: judges.find_judge(connection, ctx.workspace_id, judge_id))
    if judge is None:
        return None
    return judge, *await summarize_by_pk(ctx, judge.pk, since, until, target_criteria)


async def summarize_by_pk(
    ctx: Context,
    judge_pk: int,
    since: datetime | None = None,
    until: datetime | None = None,
    target_criteria: tuple[str, ...] | None = None,
) -> tuple[FeedbackTotals, FeedbackBounds]:
    """Return the figures of a judge and their bounds.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        since: Only feedback given at or after this moment; None for no bound.
        until: Only feedback given before this moment; None for no bound.
        target_criteria: Ids or keys of criteria that corrections must touch; None for all.

    Raises:
        NotFound: The judge has no such criterion.
        Invalid: The bounds are not valid.
    """
    bounds = await _bounds(ctx, judge_pk, since, until, target_criteria)
    criteria = await ctx.loaders.criteria.load(judge_pk)
    return await ctx.read(
        snapshot(lambda connection: summary.compute_figures(connection, judge_pk, criteria, bounds))
    ), bounds


async def count_new(ctx: Context, judge_pk: int, bounds: FeedbackBounds) -> int:
    """Return the number of usable items within bounds that were submitted since the newest version was created.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        bounds: The bounds of the feedback.
    """
    criteria = await ctx.loaders.criteria.load(judge_pk)
    return await ctx.read(snapshot(lambda connection: summary.count_new(connection, judge_pk, criteria, bounds)))


async def count_evaluations(ctx: Context, judge_pk: int, bounds: FeedbackBounds) -> int:
    """Return the number of different evaluations with feedback within bounds.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        bounds: The bounds of the feedback.
    """
    criteria = await ctx.loaders.criteria.load(judge_pk)
    return await ctx.read(
        snapshot(lambda connection: summary.count_evaluations(connection, judge_pk, criteria, bounds))
    )


async def compute_agreement(ctx: Context, judge_pk: int, bounds: FeedbackBounds) -> Agreement:
    """Return the agreement among raters within bounds.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        bounds: The bounds of the feedback.
    """
    criteria = await ctx.loaders.criteria.load(judge_pk)
    return await ctx.read(
        snapshot(lambda connection: summary.compute_agreement(connection, judge_pk, criteria, bounds))
    )


async def list_raters(ctx: Context, judge_pk: int, bounds: FeedbackBounds, first: int) -> list[RaterCount]:
    """Return the raters with most feedback within bounds, in descending order.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        bounds: The bounds of the feedback.
        first: The number of raters.

    Raises:
        Invalid: ``first`` is not allowed.
    """
    check_first(first)
    criteria = await ctx.loaders.criteria.load(judge_pk)
    return await ctx.read(
        snapshot(lambda connection: summary.list_raters(connection, judge_pk, criteria, bounds, first))
    )


async def summarize_days(
    ctx: Context,
    judge_id: str,
    since: datetime | None,
    until: datetime | None,
    target_criteria: tuple[str, ...] | None,
    time_zone: str,
) -> tuple[Judge, list[DayFigures]] | None:
    """Return a judge with its feedback by day; None if there is no such judge.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        since: Only feedback given at or after this moment; None for no bound.
        until: Only feedback given before this moment; None for no bound.
        target_criteria: Ids or keys of criteria that corrections must touch; None for all.
        time_zone: The name of the time zone in which days begin.

    Raises:
        NotFound: The judge has no such criterion.
        Invalid: The bounds are not valid or span too many days, or there is no such time zone.
    """
    judge = await ctx.read(lambda connection: judges.find_judge(connection, ctx.workspace_id, judge_id))
    if judge is None:
        return None
    zone = _zone(time_zone)
    bounds = await _bounds(ctx, judge.pk, since, until, target_criteria)
    criteria = await ctx.loaders.criteria.load(judge.pk)
    return judge, await ctx.read(
        snapshot(lambda connection: count_by_day(connection, judge.pk, criteria, bounds, zone))
    )


async def _bounds(
    ctx: Context,
    judge_pk: int,
    since: datetime | None,
    until: datetime | None,
    target_criteria: tuple[str, ...] | None,
) -> FeedbackBounds:
    if since is not None and until is not None and until < since:
        raise Invalid("until lies before since.", ("until",))
    ordinals: set[int] = set()
    scorecard = Scorecard(await ctx.loaders.criteria.load(judge_pk))
    for name in target_criteria or ():
        criterion = scorecard.find(name)
        if criterion is None:
            raise NotFound(f"The judge has no criterion {name!r}.", ("target_criteria",))
        ordinals.add(criterion.ordinal)
    return FeedbackBounds(since, until, tuple(sorted(ordinals)) if target_criteria is not None else None)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, not a name, or a directory of zones
        raise Invalid(
            f"There is no time zone {name[:60]!r}: give a name such as Europe/Berlin or UTC.", ("time_zone",)
        ) from None
