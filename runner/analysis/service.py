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
from runner.analysis.requests import AnalysisRequest, Envelope
from runner.processes.spawn import kill_group, start_process

MAX_CONCURRENT = 2
"""Questions thought about at a time."""
MAX_QUEUED = 20
"""Questions that may be open, the one that is thought about included."""
TIMEOUT_SECONDS = 120.0
"""Seconds after which a question is given up."""
MAX_CACHED = 100
"""Answers remembered."""

A = TypeVar("A")

log = structlog.get_logger(__name__)


class AnalysisService:
    """Asks, waits and remembers, for one database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._results: OrderedDict[AnalysisRequest, asyncio.Task[bytes]] = OrderedDict()
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def run(self, request: AnalysisRequest, answer: type[A]) -> A:
        """The answer to a question.

        Raises:
            LimitExceeded: too much is asked at once, or the question takes too long.
        """
        task = self._results.get(request)
        if task is None:
            if sum(not other.done() for other in self._results.values()) >= MAX_QUEUED:
                raise LimitExceeded("The server is thinking about too many questions already; ask again in a minute.")
            task = asyncio.create_task(self._run_in_process(request), name=type(request).__name__)
            self._results[request] = task
            task.add_done_callback(partial(self._on_done, request))
        self._results.move_to_end(request)
        return msgspec.json.decode(await asyncio.shield(task), type=answer)

    async def close(self) -> None:
        """Give up what is open."""
        tasks = list(self._results.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_done(self, request: AnalysisRequest, task: "asyncio.Task[bytes]") -> None:
        """Keep an answer, in place of the oldest when there are many; what failed may be asked again."""
        if task.cancelled() or task.exception() is not None:
            del self._results[request]
        done = [known for known, other in self._results.items() if other.done()]
        for known in done[: max(0, len(self._results) - MAX_CACHED)]:
            del self._results[known]

    async def _run_in_process(self, request: AnalysisRequest) -> bytes:
        async with self._slots:
            process = await start_process("runner.analysis.process")
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    envelope = msgspec.json.encode(Envelope(self._url, request)) + b"\n"
                    assert process.stdin is not None
                    assert process.stdout is not None
                    process.stdin.write(envelope)
                    answer = await process.stdout.read()
                    code = await process.wait()
            except TimeoutError:
                log.warning("analysis_timed_out", request=type(request).__name__)
                raise LimitExceeded(
                    f"This takes more than {TIMEOUT_SECONDS:.0f} seconds on this server, so it was given up."
                ) from None
            finally:
                if process.returncode is None:
                    kill_group(process)
                    await process.wait()
        if code != 0:
            why = f": {answer.decode(errors='replace')}" if code == 1 else ""
            raise RuntimeError(f"the analysis {type(request).__name__} ended with status {code}{why}")
        return answer
