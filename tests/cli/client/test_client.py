"""Tests of the client's handling of responses and errors."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cli.client.client import Client
from cli.errors import ApiError, InputRejected

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, key: str | None = "jsk_1") -> Client:
    return Client("http://server", key, transport=httpx.MockTransport(handler))


def responds(status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> Handler:
    return lambda _: httpx.Response(status, json=body, headers=headers)


def test_an_operation_is_sent_with_its_fragments_variables_and_key() -> None:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"data": {"judge": None}})

    assert client(handle).run("Judge", id="jdg_1") is None
    body = json.loads(requests[0].content)
    assert (body["operationName"], body["variables"]) == ("Judge", {"id": "jdg_1"})
    assert "fragment CriterionFields on Criterion" in body["query"]
    assert requests[0].headers["authorization"] == "Bearer jsk_1"


@pytest.mark.parametrize(
    ("handler", "code", "message"),
    [
        (responds(401), "UNAUTHENTICATED", "does not know this key"),
        (responds(413), "TOO_LARGE", "larger than the server accepts"),
        (responds(404), "NOT_FOUND", "no GraphQL API at http://server/graphql"),
        (responds(500), "", "status 500"),
        (
            responds(200, errors=[{"message": "Not allowed.", "extensions": {"code": "FORBIDDEN"}}]),
            "FORBIDDEN",
            "Not allowed",
        ),
        (responds(400, errors=[{"message": "Bad variable."}]), "BAD_REQUEST", "Bad variable"),
        (lambda _: httpx.Response(200, text="<html>"), "", "instead of data"),
    ],
)
def test_a_rejection_becomes_an_error_for_people(handler: Handler, code: str, message: str) -> None:
    with pytest.raises(ApiError, match=message) as error:
        client(handler).run("Viewer")
    assert error.value.code == code


def test_without_a_key_the_error_explains_how_to_give_one() -> None:
    with pytest.raises(ApiError, match="Give one with --key"):
        client(responds(401), key=None).run("Viewer")


def test_user_errors_raise_with_the_path_of_the_field() -> None:
    error = {"message": "Too little feedback.", "field": ["trainingConfig", "minimumFeedbackCount"], "code": "X"}
    payload = {"createTrainingJob": {"trainingJob": None, "warnings": [], "userErrors": [error]}}
    with pytest.raises(InputRejected, match=r"Too little feedback. \(field: trainingConfig.minimumFeedbackCount\)"):
        client(responds(data=payload)).run("CreateTrainingJob", input={})
    assert client(responds(data=payload)).execute("CreateTrainingJob", input={}) == payload


def test_a_request_over_the_rate_limit_is_repeated_after_the_pause_of_the_server() -> None:
    responses = iter([httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(200, json={"data": {}})])
    assert client(lambda _: next(responses)).execute("Viewer") == {}


def test_an_unreachable_server_is_reported_with_its_address() -> None:
    with pytest.raises(ApiError, match=r"No server answers at http://127\.0\.0\.1:9"):
        Client("http://127.0.0.1:9").run("Viewer")


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://server", "http://"])
def test_an_invalid_address_is_rejected(url: str) -> None:
    with pytest.raises(ApiError, match="is not the address of a server"):
        Client(url)
