"""Decorators that take a description from the docstring, so that it is written once, where the code is."""

import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeVar, dataclass_transform

import strawberry
from strawberry.types.field import StrawberryField

from models.base import Column
from models.feedback import Figure
from schema.strawberry_compat.inputs import build_inputs_by_plan

T = TypeVar("T")
R = TypeVar("R", bound=Callable[..., Any])

# A column of a record, or a figure of a feedback summary.
Source = Column | Figure

# Keys of a field's metadata.
_READS = "reads"
_BELOW = "reads_below"


def column(source: Source, description: str, *, init: Literal[False] = False) -> Any:  # noqa: ARG001
    """Make an attribute a GraphQL field that is a column of the object's record, its attribute ``row``.

    The record has only the columns that were selected. To access another one is a bug and raises AttributeError.

    Args:
        source: The column.
        description: The description of the field.
        init: Excludes the field from the parameters of the type's constructor.
    """
    made: Any = strawberry.field(description=description, metadata={_READS: (source,)})
    made.init = made.repr = made.compare = False
    return made


def reads(*sources: Source, below: bool = False) -> Callable[[R], R]:
    """Declare the columns of the object's record that a method reads. Apply it below ``field``.

    Args:
        sources: The columns.
        below: Whether the objects that the method returns read more columns of the same record.
    """

    def decorate(resolver: R) -> R:
        setattr(resolver, _READS, sources)
        setattr(resolver, _BELOW, below)
        return resolver

    return decorate


def find_reads(made: StrawberryField | None) -> tuple[Source, ...]:
    """Return the columns that a field declares to read."""
    return () if made is None else made.metadata.get(_READS, ())


def reads_below(made: StrawberryField | None) -> bool:
    """Return whether the objects below a field read more columns of the same record."""
    return made is not None and bool(made.metadata.get(_BELOW))


def belongs_to(source: Source, kind: type) -> bool:
    """Return whether a source is a column of a record, or a member of an enum of figures."""
    return (type(source) if isinstance(source, Figure) else source.class_) is kind


def read_name(source: Source) -> str:
    """Return the attribute that holds a source."""
    return source.value if isinstance(source, Figure) else source.key


# Any: Strawberry's metadata are free-form.
def _metadata(resolver: Callable[..., Any]) -> dict[str, Any]:
    return {key: getattr(resolver, key, None) or () for key in (_READS, _BELOW)}


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


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, column))
def object_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL type, described by its docstring."""
    made = strawberry.type(cls, description=describe(cls))
    for each in made.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        if each.base_resolver is None and (found := find_reads(each)):
            setattr(made, each.python_name, property(attrgetter(f"row.{read_name(found[0])}")))
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL interface, described by its docstring."""
    return strawberry.interface(cls, description=describe(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def input_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL input, described by its docstring."""
    made = strawberry.input(cls, description=describe(cls))
    build_inputs_by_plan(made)
    return made


def field(resolver: Callable[..., Any]) -> Any:
    """Make a method a GraphQL field, described by its docstring."""
    return strawberry.field(resolver, description=describe(resolver), metadata=_metadata(resolver))


def deprecated_field(replacement: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a method a deprecated GraphQL field.

    Args:
        replacement: The GraphQL name of the field to use instead.
    """

    def decorate(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver,
            description=describe(resolver),
            deprecation_reason=f"Use {replacement}.",
            metadata=_metadata(resolver),
        )

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
