"""Tests of the look-ahead: a resolver reads the columns that the selection below its field needs, and no others."""

from typing import Any

import pytest

from models.job import TrainingJob
from models.judge import Judge
from resolvers.page import ListPage
from tests.schema.records import Ask, Resolve

QUERY = 'query { trainingJob(id: "job_1") { %s } }'
QUERY_WITH_VARIABLE = 'query($on: Boolean = false) { trainingJob(id: "job_1") { %s } }'
FRAGMENTS = "fragment F on TrainingJob { status ...G } fragment G on Node { id }"


async def _none() -> int:
    return 0


EMPTY: ListPage[Any] = ListPage((), (), has_next=False, has_previous=False, count=_none)


def names(columns: Any) -> set[str]:
    return {column.key for column in columns}


@pytest.mark.parametrize(
    ("selection", "columns"),
    [
        ("__typename", set()),
        ("id status", {"id", "status"}),
        ("state: status now: status", {"status"}),
        ("progress { fraction }", {"progress", "status"}),
        ("evidence { improved }", {"evidence", "judge_pk"}),
        ("judge { id name activeVersion { evidence { improved } } }", {"judge_pk"}),
        ("retryOf { evidence { improved } }", {"retry_of"}),
        ("...F", {"id", "status"}),
        ("... on Node { id } ... { status }", {"id", "status"}),
        ("id evidence @skip(if: true) { improved }", {"id"}),
        ("id ... @include(if: false) { evidence { improved } }", {"id"}),
        ("id evidence @include(if: $on) { improved }", {"id"}),
        ("id evidence @skip(if: $on) { improved }", {"id", "evidence", "judge_pk"}),
    ],
)
async def test_only_columns_of_selected_fields_are_read(
    ask: Ask, resolve: Resolve, selection: str, columns: set[str]
) -> None:
    calls = resolve("jobs.find_job", None)
    document = (QUERY_WITH_VARIABLE if "$on" in selection else QUERY) % selection
    assert (await ask(document + (FRAGMENTS if "...F" in selection else ""))).errors is None
    assert names(calls[0][1]) == columns


async def test_a_directive_is_evaluated_for_each_request(ask: Ask, resolve: Resolve) -> None:
    calls = resolve("jobs.find_job", None)
    document = QUERY_WITH_VARIABLE % "id deployment @skip(if: $on) { reason } evidence @include(if: $on) { improved }"
    for on in (False, True, False, True):
        await ask(document, on=on)
    asked = [names(columns) for _, columns in calls]
    assert asked == [{"id", "deployment"}, {"id", "evidence", "judge_pk"}] * 2


async def test_a_fragment_that_is_spread_twice_is_evaluated_for_each_place(ask: Ask, resolve: Resolve) -> None:
    calls = resolve("jobs.find_job", None)
    await ask(
        """{ ...F a: trainingJob(id: "a") { ...G } trainingJob(id: "b") { attempt } }
        fragment F on Query { trainingJob(id: "b") { ...G } } fragment G on TrainingJob { status }"""
    )
    assert {id_: names(columns) for id_, columns in calls} == {"a": {"status"}, "b": {"status", "attempt"}}


@pytest.mark.parametrize(
    "place", ["nodes { %s }", "edges { node { %s } cursor }", "nodes { id } edges { node { %s } }"]
)
async def test_pages_are_looked_through(ask: Ask, resolve: Resolve, place: str) -> None:
    calls = resolve("jobs.list_jobs", EMPTY)
    await ask("{ trainingJobs { pageInfo { endCursor } %s } }" % (place % "id attempt judge { name }"))
    assert names(calls[0][-1]) == {"id", "attempt", "judge_pk"}


async def test_a_node_is_looked_up_by_the_columns_of_its_type(ask: Ask, resolve: Resolve) -> None:
    calls = resolve("node.find_node", None)
    await ask('{ node(id: "job_1") { id ... on TrainingJob { status } ... on Judge { name criteria { id } } } }')
    select_columns = calls[0][1]
    assert names(select_columns(TrainingJob)) == {"id", "status"}
    assert names(select_columns(Judge)) == {"id", "name", "pk"}
