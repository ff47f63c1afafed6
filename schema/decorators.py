"""Decorators that take a description from the docstring, so that it is written once, where the code is."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, dataclass_transform

import strawberry

T = TypeVar("T")


def describe(documented: object) -> str:
    """Return the docstring of a class or function as its description in the schema.

    A section ``Args:`` is not published, because arguments have descriptions of their own.

    Raises:
        TypeError: There is no docstring.
    """
    text = inspect.getdoc(documented)
    if not text:
        raise TypeError(f"{documented!r} is part of the public schema and needs a docstring.")
    return text.partition("\n\nArgs:")[0]


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def object_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL type, described by its docstring."""
    return strawberry.type(cls, description=describe(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL interface, described by its docstring."""
    return strawberry.interface(cls, description=describe(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def input_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL input, described by its docstring."""
    return strawberry.input(cls, description=describe(cls))


def field(resolver: Callable[..., Any]) -> Any:
    """Make a method a GraphQL field, described by its docstring."""
    return strawberry.field(resolver, description=describe(resolver))


def deprecated_field(replacement: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a method a deprecated GraphQL field.

    Args:
        replacement: The GraphQL name of the field to use instead.
    """

    def decorate(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(resolver, description=describe(resolver), deprecation_reason=f"Use {replacement}.")

    return decorate


def subscription(resolver: Callable[..., Any]) -> Any:
    """Make a method a GraphQL subscription, described by its docstring."""
    return strawberry.subscription(resolver, description=describe(resolver))


def input_field(input_description: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a method a GraphQL field whose parameter ``request`` clients send as the argument ``input``.

    A parameter named ``input`` would shadow the built-in function.

    Args:
        input_description: The description of the argument.
    """

    def decorate(resolver: Callable[..., Any]) -> Any:
        signature = inspect.signature(resolver)
        argument = strawberry.argument(name="input", description=input_description)
        parameters = [
            parameter.replace(annotation=Annotated[parameter.annotation, argument]) if name == "request" else parameter
            for name, parameter in signature.parameters.items()
        ]
        resolver.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return field(resolver)

    return decorate
