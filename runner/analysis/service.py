"""Service that runs analyses in processes of their own, each once, and caches the results.

The event loop only waits. The number of concurrent and of waiting analyses, and the time of each, are limited. A caller
that stops waiting does not cancel the analysis, because other callers may wait for the same result.
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
"""Analyses that run at a time."""
MAX_QUEUED = 20
"""Analyses that may be unfinished, those that run included."""
TIMEOUT_SECONDS = 120.0
"""Time after which an analysis is stopped."""
MAX_CACHED = 100
"""Results that are kept."""

R = TypeVar("R")

log = structlog.get_logger(__name__)


class AnalysisService:
    """Analyses of one database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._results: OrderedDict[AnalysisRequest, asyncio.Task[bytes]] = OrderedDict()
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def run(self, request: AnalysisRequest, result_type: type[R]) -> R:
        """Return the result of a request, from the cache or from an analysis that already runs where possible.

        Args:
            request: the request.
            result_type: type of its result.

        Raises:
            LimitExceeded: Too many analyses are unfinished, or this one takes too long.
        """
        task = self._results.get(request)
        if task is None:
            if sum(not other.done() for other in self._results.values()) >= MAX_QUEUED:
                raise LimitExceeded("Too many analyses are running on this server; try again in a minute.")
            task = asyncio.create_task(self._run_in_process(request), name=type(request).__name__)
            self._results[request] = task
            task.add_done_callback(partial(self._on_done, request))
        self._results.move_to_end(request)
        return msgspec.json.decode(await asyncio.shield(task), type=result_type)

    async def close(self) -> None:
        """Stop all unfinished analyses."""
        tasks = list(self._results.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_done(self, request: AnalysisRequest, task: "asyncio.Task[bytes]") -> None:
        """Keep a result and evict the least recently used ones; forget a failure so that it may be repeated."""
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
                    output = await process.stdout.read()
                    code = await process.wait()
            except TimeoutError:
                log.warning("analysis_timed_out", request=type(request).__name__)
                raise LimitExceeded(
                    f"This takes more than {TIMEOUT_SECONDS:.0f} seconds on this server, so it was stopped."
                ) from None
            finally:
                if process.returncode is None:
                    kill_group(process)
                    await process.wait()
        if code != 0:
            reason = f": {output.decode(errors='replace')}" if code == 1 else ""
            raise RuntimeError(f"the analysis {type(request).__name__} ended with status {code}{reason}")
        return output
