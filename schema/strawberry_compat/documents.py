"""Execution of documents that were parsed and validated beforehand, and the rules they are validated by."""

from collections.abc import Iterator
from typing import Final, Self

from graphql import DocumentNode, specified_rules
from graphql.validation import ASTValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

# The rules that ``Schema`` validates by when it is not given a document that was checked before. Strawberry does not
# export this list; it adds its two own rules to graphql-core's inside ``Schema.execute``.
VALIDATION_RULES: Final[tuple[type[ASTValidationRule], ...]] = (
    *specified_rules,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class PrecheckedDocument(str):
    """Source text of a document together with its parsed form.

    Strawberry's ``execute`` and ``stream`` take the text of a document and no parsed document. A subclass of ``str``
    carries the parsed one through them to the extension below.
    """

    __slots__ = ("document",)
    document: DocumentNode | None

    @classmethod
    def of(cls, text: str, document: DocumentNode | None) -> Self:
        """Return the text together with its parsed form."""
        prechecked = cls(text)
        prechecked.document = document
        return prechecked


class PrecheckedDocumentExtension(SchemaExtension):
    """Extension that supplies the parsed document of a ``PrecheckedDocument`` and skips its validation.

    Strawberry's own ``ParserCache`` and ``ValidationCache`` work by setting the same two members of the execution
    context, ``graphql_document`` and ``pre_execution_errors``, but parse and validate on the event loop.
    """

    def on_parse(self) -> Iterator[None]:
        """Supply the parsed document, so that Strawberry does not parse the text again."""
        text = self.execution_context.query
        if isinstance(text, PrecheckedDocument):
            self.execution_context.graphql_document = text.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Mark the document as free of errors, so that Strawberry does not validate it again."""
        if isinstance(self.execution_context.query, PrecheckedDocument):
            self.execution_context.pre_execution_errors = []
        yield


def limit_overlap_checks(budget: int) -> None:
    """Bound the work of the rule that checks whether fields of the same name can be merged.

    Sets graphql-core's module attribute ``MAX_COMPLEXITY_BUDGET``. There is no argument for it: the rule reads the
    attribute, and its default of half a million steps takes seconds.

    Args:
        budget: The number of comparisons after which validation is aborted.
    """
    overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = budget
