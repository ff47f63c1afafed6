"""Tests of the limits on documents, variables and the time of queries."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from graphql import parse
from strawberry import Schema

from models.judge import Judge
from schema.build import build_schema
from schema.execution.limits import DEFAULTS, DocumentMeasure, Limits
from schema.execution.validation import DocumentCache
from schema.strawberry_compat.core_schema import core_schema
from tests.schema.records import JUDGE, Ask

QUERIES = Path(__file__).parents[3] / "frontend-queries"
FRAGMENTS = {path.stem: path.read_text() for path in QUERIES.glob("fragments/*.graphql")}

PARENTS = " fragment P on JudgeConnection { nodes { versions(first: 100) { nodes { parent { id } } } } }"

FEEDBACK = "feedback(first: 100) { nodes { evaluation { id } } }"

Refuse = Callable[[str], Awaitable[str]]


def whole(document: str) -> str:
    """Return a document with the fragments that it spreads."""
    parts, names = [document], re.findall(r"\.\.\.(\w+)", document)
    needed: set[str] = set()
    while names:
        name = names.pop()
        if name not in needed and name in FRAGMENTS:
            needed.add(name)
            parts.append(FRAGMENTS[name])
            names += re.findall(r"\.\.\.(\w+)", FRAGMENTS[name])
    return "\n".join(parts)


@pytest.fixture
def refusal(ask: Ask) -> Refuse:
    """Return the message of the single error of a rejected document."""

    async def run(document: str) -> str:
        result = await ask(document)
        assert result.data is None
        (error,) = result.errors
        assert error.extensions["code"] in ("LIMIT_EXCEEDED", "BAD_REQUEST")
        return str(error.message)

    return run


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.graphql")), ids=lambda path: path.stem)
def test_the_operations_of_frontends_are_valid_and_within_the_limits(schema: Schema, path: Path) -> None:
    assert DocumentCache(core_schema(schema), DEFAULTS).check_now(whole(path.read_text())).errors == ()


async def test_tokens(refusal: Refuse) -> None:
    assert "more than 2000 tokens" in await refusal("{" + "__typename " * 2001 + "}")


async def test_digits(refusal: Refuse) -> None:
    document = "{ judges(first: " + "9" * 5000 + ") { totalCount } }"
    assert await refusal(document) == "The document holds a number of 5,000 digits; the limit is 100."


async def test_a_negative_page_size_counts_as_zero(refusal: Refuse) -> None:
    document = "{ judges(first: -100) { nodes { versions(first: 100) { nodes { id } } } } ...P }"
    document += (
        " fragment P on Query { judges(first: 100) { nodes { versions(first: 100) { nodes { parent { id } } } } } }"
    )
    assert "objects; the limit is 20,000" in await refusal(document)


async def test_aliases(refusal: Refuse) -> None:
    document = "{" + " ".join(f"a{n}: __typename" for n in range(31)) + "}"
    assert await refusal(document) == "The document has 31 aliases; the limit is 30."


async def test_directives(refusal: Refuse) -> None:
    document = "query @nonsense {" + " ".join(["__typename @include(if: true)"] * 5 + ["...F @skip(if: false)"] * 5)
    document += "} fragment F on Query { __typename }"
    assert await refusal(document) == "The document has 11 directives; the limit is 10."


async def test_depth(refusal: Refuse) -> None:
    document = "{ trainingJob(id: 1) {" + "retryOf {" * 14 + "id" + "}" * 16
    assert await refusal(document) == "The document nests fields 16 levels deep; the limit is 15."


async def test_depth_goes_through_fragments(refusal: Refuse) -> None:
    document = "{ trainingJob(id: 1) { ...A } }"
    document += " fragment A on TrainingJob {" + "retryOf {" * 7 + "...B" + "}" * 8
    document += " fragment B on TrainingJob {" + "... { retryOf {" * 7 + "id" + "} }" * 7 + "}"
    assert await refusal(document) == "The document nests fields 16 levels deep; the limit is 15."


@pytest.mark.parametrize(
    ("document", "objects"),
    [
        ("{ judges { nodes { trainingJobs { nodes { events { nodes { at } } } } } } }", "40,841"),
        ("{ judges(first: 100) { nodes { trainingJobs(first: 100) { nodes { judge { id } } } } } }", "20,201"),
        (
            "query ($n: Int) { judges(first: $n) { nodes { versions(first: $n) { nodes { judge { id } } } } } }",
            "20,201",
        ),
        ("{ judges(first: 100) { ...P } }" + PARENTS, "20,201"),
        ("{ judges(first: 100) { nodes { trainingJobs { nodes { judge { criteria { id } } } } } } }", "24,201"),
        (
            "{ compareVersions(judgeId: 1, first: 100) { items { evaluation { " + FEEDBACK + " } } } }",
            "20,301",
        ),
        (
            "{ suggestEvaluationsToReview(judgeId: 1, first: 100) { evaluation { " + FEEDBACK + " } } }",
            "20,300",
        ),
    ],
)
async def test_cost_multiplies_the_lengths_of_nested_lists(refusal: Refuse, document: str, objects: str) -> None:
    expected = f"The document can ask for {objects} objects; the limit is 20,000. Take smaller pages."
    assert await refusal(document) == expected


@pytest.mark.parametrize(
    ("document", "objects"),
    [
        ("{ judges(first: 100) { nodes { id } pageInfo { endCursor } totalCount } }", 102),
        ("{ compareVersions(judgeId: 1, first: 100) { judge { id } to { id } criteria { flippedCount } } }", 103),
        ("{ judge(id: 1) { createdBy { id } criteria { id } } }", 12),
    ],
)
def test_fields_beside_a_list_are_counted_once(schema: Schema, document: str, objects: int) -> None:
    assert DocumentMeasure(core_schema(schema), parse(document)).cost == objects


async def test_fragments_that_double_each_other_are_measured_fast(refusal: Refuse) -> None:
    document = "{ ...F0 }" + "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    document += " fragment F100 on Query { viewer { id } }"
    begin = perf_counter()
    assert "more than a trillion objects" in await refusal(document)
    assert perf_counter() - begin < 0.5


async def test_a_long_chain_of_fragments_is_rejected(refusal: Refuse) -> None:
    document = "{ ...F0 }" + "".join(f" fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(240))
    await refusal(document + " fragment F240 on Query { nothing }")


async def test_cyclic_fragments_are_rejected(ask: Ask) -> None:
    result = await ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert all(error.extensions == {"code": "BAD_REQUEST"} for error in result.errors)


async def test_limits_can_be_set() -> None:
    small = build_schema(Limits(depth=1))
    result: Any = await small.execute("{ viewer { id } }")
    assert [error.message for error in result.errors] == ["The document nests fields 2 levels deep; the limit is 1."]


async def test_characters(refusal: Refuse) -> None:
    document = '{ judge(id: "' + "x" * 100_000 + '") { id } }'
    expected = "The document has 100,024 characters; the limit is 100,000. Send long texts as variables."
    assert await refusal(document) == expected


async def test_too_many_repeated_fields_are_rejected(refusal: Refuse) -> None:
    document = "{" + " viewer { id name }" * 300 + "}"
    assert "repeats the same fields too often" in await refusal(document)


async def test_directives_are_counted_everywhere(refusal: Refuse) -> None:
    document = "query ($a: Int" + " @a" * 11 + ") { judges(first: $a) { totalCount } }"
    assert await refusal(document) == "The document has 11 directives; the limit is 10."


async def test_introspection_is_limited_and_separate_from_data(ask: Ask, refusal: Refuse) -> None:
    asked = "{" + " ".join(f"a{n}: __schema {{ queryType {{ name }} }}" for n in range(4)) + "}"
    assert await refusal(asked) == "The document asks for the schema 4 times; the limit is 3."
    mixed = "{ __schema { queryType { name } } ...V } fragment V on Query { viewer { id } }"
    assert await refusal(mixed) == "The document asks for the schema and for data: send two documents."
    alone = await ask('{ a: __schema { queryType { name } } b: __type(name: "Judge") { name } __typename }')
    assert alone.data == {"a": {"queryType": {"name": "Query"}}, "b": {"name": "Judge"}, "__typename": "Query"}


@pytest.mark.parametrize("at", ["variable", "inside"])
async def test_lists_in_variables_are_limited(schema: Schema, context: Any, at: str) -> None:
    long = ["x"] * 1_001
    document = "query ($ids: [ID!]) { feedbackSummary(judgeId: 1, targetCriteria: $ids) { raterCount } }"
    result: Any = await schema.execute(
        document, variable_values={"ids": long if at == "variable" else [{"a": [long]}]}, context_value=context
    )
    (error,) = result.errors
    assert error.message == (
        "The variable 'ids' holds a list of more than 1,000 items, which is the limit. Send several requests."
    )
    assert error.extensions == {"code": "LIMIT_EXCEEDED"}


async def test_suggestions_for_unknown_fields_can_be_disabled() -> None:
    for document in ("{ viewr { id } }", 'query ($t: Int = "x") { judges(frst: 1) { totalCount } }'):
        open_, closed = build_schema(), build_schema(suggestions=False)
        guessing: Any = await open_.execute(document)
        silent: Any = await closed.execute(document)
        assert any("Did you mean" in error.message for error in guessing.errors)
        assert not any("Did you mean" in error.message for error in silent.errors)
        assert len(silent.errors) == len(guessing.errors)


async def test_suggestions_for_variable_values_can_be_disabled(context: Any) -> None:
    document = "query ($w: TrainingJobFilter) { trainingJobs(filter: $w) { totalCount } }"
    for suggestions in (True, False):
        schema = build_schema(suggestions=suggestions)
        variables = {"w": {"statuses": ["COMPLETE"]}}
        result: Any = await schema.execute(document, variable_values=variables, context_value=context)
        (error,) = result.errors
        assert ("Did you mean" in error.message) is suggestions
        assert error.extensions == {"code": "BAD_REQUEST"}


async def test_introspection_can_be_disabled() -> None:
    closed = build_schema(introspection=False)
    for document in ("{ __schema { types { name } } }", '{ __type(name: "Judge") { name } }'):
        result: Any = await closed.execute(document)
        assert result.data is None
        assert "introspection" in result.errors[0].message
    fine: Any = await closed.execute("{ __typename }")
    assert fine.data == {"__typename": "Query"}


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_slow_query_is_ended(context: Any, monkeypatch: pytest.MonkeyPatch, streamed: bool) -> None:
    ended = asyncio.Event()

    async def never(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr("resolvers.judges.find_judge", never)
    schema = build_schema(Limits(seconds=0.05))
    document = "query Slow { judge(id: 1) { id } }"
    if streamed:
        (result,) = [answer async for answer in await schema.stream(document, context_value=context)]
    else:
        result = await schema.execute(document, context_value=context)
    assert ended.is_set()
    assert [(error.message, error.extensions) for error in result.errors or ()] == [
        (
            "The query took longer than 0.05 seconds, which is the limit. Ask for less at once.",
            {"code": "LIMIT_EXCEEDED"},
        )
    ]


async def test_a_slow_mutation_is_not_ended(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: Any) -> Judge:
        await asyncio.sleep(0.1)
        return JUDGE

    monkeypatch.setattr("resolvers.judges.create_judge", slow)
    document = 'mutation { createJudge(input: {name: "J", criteria: [{name: "C"}]}) { judge { id } } }'
    result: Any = await build_schema(Limits(seconds=0.02)).execute(document, context_value=context)
    assert result.errors is None
    assert result.data["createJudge"]["judge"] == {"id": "jdg_a"}


async def test_concurrent_requests_share_one_check_of_a_document(
    monkeypatch: pytest.MonkeyPatch, schema: Schema
) -> None:
    documents = DocumentCache(core_schema(schema), DEFAULTS)
    checked: list[str] = []
    check = documents.check_now
    monkeypatch.setattr(documents, "check_now", lambda text: checked.append(text) or check(text))
    document = "{ viewer { id } }"
    await asyncio.gather(*(documents.check(document) for _ in range(10)))
    await documents.check(document)
    assert checked == [document]


async def test_the_document_cache_is_bounded(monkeypatch: pytest.MonkeyPatch, schema: Schema) -> None:
    monkeypatch.setattr("schema.execution.validation.MAX_CACHED_TOKENS", 100)
    documents = DocumentCache(core_schema(schema), DEFAULTS)
    for number in range(40):
        await documents.check(f"query Q{number} {{ viewer {{ id }} }}")  # eight tokens
    assert len(documents._cached) == 12
    await documents.check("{")  # what can't be read is dear, and the last is always kept
    assert list(documents._cached) == ["{"]
