"""Fair scheduler: many tasks resume a few at a time in order, and other tasks run in between."""

import asyncio
import itertools

from store.event_log.fair_scheduler import MAX_PER_ITERATION, FairScheduler


async def test_tasks_resume_a_few_at_a_time_in_order_while_other_tasks_run() -> None:
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


async def test_cancelled_task_does_not_block_the_queue() -> None:
    scheduler = FairScheduler()
    waiting = [asyncio.create_task(scheduler.wait_turn()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await asyncio.wait(waiting, timeout=60)
    assert [task.cancelled() for task in waiting] == [False, True, False]
    async with asyncio.timeout(60):
        await scheduler.wait_turn()
