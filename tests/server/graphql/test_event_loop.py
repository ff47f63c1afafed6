"""Tests that no hostile request blocks the event loop while it is rejected or executed.

The longest pause is measured in CPU time of this process and compared with the CPU time of a fixed piece of work that
is measured beside it, so that the result depends neither on other processes nor on the speed of the machine.
"""

import asyncio
import gc
import itertools
import json
from collections.abc import AsyncIterator, Callable
from time import process_time
from typing import Any

import httpx
import pytest
import pytest_asyncio
from graphql import get_introspection_query

from server.app import create_app
from server.bootstrap import prepare_database
from server.run import tune_garbage_collector
from server.settings import Settings

MAX_PAUSE = 10  # longest pause in units of the reference work, which takes about 0.01 s of CPU time
TRIES = 3  # the garbage collector causes pauses too; a document that blocks does so every time
MIB = 2**20
_numbers = itertools.count()


def repeat(piece: str, count: int) -> str:
    return "".join(piece.replace("%", str(number)) for number in range(count))


def write_chain(spread: str, count: int) -> str:
    """Return a chain of fragments. In ``spread``, ``^`` stands for the number of the next one."""
    links = (f"fragment F{number} on Query {{ {spread.replace('^', str(number + 1))} }} " for number in range(count))
    return "".join(links) + f"fragment F{count} on Query {{ viewer {{ id }} }}"


NESTED = "{ trainingJobs { nodes { ~ } } }"
DOCUMENTS = {
    "the same field": "{" + repeat(" viewer { id }", 390) + "}",
    "the same leaf": NESTED.replace("~", repeat(" id", 1_900)),
    "the same objects": NESTED.replace("~", repeat(" judge { id name }", 330)),
    "the same arguments": "{" + repeat(" judges(first: 1) { totalCount }", 190) + "}",
    "other arguments": "{" + repeat(" judges(first: %) { totalCount }", 190) + "}",
    "fragments that overlap": NESTED.replace("~", "...A ...B")
    + f" fragment A on TrainingJob {{ {repeat('id ', 950)} }} fragment B on TrainingJob {{ {repeat('id ', 950)} }}",
    "a chain of fragments": "{" + repeat(" ...F%", 110) + "}"
    + repeat(" fragment F% on Query { viewer { id } ...G% } fragment G% on Query { viewer { name } }", 90),
    "operations times fragments": repeat("query Q% { ...F0 } ", 110) + write_chain("...F^", 110),
    "fragments that double": "{ ...F0 } " + write_chain("...F^ ...F^", 100),
    "fragments in circles": "{ ...F0 } "
    + "".join(f"fragment F{n} on Query {{ {' '.join(f'...F{m}' for m in range(20))} }} " for n in range(20)),
    "unknown fields": "{" + repeat(" unknownField%", 1_900) + "}",
    "unknown fields with long names": "{" + repeat(f" {'judgesTrainingJobs' * 40}%", 120) + "}",
    "aliases": "{" + repeat(" a%: viewer { id }", 320) + "}",
    "directives": "{ viewer { id" + repeat(" @a%", 900) + " } }",
    "variables": "query (" + repeat("$v%: Int ", 490) + ") { viewer { id } }",
    "directives of variables": "query (" + repeat("$v%: Int @a @b ", 240) + ") { viewer { id } }",
    "a long list": "{ feedbackSummary(judgeId: 1, targetCriteria: [" + repeat("1 ", 1_900) + "]) { raterCount } }",
    "the same input field": "mutation { createJudge(input: {" + repeat("name: 1 ", 600) + "}) { judge { id } } }",
    "operations of one name": repeat("query A { viewer { id } } ", 240),
    "circular introspection": "{ __schema { types { fields { type { fields { type "
    + "{ ofType " * 40 + "{ name }" + " }" * 46,
    "introspection, thirty times": "{" + repeat(" a%: __schema { types { name fields { name } } }", 29) + "}",
    "introspection": get_introspection_query(input_value_deprecation=True),
    "types of types": "{ __schema { types { fields { args { type { fields { name type { name } } } } } } } }",
    "levels": "{ a " * 900,
    "a giant text": '{ judge(id: "' + "a" * 90_000 + '") { id } }',
    "a giant block": '{ judge(id: """' + "a\n" * 45_000 + '""") { id } }',
    "escapes": '{ judge(id: "' + "\\u0041" * 15_000 + '") { id } }',
    "a long name": "{ " + "a" * 90_000 + " }",
    "a long number": "{ judges(first: " + "1" * 90_000 + ") { totalCount } }",
    "blanks": "{" + " " * 90_000 + "viewer { id } }",
    "comments": "#\n" * 45_000 + "{ viewer { id } }",
    "a megabyte of blanks": "{" + " " * MIB + "viewer { id } }",
    "a megabyte of text": '{ judge(id: "' + "a" * MIB + '") { id } }',
    "a million tokens": "{" + " a" * 1_000_000 + "}",
}  # fmt: skip

QUERY = b'{"query": "query ($input: SubmitFeedbackInput!) { viewer { id } }", "variables": {"input": '


