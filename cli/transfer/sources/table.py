"""Reader of tables as spreadsheets and programs save them: CSV in any dialect.

The dialect and the head are found together: of the usual separators, the one with which a row near the start has the
most known column names wins, and that row is the head. Rows above it are titles.
"""

import csv
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cli.errors import ApiError
from cli.transfer.line_reader import LineReader
from cli.transfer.sources.record import Record, SourceRecord, fold_name
from cli.transfer.sources.text import open_text
from models.bulk.line_splitter import MAX_LINE_BYTES

MAX_CELL_CHARACTERS = 4 * MAX_LINE_BYTES
_SEPARATORS = ",;\t|"
_MAX_TITLE_ROWS = 20
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)
_SHOWN_COLUMNS = 20

#: A row with the number of the line on which it begins; a text instead of cells is the reason why it is unreadable.
NumberedRow = tuple[int, list[str] | str]


@dataclass
class Table:
    """A table's head and rows.

    Attributes:
        name: the file's name.
        columns: the names of the columns, trimmed.
        head_number: the line of the head.
        rows: the rows below the head.
        separator: the separator of the columns; empty in a workbook.
    """

    name: str
    columns: Sequence[str]
    head_number: int
    rows: Iterable[NumberedRow]
    separator: str = ""
    duplicates: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        """Find the names that several columns have."""
        folded = [fold_name(column) for column in self.columns if column]
        self.duplicates = [column for column in self.columns if column and folded.count(fold_name(column)) > 1]

    @property
    def has_decimal_comma(self) -> bool:
        """True if commas in numbers are decimal commas, as in files with semicolons between columns."""
        return self.separator == ";"

    def records(self) -> Iterator[SourceRecord]:
        """Yield the rows by the names of their columns; empty rows are left out."""
        width = len(self.columns)
        for number, cells in self.rows:
            if isinstance(cells, str):
                yield SourceRecord(number, None, cells)
            elif any(cell.strip() for cell in cells[width:]):
                yield SourceRecord(
                    number,
                    None,
                    f"The row has {len(cells)} cells, but the head in line {self.head_number} has {width}. "
                    "Quote a text that has the separator in it.",
                )
            elif any(cell.strip() for cell in cells):
                yield SourceRecord(number, self._to_record(cells))

    def _to_record(self, cells: list[str]) -> Record:
        cells += [""] * (len(self.columns) - len(cells))
        return {column: cell for column, cell in zip(self.columns, cells, strict=False) if column}


def read_table(
    source: LineReader, known: Collection[str], *, encoding: str | None = None, separator: str | None = None
) -> Table:
    """Return a table whose rows are read while they are used.

    Args:
        source: the file.
        known: names that columns may have, for recognising the head.
        encoding: the encoding. Default: detected.
        separator: the separator of the columns. Default: detected.

    Raises:
        ApiError: the file is no table, or is in another encoding.
    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    text = open_text(source, encoding, code_pages=True)
    lines = _decoded_lines(source, text)
    start: list[str] = []
    for line in lines:
        start.append(line)
        if sum(bool(some.strip()) for some in start) >= 2 * _MAX_TITLE_ROWS:
            break
    if start and start[0].lstrip().startswith(("{", "[")):
        raise ApiError(f"{source.name} is JSON, not a table: it needs another --map, or none.")
    skipped = 0
    if start and (declared := _SEPARATOR_LINE.fullmatch(start[0].rstrip("\r\n"))):
        separator, skipped = separator or declared[1], 1
    separator = separator or _find_separator(start, known)
    rows = _read_rows(itertools.chain(start[skipped:], lines), separator, skipped)
    titles = list(itertools.islice(rows, _MAX_TITLE_ROWS))
    position = find_head(titles, known)
    if not titles:
        return Table(source.name, [], 1, [], separator)
    number, cells = titles[position]
    if isinstance(cells, str):
        raise ApiError(f"{source.name} is no table that can be read: line {number}: {cells}")
    columns = [" ".join(cell.split()) for cell in cells]
    return Table(source.name, columns, number, itertools.chain(titles[position + 1 :], rows), separator)


def find_head(rows: Sequence[NumberedRow], known: Collection[str]) -> int:
    """Return the position of the row with the most known names, at least two; otherwise of the first with two cells.

    Args:
        rows: the first rows of a table.
        known: names that columns may have.
    """
    counts = [_count_known(cells, known) for _, cells in rows]
    if max(counts, default=0) > 1:
        return counts.index(max(counts))
    filled = [0 if isinstance(cells, str) else sum(bool(cell.strip()) for cell in cells) for _, cells in rows]
    return next((place for place, count in enumerate(filled) if count > 1), 0)


def describe_columns(table: Table) -> str:
    """Return the names of a table's columns for a message."""
    shown = ", ".join(repr(column) for column in table.columns[:_SHOWN_COLUMNS] if column) or "none"
    more = len(table.columns) - _SHOWN_COLUMNS
    return f"line {table.head_number} has the columns {shown}" + (f" and {more} more" if more > 0 else "")


def _find_separator(start: Sequence[str], known: Collection[str]) -> str:
    """Return the separator with which a row has the most known names, otherwise the most cells."""

    def fit(separator: str) -> tuple[int, int]:
        rows = list(itertools.islice(_read_rows(iter(start), separator, 0), _MAX_TITLE_ROWS))
        cells = [row for _, row in rows if not isinstance(row, str)]
        return max((_count_known(row, known) for row in cells), default=0), max(map(len, cells), default=0)

    return max(_SEPARATORS, key=fit)


def _count_known(cells: list[str] | str, known: Collection[str]) -> int:
    return 0 if isinstance(cells, str) else len({fold_name(cell) for cell in cells} & set(known))


def _read_rows(lines: Iterator[str], separator: str, skipped: int) -> Iterator[NumberedRow]:
    """Yield rows with the numbers of the lines on which they begin.

    Args:
        lines: the lines with their ends.
        separator: the separator of the columns.
        skipped: the lines before these.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        number = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, _explain(error)
            continue
        if cells:
            yield number, cells


def _explain(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "A quote is opened here and never closed, so the rest of the file is one cell."
    if "expected after" in str(error):
        return "A quoted cell goes on after its closing quote. Double the quotes within a quoted text."
    return f"The row can't be read: {error}."


def _decoded_lines(source: LineReader, text: Iterable[str]) -> Iterator[str]:
    try:
        yield from text
    except UnicodeDecodeError as error:
        raise ApiError(
            f"{source.name} is not in the encoding {error.encoding} as it begins: save it as UTF-8, or name its "
            "encoding with --encoding."
        ) from error
