"""What a request's text says: its document, and which operation of it is meant."""

from collections.abc import Iterator
from contextlib import suppress

from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode
from strawberry.extensions import ParserCache, SchemaExtension


class DocumentCache(ParserCache):
    """Keeps parsed documents. What can't be parsed is left to Strawberry, which else loses the error of a socket."""

    def on_parse(self) -> Iterator[None]:
        """Parse, or find the document as it was parsed before."""
        with suppress(GraphQLSyntaxError):
            next(super().on_parse())
        yield


class OneOperation(SchemaExtension):
    """Refuses a document with several operations when the request does not name one; else the first would run."""

    def on_execute(self) -> Iterator[None]:
        """Look before anything runs."""
        context = self.execution_context
        document = context.graphql_document
        if context._provided_operation_name is None and document is not None:
            operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
            if len(operations) > 1:
                raise GraphQLError("The document has several operations: say which with operationName.")
        yield
