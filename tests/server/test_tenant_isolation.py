"""Tests that an object of another workspace is indistinguishable from one that does not exist.

All arguments that take an id are found in the schema, so that future ones are tested too. Each is given ids of every
kind from another workspace, and an unknown id. Only the id itself may differ in the responses.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_interface_type, is_leaf_type

from tests.server.api import Socket, open_socket
from tests.server.generated_documents import Ids, find_paths, input_fields, select_fields, write_field, write_query
from tests.server.graphql.test_streaming import EVENTS, MULTIPART
from tests.server.populated_workspace import ZIP, TwoWorkspaces, list_rest_endpoints

NEW = re.compile(
    r"\b(?:[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}|\d{4}-\d\d-\d\dT[0-9:.]+Z)"
)  # ids and times created by the request


def make_unknown_id(id_: str) -> str:
    """Return an unknown id of the same kind and length."""
    return id_[:-10] + "z" * 10


def normalize(answer: httpx.Response, id_: str) -> tuple[int, dict[str, str], str]:
    """Return a response without the id and without values that differ in every response."""
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, headers, NEW.sub("NEW", answer.text.replace(id_, "ID"))


def find_id_names(field: GraphQLField) -> Iterator[str]:
    """Return the names of the arguments and input fields that take an id."""
    for argument, definition in field.args.items():
        for name, type_ in ({argument: definition.type} | input_fields(definition.type)).items():
            if get_named_type(type_).name == "ID":
                yield name


def find_id_arguments(schema: GraphQLSchema, ids: Ids) -> list[tuple[str, list[str], str, str]]:
    """Return all arguments that take an id: operation type, path, field and argument."""
    assert schema.query_type is not None
    found = []
    for type_, way in find_paths(schema, ids).items():
        named = schema.type_map[type_]
        if isinstance(named, GraphQLObjectType):
            found += [
                ("query", way, name, argument) for name, f in named.fields.items() for argument in find_id_names(f)
            ]
    assert schema.mutation_type is not None
    found += [
        ("mutation", [], name, argument)
        for name, f in schema.mutation_type.fields.items()
        for argument in find_id_names(f)
    ]
    # external ids are separate per workspace: tests/server/graphql/test_api_keys.py
    return [place for place in found if place[2:] != ("createJudge", "id")]


def write_document(schema: GraphQLSchema, place: tuple[str, list[str], str, str], ids: Ids) -> str:
    """Return a document that passes the variable `id` to an argument, and valid ids to all others.

    Args:
        schema: the schema.
        place: the argument.
        ids: valid ids by the name of the argument or input field.
    """
    kind, way, name, argument = place
    type_: Any = getattr(schema, f"{kind}_type")
    for step in way:
        condition, field_name = step.removeprefix("... on "), step.partition("(")[0]
        named = step.startswith("...")
        type_ = schema.type_map[condition] if named else get_named_type(type_.fields[field_name].type)
    field = type_.fields[name]
    # also if a valid id is known for this argument
    known = {key: value for key, value in ids.items() if key != f"{name}.{argument}"} | {argument: "HERE"}
    selected = write_field(name, field, known)
    if is_interface_type(get_named_type(field.type)):
        selected += " { __typename id }"
    elif not is_leaf_type(get_named_type(field.type)):
        selected += select_fields(schema, field.type, ids, 2)
    return f"{kind} ($id: ID!) " + write_query(way, "{ " + selected.replace('"HERE"', "$id") + " }")


def list_foreign_ids(owned: TwoWorkspaces) -> dict[str, str]:
    """Return an id of every kind of the other workspace, by its prefix."""
    workspace = owned.owner.run("Viewer")["workspace"]["id"]
    return {id_.partition("_")[0]: id_ for id_ in (*owned.ids.values(), workspace)}


def test_foreign_id_equals_unknown_id_in_every_argument(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    api, kinds, wrong = owned.outsider, list_foreign_ids(owned), []
    assert len(kinds) == 9
    tried = find_id_arguments(public, owned.outsider_ids)
    assert len(tried) > 45
    for place in tried:
        text = write_document(public, place, owned.outsider_ids)
        for id_ in kinds.values():
            theirs, nobodys = (normalize(api.post(text, {"id": one}), one) for one in (id_, make_unknown_id(id_)))
            assert not re.search("INTERNAL|BAD_REQUEST|LIMIT_EXCEEDED", theirs[2]), (place, theirs)
            if theirs != nobodys:
                wrong.append((place, theirs, nobodys))
    assert not wrong


def test_own_id_is_found_by_every_argument(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    """Check the other tests: their documents find an object if the id is valid."""
    api, ids = owned.outsider, owned.outsider_ids
    for place in find_id_arguments(public, ids):
        _, way, name, argument = place
        if name in ("judge", "trainingJob", "evaluation", "node", "feedbackSummary", "trainingJobs", "auditLog"):
            given = ids.get(f"{name}.{argument}") or ids.get(argument) or ids["judgeId"]
            found: Any = api.query(write_document(public, place, ids), id=given)
            for step in (*way, name):
                found = found[step.partition("(")[0]]
            assert found
            assert found.get("nodes", True), place


def collect_messages(live: Socket, query: str, number: int) -> list[Any]:
    live.send({"id": str(number), "type": "subscribe", "payload": {"query": query}})
    message = live.receive()
    assert message["type"] == "error", message
    return [message["type"], message["payload"]]


def test_foreign_id_equals_unknown_id_in_every_subscription(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    api = owned.outsider
    assert public.subscription_type is not None
    with open_socket(api) as live:
        number = 0
        for name, field in public.subscription_type.fields.items():
            for argument in find_id_names(field):
                for id_ in list_foreign_ids(owned).values():
                    answers = []
                    for one in (id_, make_unknown_id(id_)):
                        call = write_field(name, field, {argument: one})
                        text = f"subscription {{ {call} {select_fields(public, field.type, {})} }}"
                        number += 1
                        answers.append(
                            [json.dumps(collect_messages(live, text, number)).replace(one, "ID")]
                            + [
                                normalize(
                                    api.http.post("/graphql", json={"query": text}, headers={"accept": accept}), one
                                )
                                for accept in (EVENTS, MULTIPART)
                            ]
                        )
                    assert answers[0] == answers[1]


def make_request_bodies(path: str, ids: Ids, id_: str) -> list[dict[str, Any]]:
    """Return requests with the id in the path only, and in every field of the body.

    Args:
        path: path of the endpoint.
        ids: valid ids.
        id_: the id.
    """
    if path == "/training/jobs":
        good = {"judge_id": ids["judgeId"], "training_type": "fine_tune", "training_config": {}}
        return [
            {"json": good | {"judge_id": id_}},
            {"json": good | {"training_config": {"target_criteria": [id_]}}},
        ]
    if path.endswith("/versions"):
        return [{"content": b"none", "headers": ZIP}]
    if path.endswith("/evaluations"):
        line = {"output": "x", "scores": {ids["criterionId"]: 3}, "external_id": "same"}
        lines = [line, line | {"version": id_}, line | {"version_id": id_}, line | {"scores": {id_: 3}}]
        return [{"content": json.dumps(one), "params": {"dry_run": "true"}} for one in lines]
    line = {"evaluation": ids["evaluationId"], "type": "rating", "rating": 5}
    lines = [line | {"evaluation": id_}, line | {"evaluation_id": id_}, line | {"corrected_scores": {id_: 2}}]
    return [{"content": json.dumps(one), "params": {"dry_run": "true"}} for one in lines]


@pytest.mark.parametrize(("method", "path"), list_rest_endpoints())
def test_foreign_id_equals_unknown_id_in_every_endpoint(owned: TwoWorkspaces, method: str, path: str) -> None:
    api, own = owned.outsider, owned.outsider_ids
    mine = {"judge_id": own["judgeId"], "job_id": own["jobId"], "version_id": own["versionId"]}

    def ask(id_: str, where: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        return normalize(api.http.request(method, path.format(**where), **body), id_)

    for id_ in list_foreign_ids(owned).values():
        wheres = [mine | {name: "ID"} for name in mine if f"{{{name}}}" in path] + [mine]
        for where in wheres:
            number = len(make_request_bodies(path, own, id_)) if method == "POST" else 1
            for index in range(number):
                answers = []
                for one in (id_, make_unknown_id(id_)):
                    body = make_request_bodies(path, own, one)[index] if method == "POST" else {}
                    answers.append(ask(one, {key: value.replace("ID", one) for key, value in where.items()}, body))
                assert answers[0] == answers[1]
                assert answers[0][0] < 500
                if where is not mine:
                    assert answers[0][0] in (404, 415)
