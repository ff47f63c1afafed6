"""The feedback summary of a judge."""

from datetime import datetime

from models.errors import Invalid, NotFound
from models.feedback import Bounds, Summary
from models.judge import Judge
from models.scoring import Scorecard
from resolvers.context import Context
from store import judges
from store.summary import summarise


async def of_judge(
    ctx: Context,
    judge_id: str,
    since: datetime | None,
    until: datetime | None,
    target_criteria: tuple[str, ...] | None,
) -> tuple[Judge, Summary] | None:
    """A judge with its summary; None: there is no such judge.

    Raises:
        NotFound: the judge has no such criterion.
        Invalid: the bounds make no sense.
    """
    judge = await ctx.store.read(lambda connection: judges.get(connection, ctx.workspace_id, judge_id))
    if judge is None:
        return None
    return judge, await of_pk(ctx, judge.pk, since, until, target_criteria)


async def of_pk(
    ctx: Context,
    judge_pk: int,
    since: datetime | None = None,
    until: datetime | None = None,
    target_criteria: tuple[str, ...] | None = None,
) -> Summary:
    """The summary of a judge that the viewer may see.

    Raises:
        NotFound: the judge has no such criterion.
        Invalid: the bounds make no sense.
    """
    if since is not None and until is not None and until < since:
        raise Invalid("until lies before since.", ("until",))
    criteria = await ctx.loaders.criteria.load(judge_pk)
    ordinals: set[int] = set()
    scorecard = Scorecard(criteria)
    for name in target_criteria or ():
        criterion = scorecard.find(name)
        if criterion is None:
            raise NotFound(f"The judge has no criterion {name!r}.", ("target_criteria",))
        ordinals.add(criterion.ordinal)
    bounds = Bounds(since, until, tuple(sorted(ordinals)) if target_criteria is not None else None)
    return await ctx.store.read(lambda connection: summarise(connection, judge_pk, criteria, bounds))
