"""Descriptions where they belong: the docstring of a type or a resolver is what clients read about it."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry

T = TypeVar("T")


def _prose(documented: object) -> str:
    text = inspect.getdoc(documented)
    if not text:
        raise TypeError(f"{documented!r} is part of the public schema and needs a docstring.")
    return text


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def object_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL type, described by its docstring."""
    return strawberry.type(cls, description=_prose(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL interface, described by its docstring."""
    return strawberry.interface(cls, description=_prose(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def input_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL input, described by its docstring."""
    return strawberry.input(cls, description=_prose(cls))


def field(resolver: Callable[..., Any]) -> Any:
    """Make a method a GraphQL field, described by its docstring."""
    return strawberry.field(resolver, description=_prose(resolver))


def subscription(resolver: Callable[..., Any]) -> Any:
    """Make a method a GraphQL subscription, described by its docstring."""
    return strawberry.subscription(resolver, description=_prose(resolver))
