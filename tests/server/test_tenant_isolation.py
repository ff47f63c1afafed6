"""What is another workspace's answers exactly like what never was, wherever an id is taken.

Every place that takes an id is found in the schema, so that places that come later are tried too. Each is given every
kind of id of another workspace, and an id that nobody has; all that may differ in the answers is the id itself.
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

NEW = re.compile(r"\b(?:[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}|\d{4}-\d\d-\d\dT[0-9:.]+Z)")  # ids and moments made just now


def unknown(id_: str) -> str:
    """An id of the same kind and length that nobody has."""
    return id_[:-10] + "z" * 10


def plain(answer: httpx.Response, id_: str) -> tuple[int, dict[str, str], str]:
    """An answer as it is but for the id, and what is new with every answer."""
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, headers, NEW.sub("NEW", answer.text.replace(id_, "ID"))


def takes(field: GraphQLField) -> Iterator[str]:
    """The names of the arguments and input fields that take an id."""
    for argument, definition in field.args.items():
        for name, type_ in ({argument: definition.type} | input_fields(definition.type)).items():
            if get_named_type(type_).name == "ID":
                yield name


def places(schema: GraphQLSchema, ids: Ids) -> list[tuple[str, list[str], str, str]]:
    """Each place that takes an id: the kind of operation, the way there, the field and the argument."""
    assert schema.query_type is not None
    found = []
    for type_, way in find_paths(schema, ids).items():
        named = schema.type_map[type_]
        if isinstance(named, GraphQLObjectType):
            found += [("query", way, name, taken) for name, f in named.fields.items() for taken in takes(f)]
    assert schema.mutation_type is not None
    found += [("mutation", [], name, taken) for name, f in schema.mutation_type.fields.items() for taken in takes(f)]
    # an id that another workspace's judge has is free to take: tests/server/graphql/test_api_keys.py
    return [place for place in found if place[2:] != ("createJudge", "id")]


def document(schema: GraphQLSchema, place: tuple[str, list[str], str, str], ids: Ids) -> str:
    """What asks for a place's field with the variable `id` where the place takes one, and good ids everywhere else."""
    kind, way, name, taken = place
    type_: Any = getattr(schema, f"{kind}_type")
    for step in way:
        condition, field_name = step.removeprefix("... on "), step.partition("(")[0]
        named = step.startswith("...")
        type_ = schema.type_map[condition] if named else get_named_type(type_.fields[field_name].type)
    field = type_.fields[name]
    # for this argument alone, also where an id is known for it in this field
    known = {key: value for key, value in ids.items() if key != f"{name}.{taken}"} | {taken: "HERE"}
    selected = write_field(name, field, known)
    if is_interface_type(get_named_type(field.type)):
        selected += " { __typename id }"
    elif not is_leaf_type(get_named_type(field.type)):
        selected += select_fields(schema, field.type, ids, 2)
    return f"{kind} ($id: ID!) " + write_query(way, "{ " + selected.replace('"HERE"', "$id") + " }")


def foreign(owned: TwoWorkspaces) -> dict[str, str]:
    """An id of every kind of the other workspace, by the prefix that tells the kind."""
    workspace = owned.owner.run("Viewer")["workspace"]["id"]
    return {id_.partition("_")[0]: id_ for id_ in (*owned.ids.values(), workspace)}


def test_foreign_id_equals_unknown_id_in_every_argument(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    api, kinds, wrong = owned.outsider, foreign(owned), []
    assert len(kinds) == 9
    tried = places(public, owned.outsider_ids)
    assert len(tried) > 45
    for place in tried:
        text = document(public, place, owned.outsider_ids)
        for id_ in kinds.values():
            theirs, nobodys = (plain(api.post(text, {"id": one}), one) for one in (id_, unknown(id_)))
            assert not re.search("INTERNAL|BAD_REQUEST|LIMIT_EXCEEDED", theirs[2]), (place, theirs)
            if theirs != nobodys:
                wrong.append((place, theirs, nobodys))
    assert not wrong


def test_own_id_is_found_by_every_argument(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    """Else nothing would differ because nothing is ever found."""
    api, ids = owned.outsider, owned.outsider_ids
    for place in places(public, ids):
        _, way, name, taken = place
        if name in ("judge", "trainingJob", "evaluation", "node", "feedbackSummary", "trainingJobs", "auditLog"):
            given = ids.get(f"{name}.{taken}") or ids.get(taken) or ids["judgeId"]
            found: Any = api.query(document(public, place, ids), id=given)
            for step in (*way, name):
                found = found[step.partition("(")[0]]
            assert found
            assert found.get("nodes", True), place


def told(live: Socket, query: str, number: int) -> list[Any]:
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
            for taken in takes(field):
                for id_ in foreign(owned).values():
                    answers = []
                    for one in (id_, unknown(id_)):
                        call = write_field(name, field, {taken: one})
                        text = f"subscription {{ {call} {select_fields(public, field.type, {})} }}"
                        number += 1
                        answers.append(
                            [json.dumps(told(live, text, number)).replace(one, "ID")]
                            + [
                                plain(api.http.post("/graphql", json={"query": text}, headers={"accept": accept}), one)
                                for accept in (EVENTS, MULTIPART)
                            ]
                        )
                    assert answers[0] == answers[1]


def bodies(path: str, ids: Ids, id_: str) -> list[dict[str, Any]]:
    """What an endpoint is sent: the id in the path alone, and in every place of the body."""
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
        return plain(api.http.request(method, path.format(**where), **body), id_)

    for id_ in foreign(owned).values():
        wheres = [mine | {name: "ID"} for name in mine if f"{{{name}}}" in path] + [mine]
        for where in wheres:
            number = len(bodies(path, own, id_)) if method == "POST" else 1
            for index in range(number):
                answers = []
                for one in (id_, unknown(id_)):
                    body = bodies(path, own, one)[index] if method == "POST" else {}
                    answers.append(ask(one, {key: value.replace("ID", one) for key, value in where.items()}, body))
                assert answers[0] == answers[1]
                assert answers[0][0] < 500
                if where is not mine:
                    assert answers[0][0] in (404, 415)
