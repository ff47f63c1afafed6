"""Turns: many are let in a few at a time, in their order, and others get to run in between."""

import asyncio
import itertools

from store.event_log.fair_scheduler import MAX_PER_ITERATION, FairScheduler


async def test_few_go_on_at_once_in_the_order_they_came_and_others_run_in_between() -> None:
    scheduler, served, seen = FairScheduler(), list[int](), list[int]()

    async def wait(number: int) -> None:
        await scheduler.wait_turn()
        served.append(number)

    async def another() -> None:
        while len(served) < 10 * MAX_PER_ITERATION:
            seen.append(len(served))
            await asyncio.sleep(0)

    await asyncio.gather(*(wait(number) for number in range(10 * MAX_PER_ITERATION)), another())
    assert served == list(range(10 * MAX_PER_ITERATION))
    assert all(after - before <= MAX_PER_ITERATION for before, after in itertools.pairwise(seen))


async def test_whoever_goes_away_while_it_waits_keeps_nobody_from_a_turn() -> None:
    scheduler = FairScheduler()
    waiting = [asyncio.create_task(scheduler.wait_turn()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await asyncio.wait(waiting, timeout=5)
    assert [task.cancelled() for task in waiting] == [False, True, False]
    async with asyncio.timeout(5):
        await scheduler.wait_turn()
