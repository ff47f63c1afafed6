"""Limits on the size of a document, measured before it is validated, so that a huge document costs little."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Token,
    TokenKind,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

# Occurrences of ``__schema`` and ``__type``. One is usual; thirty, each with an alias, take seconds.
_MAX_INTROSPECTIONS = 3
# The assumed length of a list without an argument ``first``, such as a judge's criteria.
_DEFAULT_LIST_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on a document and its variables, and on the time of a query.

    ``cost`` bounds the number of objects that a document can request: each field with a selection set counts once,
    times the lengths of the lists that contain it. The argument ``first`` of a field is the length of the list that
    the field returns, or of the lists within its value; a variable counts as ``page``, the largest page. Other lists
    count as ten items. ``items`` bounds each list in the variables, ``seconds`` the time of a query.
    """

    characters: int = 100_000
    tokens: int = 2_000
    digits: int = 100
    depth: int = 15
    aliases: int = 30
    directives: int = 10
    cost: int = 20_000
    page: int = 100
    items: int = 1_000
    seconds: float = 30.0


DEFAULTS = Limits()


@dataclass(frozen=True, slots=True)
class SelectionSize:
    """Size of a selection.

    ``depth`` counts nested levels, ``cost`` the objects it can return, and ``per_item`` the objects for each item of
    those lists whose length a field further out decides.
    """

    depth: int = 0
    cost: int = 0
    per_item: int = 0

    def total(self, length: int) -> int:
        """Return the number of objects if these lists have ``length`` items each."""
        return self.cost + self.per_item * length


class DocumentMeasure:
    """Measures of a document, taken in one pass; a fragment is measured once, however often it is spread.

    Args:
        schema: The schema that gives the types of fields and the defaults of arguments.
        document: The parsed document.
        page: The largest length of a page, used where ``first`` is a variable.
    """

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, page: int = DEFAULTS.page) -> None:
        self.aliases = 0
        self.introspections = 0
        self.directives = self.digits = 0
        for token in _tokens(document):
            self.directives += token.kind is TokenKind.AT
            if token.kind is TokenKind.INT:
                self.digits = max(self.digits, len(token.value or ""))
        self._schema = schema
        self._page = page
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, SelectionSize] = {}
        sizes = [SelectionSize()]
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                root = self._schema.get_root_type(definition.operation)
                sizes.append(self._selection(definition.selection_set, root))
        self.depth = max(size.depth for size in sizes)
        self.cost = max(size.total(_DEFAULT_LIST_LENGTH) for size in sizes)

    def _selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> SelectionSize:
        depth = cost = per_item = 0
        for node in selections.selections if selections else ():
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
            per_item += size.per_item
        return SelectionSize(depth, cost, per_item)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> SelectionSize:
        self.aliases += node.alias is not None
        name = node.name.value
        if name.startswith("__"):  # introspection reads no data and has a limit of its own
            self.introspections += name in ("__schema", "__type")
            return SelectionSize()
        definition: GraphQLField | None = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            definition = parent.fields.get(name)
        if node.selection_set is None:
            return SelectionSize(1)
        inner = self._selection(node.selection_set, get_named_type(definition.type) if definition else None)
        depth = inner.depth + 1
        length = self._length(node, definition)
        if definition is None or not is_list_type(get_nullable_type(definition.type)):
            return SelectionSize(depth, 1 + inner.total(_DEFAULT_LIST_LENGTH if length is None else length))
        each = 1 + inner.total(_DEFAULT_LIST_LENGTH)
        return SelectionSize(depth, per_item=each) if length is None else SelectionSize(depth, each * length)

    def _length(self, node: FieldNode, definition: GraphQLField | None) -> int | None:
        """Return the length of lists that ``first`` gives, at most a page; None if the field has no ``first``."""
        if definition is None or "first" not in definition.args:
            return None
        for argument in node.arguments or ():
            if argument.name.value == "first":
                match argument.value:
                    case IntValueNode(value=number) if len(number) <= len(str(self._page)):
                        return max(0, min(int(number), self._page))
                    case IntValueNode() | VariableNode():
                        return self._page
        return int(definition.args["first"].default_value)

    def _fragment(self, name: str) -> SelectionSize:
        if name not in self._measured and name in self._fragments:
            self._measured[name] = SelectionSize()  # a cycle adds nothing; a validation rule rejects it
            fragment = self._fragments[name]
            on = self._schema.get_type(fragment.type_condition.name.value)
            self._measured[name] = self._selection(fragment.selection_set, on)
        return self._measured.get(name, SelectionSize())


def _tokens(document: DocumentNode) -> Iterator[Token]:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        yield token
        token = token.next


def describe_excess(document: DocumentMeasure, limits: Limits) -> str | None:
    """Return a sentence about the first limit that a document exceeds; None if it exceeds none."""
    for found, limit, sentence in (
        (document.digits, limits.digits, "holds a number of {} digits; the limit is {:,}."),
        (document.depth, limits.depth, "nests fields {} levels deep; the limit is {:,}."),
        (document.aliases, limits.aliases, "has {} aliases; the limit is {:,}."),
        (document.directives, limits.directives, "has {} directives; the limit is {:,}."),
        (document.introspections, _MAX_INTROSPECTIONS, "asks for the schema {} times; the limit is {:,}."),
        (document.cost, limits.cost, "can ask for {} objects; the limit is {:,}. Take smaller pages."),
    ):
        if found > limit:
            return f"The document {sentence.format(_readable(found), limit)}"
    if document.introspections and document.cost:
        return "The document asks for the schema and for data: send two documents."
    return None


def _readable(number: int) -> str:
    return f"{number:,}" if number < 10**12 else "more than a trillion"
