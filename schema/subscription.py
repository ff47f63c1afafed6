"""The subscription type."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Annotated, TypeVar

import strawberry
from strawberry import ID

from models.feedback import FeedbackBounds, Summary
from models.job import TrainingJob as JobRecord
from models.judge import Judge
from resolvers import subscriptions
from schema.decorators import object_type, subscription
from schema.info import Info, unset_to_none
from schema.selection import selected_columns
from schema.types.feedback_summary import FeedbackSummary, selected_figures
from schema.types.training_job import TrainingJobUpdate

T = TypeVar("T")
R = TypeVar("R")


@object_type
class Subscription:
    """Live updates.

    Subscribe over a WebSocket with the protocol `graphql-transport-ws`, or over HTTP with server-sent events or
    multipart responses.
    """

    @subscription
    async def training_job_status(
        self,
        info: Info,
        job_id: Annotated[ID, strawberry.argument(description="The job to follow.")],
        after: Annotated[
            str | None,
            strawberry.argument(
                description="The cursor of an earlier update after which to continue. Default: the job's first event."
            ),
        ] = strawberry.UNSET,
    ) -> AsyncIterator[TrainingJobUpdate]:
        """Follow one job: its past events in order, then its new events.

        The subscription completes when the job ends. After a lost connection, subscribe again with the last cursor as
        `after`: no event is missed or repeated.

        Args:
            info: The request.
            job_id: The job.
            after: The cursor after which to continue.
        """
        columns = selected_columns(info, JobRecord)
        updates = subscriptions.follow_job(info.context, job_id, unset_to_none(after), columns)
        return await start_stream(updates, TrainingJobUpdate.of)

    @subscription
    async def training_job_activity(
        self,
        info: Info,
        judge_id: Annotated[
            ID | None, strawberry.argument(description="Only jobs of this judge. Default: all jobs of the workspace.")
        ] = strawberry.UNSET,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="The cursor of an earlier update after which to continue. Default: new events only."
            ),
        ] = strawberry.UNSET,
    ) -> AsyncIterator[TrainingJobUpdate]:
        """Follow the events of all jobs, or of all jobs of one judge. The subscription does not complete.

        After a lost connection, subscribe again with the last cursor as `after`: no event is missed or repeated.

        Args:
            info: The request.
            judge_id: The judge.
            after: The cursor after which to continue.
        """
        columns = selected_columns(info, JobRecord)
        updates = subscriptions.follow_activity(info.context, unset_to_none(judge_id), unset_to_none(after), columns)
        return await start_stream(updates, TrainingJobUpdate.of)

    @subscription
    async def feedback_summary_changed(
        self,
        info: Info,
        judge_id: Annotated[ID, strawberry.argument(description="The judge whose feedback to follow.")],
    ) -> AsyncIterator[FeedbackSummary]:
        """Follow a judge's feedback summary: its current state, then each change. The subscription does not complete.

        Changes in quick succession are combined into a few updates per second. The last state is always sent.
        """

        def to_summary(found: tuple[Judge, Summary, FeedbackBounds]) -> FeedbackSummary:
            judge, figures, bounds = found
            return FeedbackSummary.of(figures, judge.pk, bounds)

        return await start_stream(
            subscriptions.follow_summary(info.context, judge_id, selected_figures(info)), to_summary
        )


async def start_stream(stream: AsyncIterator[T], to_result: Callable[[T], R]) -> AsyncIterator[R]:
    """Start a stream and return it once its first item is there.

    The resolver checks its arguments before the first item. An invalid argument thus fails the subscription itself,
    as a rejected request does, rather than its first result.

    Args:
        stream: The resolver's stream.
        to_result: Returns the GraphQL object of an item.
    """
    first = await anext(stream, None)

    async def results() -> AsyncIterator[R]:
        try:
            if first is not None:
                yield to_result(first)
            async for item in stream:
                yield to_result(item)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    return results()
