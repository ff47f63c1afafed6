"""Answers to questions that take a while: each is thought about once, in a process of its own, within bounds.

The event loop only waits. Questions queue up, and a person who gives up does not stop what others may wait for too.
"""

import asyncio
from collections import OrderedDict
from functools import partial
from typing import TypeVar

import msgspec
import structlog

from models.errors import LimitExceeded
from runner.analysis.requests import Asked, Question
from runner.processes.spawn import kill_group, start_process

AT_ONCE = 2
"""Questions thought about at a time."""
QUEUE = 20
"""Questions that may be open, the one that is thought about included."""
PATIENCE = 120.0
"""Seconds after which a question is given up."""
KEPT = 100
"""Answers remembered."""

A = TypeVar("A")

log = structlog.get_logger(__name__)


class Insight:
    """Asks, waits and remembers, for one database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._answers: OrderedDict[Question, asyncio.Task[bytes]] = OrderedDict()
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def ask(self, question: Question, answer: type[A]) -> A:
        """The answer to a question.

        Raises:
            LimitExceeded: too much is asked at once, or the question takes too long.
        """
        task = self._answers.get(question)
        if task is None:
            if sum(not other.done() for other in self._answers.values()) >= QUEUE:
                raise LimitExceeded("The server is thinking about too many questions already; ask again in a minute.")
            task = asyncio.create_task(self._think(question), name=type(question).__name__)
            self._answers[question] = task
            task.add_done_callback(partial(self._settle, question))
        self._answers.move_to_end(question)
        return msgspec.json.decode(await asyncio.shield(task), type=answer)

    async def close(self) -> None:
        """Give up what is open."""
        tasks = list(self._answers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _settle(self, question: Question, task: "asyncio.Task[bytes]") -> None:
        """Keep an answer, in place of the oldest when there are many; what failed may be asked again."""
        if task.cancelled() or task.exception() is not None:
            del self._answers[question]
        done = [known for known, other in self._answers.items() if other.done()]
        for known in done[: max(0, len(self._answers) - KEPT)]:
            del self._answers[known]

    async def _think(self, question: Question) -> bytes:
        async with self._turn:
            process = await start_process("runner.analysis.process")
            try:
                async with asyncio.timeout(PATIENCE):
                    asked = msgspec.json.encode(Asked(self._url, question)) + b"\n"
                    assert process.stdin is not None
                    assert process.stdout is not None
                    process.stdin.write(asked)
                    answer = await process.stdout.read()
                    code = await process.wait()
            except TimeoutError:
                log.warning("question_given_up", question=type(question).__name__)
                raise LimitExceeded(
                    f"This takes more than {PATIENCE:.0f} seconds on this server, so it was given up."
                ) from None
            finally:
                if process.returncode is None:
                    kill_group(process)
                    await process.wait()
        if code != 0:
            why = f": {answer.decode(errors='replace')}" if code == 1 else ""
            raise RuntimeError(f"thinking about {type(question).__name__} ended with status {code}{why}")
        return answer
