"""Tests of this server with third-party programs: a specification audit, and clients."""

from typing import Any

import pytest
from gql import Client, gql
from gql.transport.httpx import HTTPXTransport
from gql.transport.websockets import WebsocketsTransport

from tests.server.api import Api, Data
from tests.server.conftest import Enter
from tests.server.graphql.node import require_node, run_script
from tests.server.processes import Server
from tests.server.scenarios import make_judge

OPERATIONS = [
    *((client, operation) for client in ("urql", "apollo", "graphql-request", "graphql-ws")
      for operation in ("query", "mutation", "subscription")),
    ("urql", "event subscription"),
    ("apollo", "multipart subscription"),
    ("apollo", "refused mutation"),
    *(("fetch", operation) for operation in ("query", "mutation", "known query")),
]  # fmt: skip
NAMES = {
    "urql": "by urql",
    "apollo": "by Apollo",
    "graphql-request": "by graphql-request",
    "graphql-ws": "by graphql-ws",
}

QUERY = "query Who { viewer { name } }"
MUTATION = "mutation Make($input: CreateJudgeInput!) { createJudge(input: $input) { judge { name } } }"
SUBSCRIPTION = "subscription ($judgeId: ID!) { feedbackSummaryChanged(judgeId: $judgeId) { totalFeedbackCount } }"


@pytest.fixture(scope="module")
def matrix(quiet_server: Server, enter: Enter) -> dict[tuple[str, str], Data]:
    """Return what each client in Node received for each operation."""
    require_node()
    api = enter(quiet_server)
    found = run_script("clients.mjs", f"{api.url}/graphql", str(api.key), make_judge(api)["id"])
    return {(line.pop("client"), line.pop("operation")): line for line in found}


@pytest.mark.parametrize(("client", "operation"), OPERATIONS, ids=lambda word: str(word))
def test_node_client_works(matrix: dict[tuple[str, str], Data], client: str, operation: str) -> None:
    missing = {"code": "INSUFFICIENT_FEEDBACK", "usableCount": 0, "requiredCount": 20}
    expected: dict[str, Any] = {
        "query": {"viewer": {"name": "ann"}},
        "mutation": {"createJudge": {"judge": {"name": f"by {client}"}, "userErrors": []}},
        "subscription": {"feedbackSummaryChanged": {"totalFeedbackCount": 0}},
        "refused mutation": {"createTrainingJob": {"trainingJob": None, "userErrors": [missing]}},
    }
    found = _without_type_names(matrix[client, operation])
    if operation == "known query":
        assert found["data"]["judge"]["name"] == "Judge"
    else:
        assert found == {"data": expected.get(operation, expected.get(operation.split()[-1]))}


def _without_type_names(value: Any) -> Any:
    """Return a value without the type names that caches add."""
    if isinstance(value, dict):
        return {name: _without_type_names(inner) for name, inner in value.items() if name != "__typename"}
    return [_without_type_names(inner) for inner in value] if isinstance(value, list) else value


def test_graphql_over_http_audit_passes(quiet_server: Server, enter: Enter) -> None:
    require_node()
    api = enter(quiet_server)
    (results,) = run_script("audit.mjs", f"{api.url}/graphql", str(api.key))
    assert len(results) == 61
    assert [result for result in results if result["status"] != "ok"] == []


def test_gql_runs_queries_and_mutations_over_http(api: Api) -> None:
    transport = HTTPXTransport(f"{api.url}/graphql", headers={"Authorization": f"Bearer {api.key}"}, trust_env=False)
    with Client(transport=transport, fetch_schema_from_transport=True) as session:
        assert session.execute(gql(QUERY)) == {"viewer": {"name": "ann"}}
        made = gql(MUTATION)
        made.variable_values = {"input": {"name": "by gql", "criteria": [{"name": "C"}]}}
        assert session.execute(made) == {"createJudge": {"judge": {"name": "by gql"}}}


async def test_gql_subscribes_over_a_websocket(api: Api) -> None:
    transport = WebsocketsTransport(
        api.socket_url, init_payload={"Authorization": f"Bearer {api.key}"}, connect_args={"proxy": None}
    )
    judge = make_judge(api)
    async with Client(transport=transport) as session:
        subscription = gql(SUBSCRIPTION)
        subscription.variable_values = {"judgeId": judge["id"]}
        async for update in session.subscribe(subscription):
            assert update == {"feedbackSummaryChanged": {"totalFeedbackCount": 0}}
            break
        assert await session.execute(gql(QUERY)) == {"viewer": {"name": "ann"}}
