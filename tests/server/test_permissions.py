"""Tests that request every field of the schema with each role and from another workspace."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLSchema

from models import permissions
from models.access import Role
from tests.server.api import Data, open_socket
from tests.server.generated_documents import Ids, find_paths, select_fields, write_field, write_query
from tests.server.populated_workspace import MARK, SECRET_ADDRESS, ZIP, TwoWorkspaces, list_rest_endpoints

ROLES = list(Role)


def get_codes(body: Data) -> set[str]:
    return {error["extensions"]["code"] for error in body.get("errors", [])}


NOTHING: Ids = {}  # invented ids find and change nothing


@pytest.mark.parametrize("kind", ["Query", "Mutation"])
def test_operation_is_allowed_from_its_role_upwards(owned: TwoWorkspaces, public: GraphQLSchema, kind: str) -> None:
    wrong: list[str] = []
    root = public.type_map[kind]
    assert isinstance(root, GraphQLObjectType)
    for name, field in root.fields.items():
        selected = write_field(name, field, NOTHING) + select_fields(public, field.type, NOTHING)
        for role, api in owned.by_role.items():
            found = get_codes(api.post(f"{kind.lower()} {{ {selected} }}").json())
            opened = role.covers(permissions.required_role(f"{kind}.{name}"))
            if (found == {"FORBIDDEN"}) == opened or "INTERNAL" in found:
                wrong.append(f"{kind}.{name} for {role.name}: {found or 'answered'}")
    assert not wrong


def test_subscription_is_allowed_from_its_role_upwards(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    assert public.subscription_type is not None
    for name, field in public.subscription_type.fields.items():
        text = write_field(name, field, NOTHING, everything=True) + select_fields(public, field.type, NOTHING)
        for role, api in owned.by_role.items():
            with open_socket(api) as live:
                live.send({"id": "1", "type": "subscribe", "payload": {"query": f"subscription {{ {text} }}"}})
                message = live.receive()
            assert message["type"] == "error", "made-up arguments are refused at once"
            code = message["payload"][0]["extensions"]["code"]
            assert (code == "FORBIDDEN") is not role.covers(permissions.required_role(f"Subscription.{name}"))


def test_role_may_read_every_field_of_its_results(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    for type_, way in find_paths(public, owned.ids).items():
        if not way:
            continue
        document = write_query(way, select_fields(public, public.type_map[type_], owned.ids))
        on_the_way = [step.partition("(")[0] for step in way]
        needed = permissions.required_role(f"Query.{on_the_way[0]}")
        for role, api in owned.by_role.items():
            found = get_codes(api.post(document).json())
            assert found == (set() if role.covers(needed) else {"FORBIDDEN"}), (type_, role, document)


def test_notification_targets_are_visible_from_their_role_upwards(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    seen: dict[Role, int] = dict.fromkeys(ROLES, 0)
    for type_, way in find_paths(public, owned.ids).items():
        if way:
            document = write_query(way, select_fields(public, public.type_map[type_], owned.ids))
            for role, api in owned.by_role.items():
                seen[role] += api.post(document).text.count(SECRET_ADDRESS)
    assert seen[Role.VIEWER] == seen[Role.ANNOTATOR] == 0
    assert seen[Role.TRAINER] >= 2
    assert seen[Role.ADMIN] == seen[Role.TRAINER]


def test_other_workspace_reads_nothing_by_any_query(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    assert public.query_type is not None
    hits = 0
    for name, field in public.query_type.fields.items():
        selected = "{ " + write_field(name, field, owned.ids) + select_fields(public, field.type, owned.ids, 3) + " }"
        hits += owned.owner.post(selected).text.count(MARK)
        assert MARK not in owned.outsider.post(selected).text, name
    assert hits > 50  # the owner sees it, so a leak would be visible


def test_other_workspace_changes_nothing_by_any_mutation(owned: TwoWorkspaces, public: GraphQLSchema) -> None:
    def everything() -> list[str]:
        queries = ("judge", "trainingJob", "trainingJobs", "evaluation", "feedbackSummary", "apiKeys", "auditLog")
        fields = public.query_type.fields if public.query_type is not None else {}
        return [
            owned.owner.post(
                "{ " + write_field(n, fields[n], owned.ids) + select_fields(public, fields[n].type, owned.ids, 3) + " }"
            ).text
            for n in queries
        ]

    before = everything()
    assert public.mutation_type is not None
    for name, field in public.mutation_type.fields.items():
        selected = write_field(name, field, owned.ids) + select_fields(public, field.type, owned.ids, 3)
        answer = owned.outsider.post(f"mutation {{ {selected} }}")
        assert MARK not in answer.text, name
        assert get_codes(answer.json()) <= {"FORBIDDEN", "NOT_FOUND", "INVALID"}, name
    assert everything() == before


@pytest.mark.parametrize(("method", "path"), list_rest_endpoints())
def test_endpoint_is_allowed_from_its_role_upwards(owned: TwoWorkspaces, method: str, path: str) -> None:
    door = f"{method} {path}"
    assert permissions.find_required_role(door) is not None, f'Add to PERMISSIONS: "{door}": the least role,'
    body: dict[str, Any] = {"headers": ZIP} if path.endswith("/versions") else {}
    if path == "/training/jobs":
        body = {"json": {"judge_id": "jdg_x", "training_type": "validation", "training_config": {}}}
    made_up = path.format(judge_id="jdg_x", job_id="job_x", version_id="ver_x")
    for role, api in owned.by_role.items():
        answer = api.http.request(method, made_up, **body)
        assert answer.status_code == (404 if role.covers(permissions.required_role(door)) else 403), role


def test_permissions_name_only_existing_endpoints() -> None:
    there = {f"{method} {path}" for method, path in list_rest_endpoints()}
    assert {door for door in permissions.PERMISSIONS if "/" in door} == there
