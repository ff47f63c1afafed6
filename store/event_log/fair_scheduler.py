"""Turns: where an event wakes a thousand who follow, all others must not wait until the last of them was served."""

import asyncio
from collections import deque

MAX_PER_ITERATION = 8  # each goes on for some tenths of a millisecond


class FairScheduler:
    """Lets so many go on in a turn of the event loop, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a turn."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            loop.call_soon(self._let_in)
        await turn

    def _let_in(self) -> None:
        for _ in range(min(MAX_PER_ITERATION, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():  # else whoever waited has gone
                turn.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._let_in)
