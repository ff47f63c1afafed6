"""Conversion of GraphQL inputs to Strawberry's input objects by a plan that is made once for each type.

``convert_argument`` of Strawberry examines the type of every value of every request: for 100 items of feedback it takes
two thirds of the time of the whole request. This module does the same for the types that our inputs use, and passes
all other values on to Strawberry.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, NamedTuple

from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types import has_object_definition
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField

Convert = Callable[[Any, InputContext], Any]


class _FieldPlan(NamedTuple):
    """Conversion of one field; ``convert`` is None if the value is taken as it is."""

    graphql_name: str
    python_name: str
    convert: Convert | None


def build_inputs_by_plan(input_type: type) -> None:
    """Make an input type convert its values by a plan.

    Sets ``__strawberry_definition__.from_input``, the hook of Strawberry's integrations. Strawberry offers no parameter
    of ``strawberry.input`` for it.
    """
    assert has_object_definition(input_type)
    input_type.__strawberry_definition__.from_input = _InputPlan(input_type)


class _InputPlan:
    """Plan of one input type, made when the first value is converted, because types may refer to later ones."""

    def __init__(self, input_type: type) -> None:
        self._input_type = input_type
        self._defaults: dict[str, None] = {}
        self._fields: list[_FieldPlan] | None = None

    def __call__(self, _: type, value: Mapping[str, Any], context: InputContext) -> Any:
        """Return the input object of a value that graphql-core has coerced."""
        fields = self._fields if self._fields is not None else self._make(context)
        # Any: keyword arguments of any input class.
        values: dict[str, Any] = dict(self._defaults)
        for graphql_name, python_name, convert in fields:
            if graphql_name in value:
                given = value[graphql_name]
                values[python_name] = given if convert is None or given is None else convert(given, context)
        return self._input_type(**values)

    def _make(self, context: InputContext) -> list[_FieldPlan]:
        definition = self._input_type.__strawberry_definition__  # type: ignore[attr-defined]
        self._defaults = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        self._fields = [self._plan_field(field, context) for field in definition.fields]
        return self._fields

    def _plan_field(self, field: StrawberryField, context: InputContext) -> _FieldPlan:
        name = context.config.name_converter.from_field(field)
        definition = self._input_type.__strawberry_definition__  # type: ignore[attr-defined]
        return _FieldPlan(
            name, field.python_name, _plan_type(field.resolve_type(type_definition=definition), name, context)
        )


def _plan_type(kind: Any, name: str, context: InputContext) -> Convert | None:
    """Return the conversion of values of a type, or None if they are taken as they are.

    Args:
        kind: The type.
        name: The field that has it, for the path of values which Strawberry converts.
        context: The context of any conversion.
    """
    if isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe):
        return _plan_type(kind.of_type, name, context)
    if has_enum_definition(kind) or isinstance(kind, StrawberryEnumDefinition):
        return None
    if kind is not GlobalID and is_scalar(kind, context.scalar_registry):
        return None
    if isinstance(kind, StrawberryList):
        convert = _plan_type(kind.of_type, name, context)
        if convert is None:
            return lambda values, _: list(values)
        return lambda values, given: [None if each is None else convert(each, given) for each in values]
    plan = kind.__strawberry_definition__.from_input if has_object_definition(kind) else None
    if isinstance(plan, _InputPlan):
        return lambda value, given: plan(kind, value, given)
    return lambda value, given: given.convert(value, kind, name)
