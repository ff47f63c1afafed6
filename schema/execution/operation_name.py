"""Check that a request with several operations names one of them."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from schema.strawberry_compat.core_schema import requested_operation_name


class RequireOperationName(SchemaExtension):
    """Extension that rejects a document with several operations if the request names none.

    Strawberry would execute the first one; the GraphQL specification demands an error.
    """

    def on_execute(self) -> Iterator[None]:
        """Check the document before it is executed."""
        context = self.execution_context
        document = context.graphql_document
        if requested_operation_name(context) is None and document is not None:
            operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
            if len(operations) > 1:
                raise GraphQLError("The document has several operations: name one of them with operationName.")
        yield
