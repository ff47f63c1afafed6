"""Coercion of variables by functions: the same results as graphql-core's."""

from typing import Any

import pytest
from graphql import Undefined, build_schema
from graphql.execution import values as library
from graphql.utilities import coerce_input_value

from schema.strawberry_compat import coercion

SCHEMA = build_schema("""
    enum Kind { GOOD BAD }
    input Score { name: ID!, score: Float! }
    input Item { text: String!, kind: Kind = GOOD, limit: Int = 3, scores: [Score!], grid: [[Int]], flag: Boolean }
    input Tree { name: String, children: [Tree!] }
    input Either @oneOf { a: Int, b: Int }
    type Query { ask(item: Item, tree: Tree, either: Either): Int }
""")
VALUES: list[tuple[str, Any]] = [
    ("Item", {"text": "a"}),
    (
        "Item",
        {"text": "a", "kind": "BAD", "scores": [{"name": 1, "score": 2}], "grid": [[1, None], None], "flag": True},
    ),
    ("Item", {"text": "a", "kind": None, "limit": None, "scores": None}),
    ("Item", {"text": "a", "scores": {"name": "n", "score": 1.5}, "grid": 3}),
    ("Item", {"text": None}),
    ("Item", {}),
    ("Item", {"text": "a", "other": 1}),
    ("Item", {"text": "a", "other": Undefined, "kind": Undefined}),
    ("Item", {"text": Undefined}),
    ("Item", {"text": "a", "kind": "UGLY"}),
    ("Item", {"text": "a", "scores": [{"name": "n"}]}),
    ("Item", {"text": "a", "scores": [None]}),
    ("Item", {"text": "a", "limit": 2**40}),
    ("Item", "text"),
    ("Item", None),
    ("Tree", {"name": "a", "children": [{"name": "b", "children": []}]}),
    ("Either", {"a": 1}),
    ("Either", {"a": 1, "b": 2}),
    ("Either", {"a": None}),
]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_values_are_coerced_as_by_the_library(name: str, value: Any) -> None:
    kind: Any = SCHEMA.type_map[name]

    assert coercion.coerce_function(kind)(value) == coerce_input_value(value, kind)


def test_only_recursive_types_are_searched_for_nesting_that_is_too_deep() -> None:
    coercion.install()
    item: Any = SCHEMA.type_map["Item"]
    tree: Any = SCHEMA.type_map["Tree"]
    deep: Any = {}
    for _ in range(1_000):
        deep = {"children": [deep]}

    assert library.input_is_nested_too_deeply(deep, tree)
    assert not library.input_is_nested_too_deeply({"text": "a"}, item)
