"""Coercion of variables by a function that is made once for each input type.

graphql-core examines the type of every value of every request, twice: ``input_is_nested_too_deeply`` looks for values
that are nested too deeply, and ``coerce_input_value`` coerces them. For 100 evaluations this takes more time than all
else that the event loop does for the request. This module replaces both where ``graphql.execution.values`` calls them,
since graphql-core has no hook for it. The results are the same. Errors are described by graphql-core, as before.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    Undefined,
    get_named_type,
)
from graphql.execution import values as library
from graphql.pyutils import is_iterable
from graphql.type import is_required_input_field
from graphql.type.definition import GraphQLInputField, assert_leaf_type
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_value

MAX_TYPES = 1_024
"""Input types whose functions are kept; wrappers such as lists are made anew for each request and not kept."""

Coerce = Callable[[Any], Any]

_exceeds_depth = library.input_is_nested_too_deeply


def install() -> None:
    """Replace graphql-core's coercion of variables in this process."""
    library.coerce_input_value = _coerce  # type: ignore[attr-defined]
    library.input_is_nested_too_deeply = _is_nested_too_deeply


def _coerce(input_value: Any, type_: GraphQLInputType) -> Any:
    return coerce_function(type_)(input_value)


def _is_nested_too_deeply(value: Any, type_: GraphQLInputType) -> bool:
    return _is_recursive(type_) and _exceeds_depth(value, type_)


def coerce_function(kind: GraphQLInputType) -> Coerce:
    """Return the function that coerces values of a type as graphql-core does: ``Undefined`` for an invalid value."""
    if isinstance(kind, GraphQLNonNull):
        return _coerce_required(coerce_function(kind.of_type))
    if isinstance(kind, GraphQLList):
        return _coerce_list(coerce_function(kind.of_type))
    if isinstance(kind, GraphQLInputObjectType):
        return _object_function(kind)
    return _coerce_leaf(assert_leaf_type(kind).coerce_input_value)


@lru_cache(maxsize=MAX_TYPES)
def _object_function(kind: GraphQLInputObjectType) -> Coerce:
    return (lambda value: coerce_input_value(value, kind)) if kind.is_one_of else _ObjectCoercion(kind)


def _coerce_required(coerce: Coerce) -> Coerce:
    return lambda value: Undefined if value is None or value is Undefined else coerce(value)


def _coerce_list(coerce: Coerce) -> Coerce:
    def coerce_list(value: Any) -> Any:
        if value is None or value is Undefined:
            return None
        items = [coerce(item) for item in (value if is_iterable(value) else [value])]
        return Undefined if any(item is Undefined for item in items) else items

    return coerce_list


def _coerce_leaf(coerce: Coerce) -> Coerce:
    def coerce_leaf(value: Any) -> Any:
        if value is None or value is Undefined:
            return None
        try:
            return coerce(value)
        except Exception:  # graphql-core describes the error
            return Undefined

    return coerce_leaf


class _ObjectCoercion:
    """Coercion of an input object. Its fields are examined when the first value comes, since types may be recursive."""

    def __init__(self, kind: GraphQLInputObjectType) -> None:
        self._kind = kind
        self._fields: list[tuple[str, str, Coerce, GraphQLInputField | None, bool]] | None = None

    def __call__(self, value: Any) -> Any:
        if value is None or value is Undefined:
            return None
        if not isinstance(value, dict):
            return Undefined
        # Any: graphql-core coerces to values of any type.
        found: dict[str, Any] = {}
        known = 0
        for name, out_name, coerce, with_default, required in self._fields or self._examine():
            given = value.get(name, Undefined)
            if given is not Undefined:
                known += 1
                coerced = coerce(given)
            elif required:
                return Undefined
            elif with_default is None:
                continue
            else:
                coerced = coerce_default_value(with_default)
            if coerced is Undefined:
                return Undefined
            found[out_name] = coerced
        if known < len(value) and any(name not in self._kind.fields for name, v in value.items() if v is not Undefined):
            return Undefined
        return self._kind.out_type(found)

    def _examine(self) -> list[tuple[str, str, Coerce, GraphQLInputField | None, bool]]:
        self._fields = [
            (
                name,
                field.out_name or name,
                coerce_function(field.type),
                None if coerce_default_value(field) is Undefined else field,
                is_required_input_field(field),
            )
            for name, field in self._kind.fields.items()
        ]
        return self._fields


def _is_recursive(kind: GraphQLInputType) -> bool:
    """Return whether values of a type can be nested to any depth."""
    return _reaches_itself(get_named_type(kind))


@lru_cache(maxsize=MAX_TYPES)
def _reaches_itself(kind: GraphQLNamedType, within: tuple[GraphQLNamedType, ...] = ()) -> bool:
    if not isinstance(kind, GraphQLInputObjectType):
        return False
    inner = (get_named_type(field.type) for field in kind.fields.values())
    return kind in within or any(_reaches_itself(each, (*within, kind)) for each in inner)
