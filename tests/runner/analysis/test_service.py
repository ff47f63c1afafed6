"""Analyses run once each, in processes of their own, within limits."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import msgspec
import pytest

from models.errors import LimitExceeded
from runner.analysis import service as module
from runner.analysis.requests import LearningCurveRequest
from runner.analysis.results import CurvePoint, Estimate, LearningCurveResult
from runner.analysis.service import AnalysisService
from tests.runner.scripted_processes import is_running
from tests.waiting import finish

ANSWER = LearningCurveResult(7, [CurvePoint(0, Estimate(0.2, 0.1, 0.3), None)])

# Reads its request, then writes its result and ends, or stays until it is killed.
_PROGRAM = """
import sys
sys.stdin.readline()
if sys.argv[1] == "stay":
    sys.stdin.read()
sys.stdout.write(sys.argv[2])
sys.stdout.flush()
sys.exit(int(sys.argv[3]))
"""


class AnalysisProcesses:
    """Stand-ins for analysis processes."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self.stay = False
        self.code = 0
        self.starts: asyncio.Queue[None] = asyncio.Queue()

    async def start(self, module: str) -> Process:
        assert module == "runner.analysis.process"
        arguments = ["stay" if self.stay else "end", msgspec.json.encode(ANSWER).decode(), str(self.code)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-E", "-c", _PROGRAM, *arguments, stdin=PIPE, stdout=PIPE
        )
        self.started.append(process)
        self.starts.put_nowait(None)
        return process


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> AnalysisProcesses:
    made = AnalysisProcesses()
    monkeypatch.setattr(module, "start_process", made.start)
    return made


@pytest.fixture
async def service(processes: AnalysisProcesses) -> AsyncIterator[AnalysisService]:
    made = AnalysisService("sqlite+aiosqlite:///nowhere")
    yield made
    await made.close()


async def run(service: AnalysisService, number: int = 0) -> LearningCurveResult:
    return await service.run(LearningCurveRequest(1, number, number), LearningCurveResult)


async def wait_for_starts(processes: AnalysisProcesses, count: int) -> None:
    for _ in range(count):
        await finish(processes.starts.get(), "the start of a process")


async def test_equal_requests_run_once(service: AnalysisService, processes: AnalysisProcesses) -> None:
    answers = await asyncio.gather(run(service), run(service), run(service, 1))

    assert [*answers, await run(service)] == [ANSWER] * 4
    assert len(processes.started) == 2


async def test_the_least_recently_used_results_are_evicted(
    service: AnalysisService, processes: AnalysisProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CACHED", 2)
    for number in (0, 1, 0, 2, 0, 1):
        await run(service, number)

    assert len(processes.started) == 4  # request 1 was evicted by request 2, because 0 had been used since


async def test_a_failed_analysis_may_be_repeated(service: AnalysisService, processes: AnalysisProcesses) -> None:
    processes.code = 1
    with pytest.raises(RuntimeError, match="ended with status 1"):
        await run(service)
    processes.code = 0

    assert await run(service) == ANSWER


async def test_an_analysis_that_takes_too_long_is_stopped(
    service: AnalysisService, processes: AnalysisProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    processes.stay = True
    with pytest.raises(LimitExceeded, match="was stopped"):
        await run(service)

    assert not any(map(is_running, processes.started))


async def test_concurrent_and_unfinished_analyses_are_limited(
    service: AnalysisService, processes: AnalysisProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 3)
    processes.stay = True
    waiting = [asyncio.create_task(run(service, number)) for number in range(3)]
    await wait_for_starts(processes, 2)
    with pytest.raises(LimitExceeded, match="Too many analyses"):
        await run(service, 3)
    joined = asyncio.create_task(run(service, 0))  # not a new request
    for _ in range(10):
        await asyncio.sleep(0)

    assert len(processes.started) == 2
    assert not joined.done()
    await service.close()
    await asyncio.gather(*waiting, joined, return_exceptions=True)
    assert not any(map(is_running, processes.started))


async def test_a_cancelled_caller_does_not_cancel_the_analysis_of_others(
    service: AnalysisService, processes: AnalysisProcesses
) -> None:
    impatient, patient = asyncio.create_task(run(service)), asyncio.create_task(run(service))
    await wait_for_starts(processes, 1)
    impatient.cancel()

    assert await patient == ANSWER
    assert len(processes.started) == 1
