"""Look-ahead: the columns of a record that the selection below a field needs.

The columns that a field of a GraphQL type reads are declared next to the field, by ``schema.decorators.column`` and
``schema.decorators.reads``. ``selected_columns`` collects the declarations of the selected fields, through pages,
payloads and updates, up to the first types that declare columns, or below them where a field declares that. What the
fields of those types refer to is read by loaders of their own, with a look-ahead of their own. The figures of a
feedback summary are selected in the same way.

Fragments, aliases, ``@skip`` and ``@include`` count as the execution counts them. A document is parsed once and
executed often, so the result is cached by the nodes of the document and the values of the variables in directives.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
)

from models.base import Base, Column
from schema.decorators import belongs_to, find_reads, read_name, reads_below
from schema.info import Info
from schema.strawberry_compat.selection import raw_info, strawberry_field

MAX_CACHED = 1_000  # places in documents


@dataclass(slots=True)
class _Place:
    """Results of one place in a document, by the values of the variables that its directives depend on."""

    nodes: Sequence[FieldNode]  # kept, so that no other node gets their ids
    variables: tuple[str, ...]
    results: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict)


_places: dict[tuple[object, ...], _Place] = {}


def selected_columns(info: Info, record: type[Base]) -> tuple[Column, ...]:
    """Return the columns of a record that the selection below the current field needs, in a fixed order."""
    return selected_reads(info, record)


def selected_reads(info: Info, source: type) -> tuple[Any, ...]:
    """Return everything of a source that the fields selected below the current field declare to read.

    Args:
        info: The request.
        source: A record, or another class whose attributes fields read.
    """
    raw = raw_info(info)
    values = info.variable_values
    key = (source, *map(id, raw.field_nodes))
    place = _places.get(key)
    if place is not None:
        known = place.results.get(tuple(map(values.get, place.variables)))
        if known is not None:
            return known
    look = _LookAhead(raw, values, source)
    look.visit_fields(raw.field_nodes, get_named_type(raw.return_type))
    if place is None or not look.variables <= set(place.variables):
        if len(_places) >= MAX_CACHED:
            _places.clear()
        known_variables = place.variables if place is not None else ()
        place = _places[key] = _Place(raw.field_nodes, tuple(look.variables.union(known_variables)))
    result = tuple(sorted(look.found, key=read_name))
    place.results[tuple(map(values.get, place.variables))] = result
    return result


class _LookAhead:
    """Walk through the selection below a field."""

    def __init__(self, info: GraphQLResolveInfo[Any], values: Mapping[str, Any], source: type) -> None:
        self.info = info
        self.values = values  # of the document's variables
        self.source = source
        self.found: set[Any] = set()
        self.variables: set[str] = set()  # that directives depend on

    def visit_fields(self, nodes: Sequence[FieldNode], type_: GraphQLNamedType) -> None:
        """Collect what the fields selected below some fields read.

        Args:
            nodes: The fields.
            type_: Their type.
        """
        for object_type in self._possible_types(type_):
            declares = any(find_reads(strawberry_field(each)) for each in object_type.fields.values())
            for node in nodes:
                for selected in self._selected(node.selection_set, object_type):
                    definition = object_type.fields.get(selected.name.value)
                    if definition is None:  # __typename
                        continue
                    made = strawberry_field(definition)
                    self.found.update(read for read in find_reads(made) if belongs_to(read, self.source))
                    if selected.selection_set is not None and (not declares or reads_below(made)):
                        self.visit_fields([selected], get_named_type(definition.type))

    def _possible_types(self, type_: GraphQLNamedType) -> Sequence[GraphQLObjectType]:
        if isinstance(type_, GraphQLObjectType):
            return [type_]
        return self.info.schema.get_possible_types(type_) if is_abstract_type(type_) else []

    def _selected(self, selection_set: SelectionSetNode | None, type_: GraphQLObjectType) -> Iterator[FieldNode]:
        for selection in selection_set.selections if selection_set is not None else ():
            if selection.directives and not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                yield selection
                continue
            assert isinstance(selection, FragmentSpreadNode | InlineFragmentNode)
            named = self.info.fragments[selection.name.value] if isinstance(selection, FragmentSpreadNode) else None
            fragment = named or cast("InlineFragmentNode", selection)
            if self._applies(fragment.type_condition, type_):
                yield from self._selected(fragment.selection_set, type_)

    def _applies(self, condition: NamedTypeNode | None, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        conditional = self.info.schema.get_type(condition.name.value)
        return is_abstract_type(conditional) and self.info.schema.is_sub_type(conditional, type_)

    def _is_included(self, selection: SelectionNode) -> bool:
        conditions = {each.name.value: self._condition(each) for each in selection.directives or ()}
        return not conditions.get("skip", False) and conditions.get("include", True)

    def _condition(self, directive: DirectiveNode) -> bool:
        """Return the argument ``if`` of a directive; True for a directive without it."""
        for argument in directive.arguments or ():
            if argument.name.value != "if":
                continue
            if isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                self.variables.add(name)
                return bool(self.values.get(name))
            assert isinstance(argument.value, BooleanValueNode)
            return argument.value.value
        return True
