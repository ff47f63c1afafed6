"""Which operation of a document is meant."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


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
