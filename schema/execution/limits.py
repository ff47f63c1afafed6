"""How large a document may be: checked before anything else about it, so that a huge one costs next to nothing."""

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

# Each asks for the schema. One is usual; a few do no harm; thirty, each with an alias, take seconds.
_MAX_INTROSPECTIONS = 3
# What a list whose length nobody gives is taken to hold, such as a judge's criteria.
_LIST = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may hold, and how long a query may take.

    ``cost`` bounds the objects it can ask for: each field with fields of its own counts once, times the lengths of the
    lists it lies in. The argument ``first`` of a field is the length of the list it gives, or of the lists in what it
    gives; where it is a variable, it counts as the largest there is, ``page``. Other lists count as ten. ``items``
    bounds each list among the variables, ``seconds`` the time of a query.
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
class Size:
    """How deep a selection goes, how many objects it can give, and how many for each item of its own lists."""

    depth: int = 0
    cost: int = 0
    listed: int = 0

    def total(self, length: int) -> int:
        """How many objects, where its lists have a length."""
        return self.cost + self.listed * length


class Measure:
    """Measures a document in one pass: fragments once each, however often they are spread."""

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
        self._measured: dict[str, Size] = {}
        sizes = [Size()]
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                root = self._schema.get_root_type(definition.operation)
                sizes.append(self._selection(definition.selection_set, root))
        self.depth = max(size.depth for size in sizes)
        self.cost = max(size.total(_LIST) for size in sizes)

    def _selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Size:
        depth = cost = listed = 0
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
            listed += size.listed
        return Size(depth, cost, listed)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Size:
        self.aliases += node.alias is not None
        name = node.name.value
        if name.startswith("__"):  # introspection reads no data, and has limits of its own
            self.introspections += name in ("__schema", "__type")
            return Size()
        definition: GraphQLField | None = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            definition = parent.fields.get(name)
        if node.selection_set is None:
            return Size(1)
        inner = self._selection(node.selection_set, get_named_type(definition.type) if definition else None)
        depth = inner.depth + 1
        length = self._length(node, definition)
        if definition is None or not is_list_type(get_nullable_type(definition.type)):
            return Size(depth, 1 + inner.total(_LIST if length is None else length))
        each = 1 + inner.total(_LIST)
        return Size(depth, listed=each) if length is None else Size(depth, each * length)

    def _length(self, node: FieldNode, definition: GraphQLField | None) -> int | None:
        """The length that a field gives to lists, at most a page; None: it has no say in it."""
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

    def _fragment(self, name: str) -> Size:
        if name not in self._measured and name in self._fragments:
            self._measured[name] = Size()  # a circle adds nothing here; another rule refuses it
            fragment = self._fragments[name]
            on = self._schema.get_type(fragment.type_condition.name.value)
            self._measured[name] = self._selection(fragment.selection_set, on)
        return self._measured.get(name, Size())


def _tokens(document: DocumentNode) -> Iterator[Token]:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        yield token
        token = token.next


def problem(document: Measure, limits: Limits) -> str | None:
    """What is too much about a document, as a sentence; None: nothing."""
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
