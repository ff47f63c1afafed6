"""Documents that are too large are refused, fast and clearly."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from strawberry import Schema

from schema.build import build
from schema.documents import Documents
from schema.limits import DEFAULTS, Limits
from tests.schema.records import Ask

QUERIES = Path(__file__).parents[2] / "frontend-queries"
FRAGMENTS = {path.stem: path.read_text() for path in QUERIES.glob("fragments/*.graphql")}

PARENTS = " fragment P on JudgeConnection { nodes { versions(first: 100) { nodes { parent { id } } } } }"

Refuse = Callable[[str], Awaitable[str]]


def whole(document: str) -> str:
    """A document with the fragments it spreads."""
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
    """Why a document is refused: its one error."""

    async def run(document: str) -> str:
        result = await ask(document)
        assert result.data is None
        (error,) = result.errors
        assert error.extensions["code"] in ("LIMIT_EXCEEDED", "BAD_REQUEST")
        return str(error.message)

    return run


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.graphql")), ids=lambda path: path.stem)
def test_the_operations_of_frontends_are_valid_and_within_the_limits(schema: Schema, path: Path) -> None:
    assert Documents(schema._schema, DEFAULTS).check_now(whole(path.read_text())).errors == ()


async def test_tokens(refusal: Refuse) -> None:
    assert "more than 2000 tokens" in await refusal("{" + "__typename " * 2001 + "}")


async def test_digits(refusal: Refuse) -> None:
    document = "{ judges(first: " + "9" * 5000 + ") { totalCount } }"
    assert await refusal(document) == "The document holds a number of 5,000 digits; the limit is 100."


async def test_a_page_is_never_counted_as_less_than_nothing(refusal: Refuse) -> None:
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
    ],
)
async def test_cost_multiplies_the_sizes_of_nested_pages(refusal: Refuse, document: str, objects: str) -> None:
    expected = f"The document can ask for {objects} objects; the limit is 20,000. Take smaller pages."
    assert await refusal(document) == expected


async def test_fragments_that_double_each_other_cost_no_time(refusal: Refuse) -> None:
    document = "{ ...F0 }" + "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    document += " fragment F100 on Query { viewer { id } }"
    begin = perf_counter()
    assert "more than a trillion objects" in await refusal(document)
    assert perf_counter() - begin < 0.5


async def test_a_long_chain_of_fragments_is_refused(refusal: Refuse) -> None:
    document = "{ ...F0 }" + "".join(f" fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(240))
    await refusal(document + " fragment F240 on Query { nothing }")


async def test_fragments_in_a_circle_are_refused(ask: Ask) -> None:
    result = await ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert all(error.extensions == {"code": "BAD_REQUEST"} for error in result.errors)


async def test_limits_can_be_set() -> None:
    small = build(Limits(depth=1))
    result: Any = await small.execute("{ viewer { id } }")
    assert [error.message for error in result.errors] == ["The document nests fields 2 levels deep; the limit is 1."]