def fill_body(piece: bytes, size: int) -> bytes:
    return QUERY + b"[" + b",".join([piece] * (size // (len(piece) + 1))) + b"]}}"


def write_submission(feedback: list[Any]) -> bytes:
    query = "mutation ($input: SubmitFeedbackInput!) { submitFeedback(input: $input) { userErrors { message } } }"
    return json.dumps({"query": query, "variables": {"input": {"judgeId": "x", "feedback": feedback}}}).encode()


BODIES = {
    "lists in 15 MiB": fill_body(b"[]", 15 * MIB),
    "objects in 15 MiB": fill_body(b'{"a":1}', 15 * MIB),
    "numbers in 15 MiB": fill_body(b"1", 15 * MIB),
    "texts in 15 MiB": fill_body(b'"a"', 15 * MIB),
    "names in 15 MiB": QUERY + b"{" + b",".join(b'"%d":0' % number for number in range(1_200_000)) + b"}}}",
    "one text of 15 MiB": fill_body(b'"' + b"a" * (15 * MIB - 3) + b'"', 15 * MIB),
    "escapes in 15 MiB": fill_body(b'"' + b"\\n" * (7 * MIB) + b'"', 15 * MIB),
    "brackets": QUERY + b"[" * 500_000,
    "as many values as are taken": fill_body(b"[]", 295_000),
    "a list too long": write_submission([{"type": "COMMENT"}] * 20_000),
    "a full list of nothing": write_submission([{}] * 1_000),
    "a full list of nonsense": write_submission([{"nonsense": [{"more": [1] * 10}] * 10}] * 1_000),
    "a batch of nonsense": write_submission([{"type": "CORRECTION", "correctedScores": [{"x": 1}] * 100}] * 500),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of an application in the event loop of the tests."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("beat"), runner=False)
    await prepare_database(settings, first_key=True)
    app = create_app(settings)
    headers = {
        "authorization": f"Bearer {(settings.data_dir / 'admin.key').read_text().strip()}",
        "content-type": "application/json",
    }
    async with app.router.lifespan_context(app):
        thresholds = gc.get_threshold()
        tune_garbage_collector()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            yield client
        gc.unfreeze()
        gc.set_threshold(*thresholds)


async def stays_responsive(client: httpx.AsyncClient, body: Callable[[], bytes]) -> bool:
    """Return whether the event loop is not blocked by a request in one of several tries."""
    for _ in range(TRIES):
        unit = _measure_reference_work()
        pause = await _measure_longest_pause(client, body())
        if pause < MAX_PAUSE * max(unit, _measure_reference_work()):
            return True
    return False


def _measure_reference_work() -> float:
    """Return the CPU time of the reference work in seconds."""
    started, total = process_time(), 0
    for number in range(500_000):
        total += number & 7
    return process_time() - started


async def _measure_longest_pause(client: httpx.AsyncClient, body: bytes) -> float:
    """Return the longest time in which the event loop runs nothing else, in seconds of CPU time."""
    pauses = []

    async def record_pauses() -> None:
        last = process_time()
        while True:
            await asyncio.sleep(0.001)
            pauses.append(process_time() - last)
            last = process_time()

    recording = asyncio.create_task(record_pauses())
    await asyncio.sleep(0.01)
    answer = await client.post("/graphql", content=body)
    await asyncio.sleep(0.01)
    recording.cancel()
    assert answer.status_code in (200, 400, 413)
    assert "UNKNOWN_HOST" not in answer.text  # else the body would not have been read
    return max(pauses)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.asyncio(loop_scope="module")
async def test_event_loop_is_not_blocked_by_document(client: httpx.AsyncClient, document: str) -> None:
    def body() -> bytes:
        return json.dumps({"query": f"{document} # {next(_numbers)}"}).encode()  # a document that is in no cache

    assert await stays_responsive(client, body)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.asyncio(loop_scope="module")
async def test_event_loop_is_not_blocked_by_body(client: httpx.AsyncClient, body: bytes) -> None:
    assert await stays_responsive(client, lambda: body)


@pytest.mark.asyncio(loop_scope="module")
async def test_event_loop_is_not_blocked_by_the_largest_allowed_response(client: httpx.AsyncClient) -> None:
    async def send(document: str, **variables: Any) -> Any:
        answer = (await client.post("/graphql", content=json.dumps({"query": document, "variables": variables}))).json()
        assert "errors" not in answer, answer
        return answer["data"]

    make = "mutation ($input: CreateJudgeInput!) { createJudge(input: $input) { judge { id } } }"
    judge = await send(make, input={"name": "J", "criteria": [{"name": "C", "key": "crit_c"}]})
    id_ = judge["createJudge"]["judge"]["id"]
    items = [{"output": "x" * 200, "scores": [{"criterionId": "crit_c", "score": 3}]} for _ in range(100)]
    keep = "mutation ($input: RecordEvaluationsInput!) { recordEvaluations(input: $input) { recordedCount } }"
    await send(keep, input={"judgeId": id_, "evaluations": items})
    inner = (
        "evaluations(first: 90) { nodes { id externalId group source input output rationale createdAt judge { id } } }"
    )
    document = f'{{ judge(id: "{id_}") {{ evaluations(first: 100) {{ nodes {{ judge {{ {inner} }} }} }} }} }}'
    body = json.dumps({"query": document}).encode()
    assert len((await client.post("/graphql", content=body)).content) > 1_000_000
    assert await stays_responsive(client, lambda: body)
