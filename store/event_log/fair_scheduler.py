"""Fair scheduler: resume waiting subscribers a few per event-loop iteration so that other requests are not starved.

Key objects:
    ``FairScheduler``: a first-in, first-out queue of futures, one for each task that waits for its turn.

Protocol:
    1. A task awaits ``wait_turn`` before each piece of work that thousands of tasks may do at the same moment, such as
       encoding an event for a subscriber.
    2. The first task that waits schedules ``_resume`` for the next iteration of the event loop.
    3. ``_resume`` completes up to ``MAX_PER_ITERATION`` futures and schedules itself again while others wait.

Why: one event can wake a thousand subscribers. asyncio would run all of them in one iteration, each for some tenths of
a millisecond, and every other request would wait until the last of them is served.

Invariants:
    - Tasks resume in the order in which they called ``wait_turn``.
    - A task resumes only through ``_resume``, also if nothing else waits, so no task runs ahead of the queue.
    - A cancelled task does not block the queue; its future is skipped.
    - ``_resume`` is scheduled exactly while the queue is not empty, so an idle scheduler costs nothing.
"""

import asyncio
from collections import deque

MAX_PER_ITERATION = 8  # tasks resumed per event-loop iteration; each runs for some tenths of a millisecond


class FairScheduler:
    """Queue of tasks that resume a few per event-loop iteration, in the order of their arrival."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait_turn(self) -> None:
        """Wait until the scheduler resumes this task."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            loop.call_soon(self._resume)
        await turn

    def _resume(self) -> None:
        for _ in range(min(MAX_PER_ITERATION, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():  # a cancelled task's future is done
                turn.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._resume)
