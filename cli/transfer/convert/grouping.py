"""Grouping of a long table's rows: one item for all rows of the same external id."""

from collections.abc import Iterator

from cli.transfer.mapping.lines import to_identifier
from cli.transfer.mapping.observations import Item, Review
from cli.transfer.mapping.report import FileReport


def group_items(parts: Iterator[tuple[int, Item | Review]], report: FileReport) -> Iterator[tuple[int, Item | Review]]:
    """Yield one item for each external id with the answers of all its rows, in the order of their first rows.

    The items are in memory, because the rows of one item may be anywhere in the file. Rows that differ in a field, such
    as the output, keep the first value and are reported.

    Args:
        parts: the items of single rows with their lines.
        report: receives rows that are left out.
    """
    items: dict[str, tuple[int, Item]] = {}
    for number, part in parts:
        external_id = to_identifier(part.fields.get("external_id"))
        if external_id is None:
            report.refuse("rows without an external_id, so that the scores of one item can't be joined", number)
            continue
        if external_id not in items:
            items[external_id] = (number, Item(dict(part.fields), list(part.answers)))
            continue
        first, known = items[external_id]
        fields = dict(part.fields) | dict(known.fields)
        if known.fields.get("output") not in (None, part.fields.get("output", known.fields.get("output"))):
            report.refuse("rows whose output differs from that of an earlier row of the same item", number, external_id)
            continue
        items[external_id] = (first, Item(fields, [*known.answers, *part.answers]))
    yield from items.values()
