"""Feedback summaries of judges, in total and by day."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from models.errors import Invalid, NotFound
from models.feedback import DayFigures, FeedbackBounds, Figure, RaterCount, Summary
from models.judge import Criterion, Judge
from models.scoring import Scorecard
from resolvers.context import Context
from store import judges
from store.database.keyset import check_first
from store.database.snapshot import snapshot
from store.summary import summary
from store.summary.by_day import count_by_day

Selected = tuple[Figure, ...]
JUDGE_COLUMNS = (Judge.pk, Judge.feedback_seq, Judge.version_seq)


async def summarize_judge(
    ctx: Context,
    judge_id: str,
    since: datetime | None,
    until: datetime | None,
    target_criteria: tuple[str, ...] | None,
    selected: Selected,
) -> tuple[Judge, Summary, FeedbackBounds] | None:
    """Return a judge with some figures and their bounds, read in one transaction; None if there is no such judge.

    Args:
        ctx: The context of the operation.
        judge_id: The judge.
        since: Only feedback given at or after this moment; None for no bound.
        until: Only feedback given before this moment; None for no bound.
        target_criteria: Ids or keys of criteria that corrections must touch; None for all.
        selected: The figures to read.

    Raises:
        NotFound: The judge has no such criterion.
        Invalid: The bounds are not valid.
    """

    def unit(connection: Connection) -> tuple[Judge, Summary, FeedbackBounds] | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id, JUDGE_COLUMNS)
        if judge is None:
            return None
        criteria = judges.list_criteria(connection, judge.pk) if target_criteria is not None else ()
        bounds = _to_bounds(criteria, since, until, target_criteria)
        return judge, summary.read_figures(connection, [judge.pk], bounds, selected)[judge.pk], bounds

    return await ctx.read(snapshot(unit))


async def summarize_by_pk(
    ctx: Context,
    judge_pk: int,
    selected: Selected,
    since: datetime | None = None,
    until: datetime | None = None,
    target_criteria: tuple[str, ...] | None = None,
) -> tuple[Summary, FeedbackBounds]:
    """Return some figures of a judge and their bounds. Judges with the same bounds are read together.

    Args:
        ctx: The context of the operation.
        judge_pk: A judge that the viewer may see.
        selected: The figures to read.
        since: Only feedback given at or after this moment; None for no bound.
        until: Only feedback given before this moment; None for no bound.
        target_criteria: Ids or keys of criteria that corrections must touch; None for all.

    Raises:
        NotFound: The judge has no such criterion.
        Invalid: The bounds are not valid.
    """
    criteria = await ctx.loaders.criteria.load(judge_pk) if target_criteria is not None else ()
    bounds = _to_bounds(criteria, since, until, target_criteria)
    return await ctx.loaders.load_summary(judge_pk, bounds, selected), bounds


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

    def unit(connection: Connection) -> tuple[Judge, list[DayFigures]] | None:
        judge = judges.find_judge(connection, ctx.workspace_id, judge_id, JUDGE_COLUMNS)
        if judge is None:
            return None
        zone = _zone(time_zone)
        criteria = judges.list_criteria(connection, judge.pk)
        bounds = _to_bounds(criteria, since, until, target_criteria)
        return judge, count_by_day(connection, judge.pk, criteria, bounds, zone)

    return await ctx.read(snapshot(unit))


def _to_bounds(
    criteria: Sequence[Criterion],
    since: datetime | None,
    until: datetime | None,
    target_criteria: tuple[str, ...] | None,
) -> FeedbackBounds:
    """Return checked bounds.

    Args:
        criteria: The judge's criteria; needed if there are target criteria.
        since: Only feedback given at or after this moment; None for no bound.
        until: Only feedback given before this moment; None for no bound.
        target_criteria: Ids or keys of criteria that corrections must touch; None for all.
    """
    if since is not None and until is not None and until < since:
        raise Invalid("until lies before since.", ("until",))
    if target_criteria is None:
        return FeedbackBounds(since, until)
    ordinals: set[int] = set()
    scorecard = Scorecard(criteria)
    for name in target_criteria:
        criterion = scorecard.find(name)
        if criterion is None:
            raise NotFound(f"The judge has no criterion {name!r}.", ("target_criteria",))
        ordinals.add(criterion.ordinal)
    return FeedbackBounds(since, until, tuple(sorted(ordinals)))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, not a name, or a directory of zones
        raise Invalid(
            f"There is no time zone {name[:60]!r}: give a name such as Europe/Berlin or UTC.", ("time_zone",)
        ) from None
