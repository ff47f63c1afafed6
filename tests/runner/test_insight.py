"""Questions are thought about once, in processes that end in time, and the loop only waits."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import msgspec
import pytest

from models.errors import LimitExceeded
from runner.analysis import service as module
from runner.analysis.requests import Curve
from runner.analysis.results import Learning, Point, Range
from runner.analysis.service import Insight
from tests.runner.running import lives

ANSWER = Learning(7, [Point(0, Range(0.2, 0.1, 0.3), None)])

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
async def insight(thinkers: Thinkers) -> AsyncIterator[Insight]:
    made = Insight("sqlite+aiosqlite:///nowhere")
    yield made
    await made.close()


async def ask(insight: Insight, number: int = 0) -> Learning:
    return await insight.ask(Curve(1, number, number), Learning)


async def begun(thinkers: Thinkers, count: int) -> None:
    async with asyncio.timeout(30):
        for _ in range(count):
            await thinkers.begun.get()


async def test_equal_questions_are_thought_about_once(insight: Insight, thinkers: Thinkers) -> None:
    answers = await asyncio.gather(ask(insight), ask(insight), ask(insight, 1))

    assert [*answers, await ask(insight)] == [ANSWER] * 4
    assert len(thinkers.started) == 2


async def test_the_oldest_answers_are_forgotten(
    insight: Insight, thinkers: Thinkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    for number in (0, 1, 0, 2, 0, 1):
        await ask(insight, number)

    assert len(thinkers.started) == 4  # 1 was forgotten when 2 came, 0 was asked since


async def test_a_question_that_fails_is_no_answer_and_may_be_asked_again(insight: Insight, thinkers: Thinkers) -> None:
    thinkers.code = 1
    with pytest.raises(RuntimeError, match="Curve ended with status 1"):
        await ask(insight)
    thinkers.code = 0

    assert await ask(insight) == ANSWER


async def test_a_question_that_takes_too_long_is_given_up(
    insight: Insight, thinkers: Thinkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    thinkers.stay = True
    with pytest.raises(LimitExceeded, match="given up"):
        await ask(insight)

    assert not any(map(lives, thinkers.started))


async def test_a_few_are_thought_about_at_a_time_and_too_many_are_refused(
    insight: Insight, thinkers: Thinkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE", 3)
    thinkers.stay = True
    waiting = [asyncio.create_task(ask(insight, number)) for number in range(3)]
    await begun(thinkers, 2)
    with pytest.raises(LimitExceeded, match="too many questions"):
        await ask(insight, 3)
    joined = asyncio.create_task(ask(insight, 0))  # no new question
    await asyncio.sleep(0.05)

    assert len(thinkers.started) == 2
    assert not joined.done()
    await insight.close()
    await asyncio.gather(*waiting, joined, return_exceptions=True)
    assert not any(map(lives, thinkers.started))


async def test_who_stops_waiting_does_not_stop_what_others_wait_for(insight: Insight, thinkers: Thinkers) -> None:
    impatient, patient = asyncio.create_task(ask(insight)), asyncio.create_task(ask(insight))
    await begun(thinkers, 1)
    impatient.cancel()

    assert await patient == ANSWER
    assert len(thinkers.started) == 1
