"""Fixtures for tests of the schema without a database: made-up records and resolvers that tests replace."""

from types import SimpleNamespace
from typing import Any

import pytest
import strawberry

from models.access import Role, Viewer
from schema.build import build_schema
from tests.schema.records import ANN, CLARITY, JUDGE, Ask, Known, Resolve


@pytest.fixture(scope="session")
def schema() -> strawberry.Schema:
    return build_schema()


@pytest.fixture
def context() -> Any:
    viewer = Viewer("key_1", Role.TRAINER, "usr_ann", "ann", "wsp_1", "team")
    loaders = SimpleNamespace(
        judges=Known({7: JUDGE}),
        criteria=Known({7: (CLARITY,)}),
        users=Known({"usr_ann": ANN}),
        versions=Known({}),
        jobs=Known({}),
        evaluations=Known({}),
    )
    return SimpleNamespace(viewer=viewer, store=None, loaders=loaders)


@pytest.fixture
def ask(schema: strawberry.Schema, context: Any) -> Ask:
    """Return a function that executes an operation."""

    async def run(document: str, **variables: Any) -> Any:
        return await schema.execute(document, variable_values=variables, context_value=context)

    return run


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Return a function that replaces a resolver by a fixed result or error and records the arguments of its calls."""

    def replace(name: str, outcome: Any) -> list[tuple[Any, ...]]:
        calls: list[tuple[Any, ...]] = []

        async def resolver(_context: Any, *arguments: Any, **named: Any) -> Any:
            calls.append((*arguments, *named.values()))
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(f"resolvers.{name}", resolver)
        return calls

    return replace
