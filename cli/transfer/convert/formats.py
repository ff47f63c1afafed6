"""The formats by name, and the conversion of their files to lines of the import format."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from cli.client.responses import ScaledCriterion
from cli.transfer.convert.generic import GenericReader
from cli.transfer.convert.grouping import group_items
from cli.transfer.convert.preset import PresetContext
from cli.transfer.convert.registry import PRESETS, Format
from cli.transfer.line_reader import LineReader
from cli.transfer.mapping.criteria import CriteriaByName
from cli.transfer.mapping.labels import LabelReader
from cli.transfer.mapping.layout import (
    Layout,
    LayoutFinder,
    check_columns,
    check_layout,
    check_sides,
    known_names,
)
from cli.transfer.mapping.lines import ImportLine, LineBuilder
from cli.transfer.mapping.observations import Item, ItemPart, Noted, Review, ReviewPart, Skipped, Unreadable
from cli.transfer.mapping.options import FileOptions, FilterSet, MappingOptions
from cli.transfer.mapping.report import FileReport, LoadReport
from cli.transfer.sources.json_records import find_lists, read_json
from cli.transfer.sources.record import NameIndex, Record, SourceRecord
from cli.transfer.sources.table import Table, describe_columns, read_table
from cli.transfer.sources.workbook import is_workbook, read_workbook
from models.bulk.line_splitter import Line

_SAMPLE_RECORDS = 100
_GZIP = b"\x1f\x8b"
_TABLE_NAMES = frozenset({"id", "traceid", "trace", "assessments", "annotator", "annotationid", "runid", "key", "name"})
_SHAPE_ERRORS = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)


#: Returns the observations in a record.
RecordReader = Callable[[Record], Iterable[ItemPart | ReviewPart]]


@dataclass
class FileConverter:
    """Converter of files of one format to lines of the import format.

    Attributes:
        file_format: the format.
        criteria: the judge's criteria.
        options: the places, filters and labels of each file.
        report: receives everything that is not loaded.
        has_one_file: whether the evaluations and the feedback are in the same file.
    """

    file_format: Format
    criteria: CriteriaByName
    options: MappingOptions = field(default_factory=MappingOptions)
    report: LoadReport = field(default_factory=LoadReport)
    has_one_file: bool = False

    def __call__(self, kind: str, source: LineReader) -> Iterator[Line]:
        """Yield the lines of a file.

        Args:
            kind: `evaluations` or `feedback`.
            source: the file.

        Raises:
            ApiError: the file as a whole cannot be read.
        """
        opened = self.open(kind, source)
        report = FileReport(self.report, source.name, kind)
        options = self.options.of(kind)
        labels = LabelReader(options.meanings, options.scales, opened.has_decimal_comma)
        builder = LineBuilder(self.criteria, labels, report, options.time_zone)
        parts = _read_parts(opened, FilterSet(options.filters, NameIndex()), report)
        if opened.is_grouped and kind == "evaluations":
            parts = group_items(parts, report)
        for number, part in parts:
            for line in _build(builder, number, part):
                try:
                    text = orjson.dumps(line)
                except TypeError as error:
                    report.refuse(_explain_encoding(error), number)
                else:
                    yield number, text

    def open(self, kind: str, source: LineReader) -> "OpenedFile":
        """Return the records of a file and the reader of their observations.

        Args:
            kind: `evaluations` or `feedback`.
            source: the file.

        Raises:
            ApiError: the file as a whole cannot be read, or lacks something that its kind needs.
        """
        options = self.options.of(kind)
        preset = PRESETS.get(self.file_format)
        if preset is not None:
            context = PresetContext(self.criteria, options)
            read = preset.evaluations if kind == "evaluations" else preset.feedback
            records = preset.split(read_any(source, options))
            return OpenedFile(records, lambda record: read(record, context), context.used, is_grouped=preset.is_grouped)
        if self.file_format is Format.CSV:
            return self._open_table(kind, source, options)
        records = read_json(source, options.records, options.encoding)
        sample = list(itertools.islice(records, _SAMPLE_RECORDS))
        columns = {name: None for record in sample if record.data is not None for name in _places(record.data)}
        shown = f"the first records have {', '.join(map(repr, itertools.islice(columns, 20))) or 'no names'}"
        lists = [path for record in sample[:1] if len(sample) == 1 for path, _ in find_lists(record.data)]
        if lists:
            shown += f". The file is one JSON object; if its records are a list within, add --records {lists[0]}"
        return self._open_generic(kind, source, itertools.chain(sample, records), sample, list(columns), shown)

    def _open_table(self, kind: str, source: LineReader, options: FileOptions) -> "OpenedFile":
        known = known_names(self.criteria, options)
        if is_workbook(source.peek()):
            table = read_workbook(source, known, options.records)
        else:
            table = read_table(source, known, encoding=options.encoding)
        records = table.records()
        sample = list(itertools.islice(records, _SAMPLE_RECORDS))
        shown = describe_columns(table)
        every = itertools.chain(sample, records)
        opened = self._open_generic(kind, source, every, sample, [name for name in table.columns if name], shown, table)
        opened.has_decimal_comma = table.has_decimal_comma
        return opened

    def _open_generic(
        self,
        kind: str,
        source: LineReader,
        records: Iterator[SourceRecord],
        sample: Sequence[SourceRecord],
        columns: Sequence[str],
        shown: str,
        table: Table | None = None,
    ) -> "OpenedFile":
        """Return the records of a table or JSON file with the reader of its layout.

        Args:
            kind: `evaluations` or `feedback`.
            source: the file, for its name.
            records: all records.
            sample: the first records.
            columns: the names in them.
            shown: the names for messages.
            table: the table, whose columns are checked.
        """
        data = [record.data for record in sample if record.data is not None]
        layouts = {
            one: LayoutFinder(one, self.criteria, self.options.of(one), data, columns).find()
            for one in (("evaluations", "feedback") if self.has_one_file else (kind,))
        }
        layout, items = layouts[kind], layouts.get("evaluations") if self.has_one_file else None
        if self.has_one_file:
            layout = layouts[kind] = _refer_to_items(layout, layouts["evaluations"])
            filtered = any(self.options.of(one).filters for one in layouts)
            check_sides(layouts["evaluations"], layouts["feedback"], source.name, is_filtered=filtered)
        if columns or table is not None:
            if items is None or kind == "evaluations":
                check_layout(layout, source.name, shown)
            if table is not None:
                check_columns(layout, source.name, columns, table.duplicates, shown)
        reader = GenericReader(layout, self.criteria, items)
        read = reader.read_items if kind == "evaluations" else reader.read_reviews
        return OpenedFile(records, read, layout.describe(), is_grouped=layout.is_long)


@dataclass
class OpenedFile:
    """A file that is being converted.

    Attributes:
        records: its records.
        read: returns the observations in a record.
        places: the places of fields and scores; those of a tool's format are known once records are read.
        has_decimal_comma: whether commas in its numbers are decimal commas.
        is_grouped: whether the scores of an item may be spread over several records.
    """

    records: Iterator[SourceRecord]
    read: RecordReader
    places: Mapping[str, str]
    has_decimal_comma: bool = False
    is_grouped: bool = False


def build_converter(
    file_format: Format,
    criteria: Sequence[ScaledCriterion],
    options: MappingOptions | None = None,
    report: LoadReport | None = None,
    *,
    has_one_file: bool = False,
) -> FileConverter:
    """Return a function that converts files of a format to lines of the import format.

    Args:
        file_format: the format.
        criteria: the judge's criteria.
        options: the places, filters and labels of each file.
        report: receives everything that is not loaded.
        has_one_file: whether the evaluations and the feedback are in the same file.
    """
    return FileConverter(
        file_format, CriteriaByName(criteria), options or MappingOptions(), report or LoadReport(), has_one_file
    )


def read_any(source: LineReader, options: FileOptions) -> Iterator[SourceRecord]:
    """Yield the records of a tool's file, which is JSON or the same as a table.

    Args:
        source: the file.
        options: the options of the file.
    """
    start = source.peek().lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if not start or start.startswith((b"{", b"[", _GZIP)) or options.records is not None:
        return read_json(source, options.records, options.encoding)
    return read_table(source, _TABLE_NAMES, encoding=options.encoding).records()


def _read_parts(opened: OpenedFile, filters: FilterSet, report: FileReport) -> Iterator[tuple[int, Item | Review]]:
    """Yield the items or reviews of the records that meet the conditions, and report all others.

    Args:
        opened: the file.
        filters: the conditions.
        report: receives what is left out.
    """
    for record in opened.records:
        if record.data is None:
            report.refuse(record.problem, record.number)
            continue
        unmet = filters.find_unmet(record.data)
        if unmet is not None:
            report.skip(f"records that do not meet --where {unmet[0].describe()}", record.number, unmet[1])
            continue
        try:
            parts = list(opened.read(record.data))
        except _SHAPE_ERRORS as error:
            report.refuse(f"the record does not have the shape of this format ({type(error).__name__})", record.number)
            continue
        for part in parts:
            if isinstance(part, Noted):
                report.change(part.reason, record.number, part.value)
            elif isinstance(part, Skipped):
                report.skip(part.reason, record.number, part.value)
            elif isinstance(part, Unreadable):
                report.refuse(part.reason, record.number, part.value, external_id=part.external_id)
            else:
                yield record.number, part


def _build(builder: LineBuilder, number: int, part: Item | Review) -> list[ImportLine]:
    if isinstance(part, Review):
        return builder.build_feedback(part, number)
    line = builder.build_evaluation(part, number)
    return [] if line is None else [line]


def _refer_to_items(layout: Layout, items: Layout) -> Layout:
    """Return the layout of feedback in the file of its items, where `external_id` is the item's."""
    if layout.kind != "feedback" or "evaluation" in layout.fields:
        return layout
    same = layout.fields.get("external_id") == items.fields.get("external_id")
    fields = {name: place for name, place in layout.fields.items() if not (same and name == "external_id")}
    return Layout(layout.kind, fields, layout.scores, layout.criterion, layout.score, layout.rater_kind)


def _places(record: Record, prefix: str = "") -> Iterator[str]:
    """Yield the names of a record, and the dotted paths of objects in it."""
    for name, value in record.items():
        yield f"{prefix}{name}"
        if isinstance(value, Mapping) and prefix.count(".") < 2:
            yield from _places(value, f"{prefix}{name}.")


def _explain_encoding(error: TypeError) -> str:
    if "surrogate" in str(error) or "UTF-8" in str(error):
        return "a text holds half a surrogate pair, which is no valid Unicode"
    return f"a value cannot be written as JSON: {error}"
