"""What can be followed live."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Annotated, TypeVar

import strawberry
from strawberry import ID

from models.feedback import FeedbackBounds, FeedbackTotals
from models.judge import Judge
from resolvers import subscriptions as status
from schema.decorators import object_type, subscription
from schema.info import Info, unset_to_none
from schema.types.feedback_summary import FeedbackSummary
from schema.types.training_job import TrainingJobUpdate

T = TypeVar("T")
R = TypeVar("R")


@object_type
class Subscription:
    """Everything that can be followed live.

    Over a WebSocket that speaks `graphql-transport-ws`, or over HTTP as server-sent events or in parts.
    """

    @subscription
    async def training_job_status(
        self,
        info: Info,
        job_id: Annotated[ID, strawberry.argument(description="The job to follow.")],
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Go on after this cursor of an earlier update. Left out: from the job's first event."
            ),
        ] = strawberry.UNSET,
    ) -> AsyncIterator[TrainingJobUpdate]:
        """Every event of one job in order: first those that were, then those to come.

        It completes when the job is over. After a lost connection, subscribe again with the last cursor as `after`:
        nothing is missed or repeated.
        """
        return await start_stream(status.follow_job(info.context, job_id, unset_to_none(after)), TrainingJobUpdate.of)

    @subscription
    async def training_job_activity(
        self,
        info: Info,
        judge_id: Annotated[
            ID | None, strawberry.argument(description="Only the jobs of this judge. Left out: all jobs you may see.")
        ] = strawberry.UNSET,
        after: Annotated[
            str | None,
            strawberry.argument(description="Go on after this cursor of an earlier update. Left out: from now on."),
        ] = strawberry.UNSET,
    ) -> AsyncIterator[TrainingJobUpdate]:
        """The events of all jobs, or of all jobs of one judge, as they happen. It goes on until you end it.

        After a lost connection, subscribe again with the last cursor as `after`: nothing is missed or repeated.
        """
        return await start_stream(
            status.follow_activity(info.context, unset_to_none(judge_id), unset_to_none(after)), TrainingJobUpdate.of
        )

    @subscription
    async def feedback_summary_changed(
        self, info: Info, judge_id: Annotated[ID, strawberry.argument(description="The judge whose feedback is meant.")]
    ) -> AsyncIterator[FeedbackSummary]:
        """What feedback a judge has to learn from: now, and again after each change. It goes on until you end it.

        Changes in quick succession come together, a few times a second at most; the last state always comes.
        """

        def shown(found: tuple[Judge, FeedbackTotals, FeedbackBounds]) -> FeedbackSummary:
            judge, figures, bounds = found
            return FeedbackSummary.of(figures, judge.pk, bounds)

        return await start_stream(status.follow_summary(info.context, judge_id), shown)


async def start_stream(stream: AsyncIterator[T], shown: Callable[[T], R]) -> AsyncIterator[R]:
    """A stream whose first item is there.

    What is wrong with the arguments comes up before it, and so ends the subscription as a refused request does, not
    as a result with errors.
    """
    first = await anext(stream, None)

    async def items() -> AsyncIterator[R]:
        try:
            if first is not None:
                yield shown(first)
            async for item in stream:
                yield shown(item)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    return items()
