"""Tests of the permission table: every operation and type is listed, and anything else requires ADMIN."""

from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType
from strawberry import Schema

from models import permissions
from models.access import Role, Viewer
from schema.execution.authorization import enforce_permissions
from schema.strawberry_compat.core_schema import core_schema


def test_every_field_has_a_role(schema: Schema) -> None:
    """A failure lists the entries to add to models/permissions.py."""
    core = core_schema(schema)
    missing: list[str] = []
    for type_ in core.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        new = [name for name in type_.fields if permissions.find_required_role(f"{type_.name}.{name}") is None]
        if new and type_ in (core.query_type, core.mutation_type, core.subscription_type):
            missing += [f'to PERMISSIONS: "{type_.name}.{name}": the minimum role,' for name in new]
        elif new:
            missing.append(f'to TYPE_ROLES: "{type_.name}": the minimum role,')
    assert not missing, "In models/permissions.py add\n  " + "\n  ".join(missing)


def test_the_table_names_only_what_exists(schema: Schema) -> None:
    types = {t.name: t for t in core_schema(schema).type_map.values() if isinstance(t, GraphQLObjectType)}
    fields = {f"{type_.name}.{name}" for type_ in types.values() for name in type_.fields}
    named = {
        name.partition("(")[0] for name in (*permissions.PERMISSIONS, *permissions.HIDDEN_FIELDS) if "/" not in name
    }
    assert named - fields == set()
    assert permissions.TYPE_ROLES.keys() - types.keys() == set()


@strawberry.type
class Vault:
    number: int = 7

    @strawberry.field
    async def content(self) -> str:
        return "gold"


@strawberry.type
class Query:
    @strawberry.field
    def forgotten(self) -> int:
        return 1

    @strawberry.field
    def vault(self) -> Vault:
        return Vault()


@pytest.mark.parametrize("document", ["{ forgotten }", "{ vault { number } }", "{ vault { content } }"])
@pytest.mark.parametrize("role", list(Role))
async def test_an_unlisted_field_requires_admin(monkeypatch: pytest.MonkeyPatch, document: str, role: Role) -> None:
    monkeypatch.setitem(permissions.PERMISSIONS, "Query.vault", Role.VIEWER)
    context: Any = SimpleNamespace(viewer=Viewer("key_1", role, "usr_1", "ann", "wsp_1", "team"))
    result = await enforce_permissions(strawberry.Schema(Query)).execute(document, context_value=context)
    if role is Role.ADMIN:
        assert result.errors is None
    else:
        assert result.data is None
        assert result.errors is not None
        assert result.errors[0].message.startswith(f"This needs the role ADMIN; the key has {role.name}.")
