"""Tests that the OpenAPI document is complete and matches the responses."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings

from models.access import Role
from server.app import create_app
from server.rest import openapi
from server.settings import Settings
from tests.server.api import Api, assert_nothing_leaks, fetch
from tests.server.conftest import Enter
from tests.server.populated_workspace import list_rest_endpoints
from tests.server.processes import Server
from tests.server.rest.test_training_jobs import EXAMPLES
from tests.server.scenarios import add_corrected_evaluations, make_judge

ROUTES = create_app(Settings()).routes
DESCRIBED = openapi.build_document(ROUTES)


def test_openapi_document_needs_no_key(quiet_server: Server) -> None:
    answer = fetch(f"{quiet_server.url}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(DESCRIBED))


def test_every_endpoint_with_a_key_is_described() -> None:
    """Add a missing endpoint to OPERATIONS in server/rest/openapi.py."""
    there = {(path, method.lower()) for method, path in list_rest_endpoints()}
    assert {(path, method) for path, methods in DESCRIBED["paths"].items() for method in methods} == there


def test_every_element_has_a_description() -> None:
    schemas: dict[str, Any] = DESCRIBED["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    body = schemas["ConfigBody"]["properties"] | schemas["OptionsBody"]["properties"]
    assert [name for name, field in body.items() if not ("description" in field or "enum" in field)] == []


@pytest.mark.parametrize("command", EXAMPLES)
def test_documented_examples_match_the_schema(command: str) -> None:
    body = json.loads(command[command.index("{") : command.rindex("}") + 1])
    validator = jsonschema_rs.validator_for(
        {"$ref": "#/components/schemas/JobBody", "components": DESCRIBED["components"]}
    )
    validator.validate(body)
    assert not validator.is_valid(body | {"colour": "red"})
    assert not validator.is_valid(body | {"training_config": {"learning_rate": 5}})


schema = schemathesis.openapi.from_dict(json.loads(json.dumps(DESCRIBED)))


@schemathesis.serializer("application/x-ndjson", "application/zip")
def as_it_is(_: Any, value: Any) -> bytes:
    """Send lines and files unchanged."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def anybody(quiet_server: Server, enter: Enter) -> Iterator[tuple[Api, requests.Session]]:
    """Return a trainer with a judge to train."""
    api = enter(quiet_server, role=Role.ADMIN)
    add_corrected_evaluations(api, make_judge(api, id="jdg_fuzz"), range(20))
    with requests.Session() as session:
        session.trust_env = False
        yield api, session


@schema.parametrize()
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
def test_generated_request_gets_a_documented_response(
    case: schemathesis.Case, anybody: tuple[Api, requests.Session]
) -> None:
    """Send valid and invalid bodies, parameters and methods. No response is 5xx, and each matches its schema.

    A value that matches the schema may still be rejected with 422 by a rule between fields.
    """
    api, session = anybody
    if isinstance(case.body, dict) and isinstance(case.body.get("judge_id"), str):
        case.body["judge_id"] = "jdg_fuzz"
    case.headers["Authorization"] = f"Bearer {api.key}"  # set here, so that requests without a key are generated too
    answer = case.call_and_validate(
        base_url=api.url,
        session=session,
        excluded_checks=[schemathesis.checks.positive_data_acceptance],
    )
    assert_nothing_leaks(httpx.Response(answer.status_code, content=answer.content))
