"""Reader of Excel workbooks (xlsx), which needs the extra `xlsx`."""

import tempfile
from collections.abc import Collection, Iterator
from datetime import date, datetime
from itertools import chain, islice
from typing import IO

from cli.errors import ApiError
from cli.transfer.line_reader import LineReader
from cli.transfer.sources.table import NumberedRow, Table, find_head

_MAGIC = b"PK\x03\x04"
_MAX_MEMORY_BYTES = 2**24
_MAX_TITLE_ROWS = 20


def is_workbook(start: bytes) -> bool:
    """Return whether a file's first bytes are those of an xlsx file."""
    return start.startswith(_MAGIC)


def read_workbook(source: LineReader, known: Collection[str], sheet: str | None = None) -> Table:
    """Return a sheet of a workbook as a table.

    Args:
        source: the file.
        known: names that columns may have, for recognising the head.
        sheet: the sheet's name. Default: the first sheet.

    Raises:
        ApiError: the file is no workbook, has no such sheet, or the extra is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise ApiError(
            f"{source.name} is an Excel workbook: install judgesmith[xlsx], or save it as CSV in UTF-8."
        ) from None
    copy = tempfile.SpooledTemporaryFile(_MAX_MEMORY_BYTES)  # noqa: SIM115 - lives as long as its rows
    for block in source.blocks():
        copy.write(block)
    try:
        workbook = openpyxl.load_workbook(copy, read_only=True, data_only=True)
    except Exception as error:
        copy.close()
        # openpyxl raises errors of zipfile, XML and its own.
        raise ApiError(f"{source.name} is no Excel workbook that can be read: {error}.") from error
    if sheet is not None and sheet not in workbook.sheetnames:
        copy.close()
        raise ApiError(f"{source.name} has no sheet {sheet!r}; it has {', '.join(workbook.sheetnames)}.")
    chosen = workbook[sheet or workbook.sheetnames[0]]
    rows = _read_rows(chosen.iter_rows(values_only=True), copy)
    titles = list(islice(rows, _MAX_TITLE_ROWS))
    if not titles:
        return Table(source.name, [], 1, [])
    position = find_head(titles, known)
    number, cells = titles[position]
    columns = [" ".join(cell.split()) for cell in cells]
    return Table(source.name, columns, number, chain(titles[position + 1 :], rows))


def _read_rows(rows: Iterator[tuple[object, ...]], file: IO[bytes]) -> Iterator[NumberedRow]:
    """Yield the rows that are not empty, and close the file at the end.

    Args:
        rows: the cells of each row.
        file: the file that they are read from.
    """
    with file:
        for number, cells in enumerate(rows, 1):
            texts = [_to_text(cell) for cell in cells]
            while texts and not texts[-1]:
                texts.pop()
            if texts:
                yield number, texts


def _to_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
