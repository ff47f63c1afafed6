"""How large a document may be: checked before anything else about it, so that a huge one costs next to nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TokenKind,
    ValidationContext,
    ValidationRule,
    VariableNode,
    get_named_type,
)
from graphql.validation.validate import ValidationAbortedError

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may hold.

    ``cost`` bounds the objects it can ask for: each field with fields of its own counts once, times the sizes of the
    pages it lies in. A page whose size is a variable counts as the largest there is.
    """

    tokens: int = 2_000
    digits: int = 100
    depth: int = 15
    aliases: int = 30
    directives: int = 10
    cost: int = 20_000


DEFAULTS = Limits()


@dataclass(frozen=True, slots=True)
class Size:
    """How deep a selection goes and how many objects it can give."""

    depth: int = 0
    cost: int = 0


class Measure:
    """Measures a document in one pass: fragments once each, however often they are spread."""

    def __init__(self, context: ValidationContext) -> None:
        self.aliases = 0
        self.directives = 0
        self.digits = max(map(len, _whole_numbers(context.document)), default=0)
        self._schema = context.schema
        self._fragments = {
            definition.name.value: definition
            for definition in context.document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, Size] = {}
        sizes = [Size()]
        for definition in context.document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self.directives += len(definition.directives or ())
                root = self._schema.get_root_type(definition.operation)
                sizes.append(self._selection(definition.selection_set, root))
        self.depth = max(size.depth for size in sizes)
        self.cost = max(size.cost for size in sizes)

    def _selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Size:
        depth = cost = 0
        for node in selections.selections if selections else ():
            self.directives += len(node.directives or ())
            match node:
                case FieldNode():
                    size = self._field(node, parent)
                case InlineFragmentNode():
                    condition = node.type_condition
                    inner = self._schema.get_type(condition.name.value) if condition else parent
                    size = self._selection(node.selection_set, inner)
                case FragmentSpreadNode():
                    size = self._fragment(node.name.value)
                case _:
                    continue
            depth = max(depth, size.depth)
            cost += size.cost
        return Size(depth, cost)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Size:
        self.aliases += node.alias is not None
        name = node.name.value
        if name.startswith("__"):
            return Size()  # introspection reads no data, and has a limit of its own
        definition: GraphQLField | None = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            definition = parent.fields.get(name)
        if node.selection_set is None:
            return Size(1)
        inner = self._selection(node.selection_set, get_named_type(definition.type) if definition else None)
        return Size(inner.depth + 1, 1 + inner.cost * _page_size(node, definition))

    def _fragment(self, name: str) -> Size:
        if name not in self._measured and name in self._fragments:
            self._measured[name] = Size()  # a circle adds nothing here; another rule refuses it
            fragment = self._fragments[name]
            self.directives += len(fragment.directives or ())
            on = self._schema.get_type(fragment.type_condition.name.value)
            self._measured[name] = self._selection(fragment.selection_set, on)
        return self._measured.get(name, Size())


def _whole_numbers(document: DocumentNode) -> Iterator[str]:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind is TokenKind.INT:
            yield token.value or ""
        token = token.next


def _page_size(node: FieldNode, definition: GraphQLField | None) -> int:
    if definition is None or "first" not in definition.args:
        return 1
    for argument in node.arguments or ():
        if argument.name.value == "first":
            match argument.value:
                case IntValueNode(value=number) if len(number) <= len(str(MAX_PAGE)):
                    return max(0, min(int(number), MAX_PAGE))
                case IntValueNode() | VariableNode():
                    return MAX_PAGE
    return int(definition.args["first"].default_value)


def limit_rule(limits: Limits) -> type[ValidationRule]:
    """A validation rule for these limits. Make it once: the cache of validated documents knows rules by identity."""

    class LimitRule(ValidationRule):
        """Refuses documents that are too large, before the other rules look at them."""

        def enter_document(self, *_: Any) -> None:
            document = Measure(self.context)
            for found, limit, problem in (
                (document.digits, limits.digits, "holds a number of {} digits; the limit is {:,}."),
                (document.depth, limits.depth, "nests fields {} levels deep; the limit is {:,}."),
                (document.aliases, limits.aliases, "has {} aliases; the limit is {:,}."),
                (document.directives, limits.directives, "has {} directives; the limit is {:,}."),
                (document.cost, limits.cost, "can ask for {} objects; the limit is {:,}. Take smaller pages."),
            ):
                if found > limit:
                    message = f"The document {problem.format(_readable(found), limit)}"
                    raise ValidationAbortedError(message, extensions={"code": "LIMIT_EXCEEDED"})

    return LimitRule


def _readable(number: int) -> str:
    return f"{number:,}" if number < 10**12 else "more than a trillion"
