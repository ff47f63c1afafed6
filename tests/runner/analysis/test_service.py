"""Questions are thought about once, in processes that end in time, and the loop only waits."""

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

ANSWER = LearningCurveResult(7, [CurvePoint(0, Estimate(0.2, 0.1, 0.3), None)])

# Takes its question, then says its answer and ends, or stays until it is killed.
_PROGRAM = """
import sys
sys.stdin.readline()
if sys.argv[1] == "stay":
    sys.stdin.read()
sys.stdout.write(sys.argv[2])
sys.stdout.flush()
sys.exit(int(sys.argv[3]))
"""


class Thinkers:
    """Processes in place of those that think."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self.stay = False
        self.code = 0
        self.begun: asyncio.Queue[None] = asyncio.Queue()

    async def start(self, module: str) -> Process:
        assert module == "runner.analysis.process"
        arguments = ["stay" if self.stay else "end", msgspec.json.encode(ANSWER).decode(), str(self.code)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-E", "-c", _PROGRAM, *arguments, stdin=PIPE, stdout=PIPE
        )
        self.started.append(process)
        self.begun.put_nowait(None)
        return process


@pytest.fixture
def thinkers(monkeypatch: pytest.MonkeyPatch) -> Thinkers:
    made = Thinkers()
    monkeypatch.setattr(module, "start_process", made.start)
    return made


@pytest.fixture
async def insight(thinkers: Thinkers) -> AsyncIterator[AnalysisService]:
    made = AnalysisService("sqlite+aiosqlite:///nowhere")
    yield made
    await made.close()


async def run(insight: AnalysisService, number: int = 0) -> LearningCurveResult:
    return await insight.run(LearningCurveRequest(1, number, number), LearningCurveResult)


async def begun(thinkers: Thinkers, count: int) -> None:
    async with asyncio.timeout(30):
        for _ in range(count):
            await thinkers.begun.get()


async def test_equal_questions_are_thought_about_once(insight: AnalysisService, thinkers: Thinkers) -> None:
    answers = await asyncio.gather(run(insight), run(insight), run(insight, 1))

    assert [*answers, await run(insight)] == [ANSWER] * 4
    assert len(thinkers.started) == 2


async def test_the_oldest_answers_are_forgotten(
    insight: AnalysisService, thinkers: Thinkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CACHED", 2)
    for number in (0, 1, 0, 2, 0, 1):
        await run(insight, number)

    assert len(thinkers.started) == 4  # 1 was forgotten when 2 came, 0 was asked since


async def test_a_question_that_fails_is_no_answer_and_may_be_asked_again(
    insight: AnalysisService, thinkers: Thinkers
) -> None:
    thinkers.code = 1
    with pytest.raises(RuntimeError, match="ended with status 1"):
        await run(insight)
    thinkers.code = 0

    assert await run(insight) == ANSWER


async def test_a_question_that_takes_too_long_is_given_up(
    insight: AnalysisService, thinkers: Thinkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    thinkers.stay = True
    with pytest.raises(LimitExceeded, match="was stopped"):
        await run(insight)

    assert not any(map(is_running, thinkers.started))


async def test_a_few_are_thought_about_at_a_time_and_too_many_are_refused(
    insight: AnalysisService, thinkers: Thinkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 3)
    thinkers.stay = True
    waiting = [asyncio.create_task(run(insight, number)) for number in range(3)]
    await begun(thinkers, 2)
    with pytest.raises(LimitExceeded, match="Too many analyses"):
        await run(insight, 3)
    joined = asyncio.create_task(run(insight, 0))  # no new question
    await asyncio.sleep(0.05)

    assert len(thinkers.started) == 2
    assert not joined.done()
    await insight.close()
    await asyncio.gather(*waiting, joined, return_exceptions=True)
    assert not any(map(is_running, thinkers.started))


async def test_who_stops_waiting_does_not_stop_what_others_wait_for(
    insight: AnalysisService, thinkers: Thinkers
) -> None:
    impatient, patient = asyncio.create_task(run(insight)), asyncio.create_task(run(insight))
    await begun(thinkers, 1)
    impatient.cancel()

    assert await patient == ANSWER
    assert len(thinkers.started) == 1
