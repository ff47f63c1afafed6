"""Inspection of a file before its import: its format, the places of its fields, a preview, and what is missing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import orjson

from cli.client.responses import ScaledCriterion
from cli.errors import ApiError
from cli.transfer.convert.formats import FileConverter, OpenedFile, read_any
from cli.transfer.convert.registry import PRESETS, Format
from cli.transfer.line_reader import LineReader
from cli.transfer.mapping.criteria import CriteriaByName
from cli.transfer.mapping.options import KINDS, MappingOptions
from cli.transfer.mapping.report import LoadReport, NotLoaded
from cli.transfer.sources.record import SourceRecord
from cli.transfer.sources.workbook import is_workbook

_PREVIEWED_LINES = 10
_USEFUL_FIELDS = {
    "evaluations": ("external_id", "group", "input"),
    "feedback": ("evaluation", "submitted_by", "submitted_at"),
}
_EXAMINED_RECORDS = 1_000
_RECOGNIZED_RECORDS = 10
_BEFORE_JSON = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
_GZIP = b"\x1f\x8b"


@dataclass
class KindInspection:
    """The use of a file as evaluations or as feedback.

    Attributes:
        kind: `evaluations` or `feedback`.
        places: the places of fields and scores, by what they hold.
        lines: the first lines of the import format that would result.
        not_loaded: what would not be loaded of the first records.
        missing: the criteria and the fields of which no line has a value.
        problem: the reason why the file cannot be used so.
    """

    kind: str
    places: dict[str, str] = field(default_factory=dict)
    lines: list[object] = field(default_factory=list)
    not_loaded: list[NotLoaded] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass
class Inspection:
    """The result of an inspection.

    Attributes:
        file: the file's name.
        file_format: the format that fits; None for the import format.
        kinds: the use as evaluations and as feedback.
    """

    file: str
    file_format: Format | None
    kinds: list[KindInspection]

    def to_json(self) -> dict[str, object]:
        """Return the result as the command prints it with `--json`."""
        kinds = {
            one.kind: {
                "places": one.places,
                "preview": one.lines,
                "not_loaded": [entry.to_json() for entry in one.not_loaded],
                "missing": one.missing,
                "problem": one.problem or None,
            }
            for one in self.kinds
        }
        return {"file": self.file, "map": self.file_format, **kinds}

    def describe(self) -> Iterator[str]:
        """Yield the result as lines for people."""
        if self.file_format is None:
            yield f"{self.file} is in the import format: load it without --map."
            return
        yield f"{self.file} fits --map {self.file_format.value}"
        for one in self.kinds:
            yield ""
            yield f"As {one.kind}:"
            if one.problem:
                yield f"  not possible yet: {one.problem}"
                continue
            for name, place in one.places.items():
                yield f"  {name}: from {place!r}"
            for line in one.lines:
                yield f"  {orjson.dumps(line).decode()}"
            if not one.lines:
                yield "  nothing to load in the first records"
            elif one.missing:
                yield f"  missing: {', '.join(one.missing)}"
            for entry in one.not_loaded:
                yield f"  - {entry.describe()}"


#: Opens the file again.
Opener = Callable[[], AbstractContextManager[LineReader]]


def inspect_file(
    opener: Opener, criteria: Sequence[ScaledCriterion], options: MappingOptions, file_format: Format | None = None
) -> Inspection:
    """Return the format of a file and the lines that would result from its first records.

    Args:
        opener: opens the file.
        criteria: the judge's criteria.
        options: the places, filters and labels of each file.
        file_format: the format. Default: the one that fits.

    Raises:
        ApiError: the file cannot be read.
    """
    with opener() as source:
        name = source.name
        chosen = file_format or recognize(source, options)
    if chosen is None:
        return Inspection(name, None, [])
    return Inspection(name, chosen, [_inspect_kind(opener, chosen, criteria, options, kind) for kind in KINDS])


def recognize(source: LineReader, options: MappingOptions) -> Format | None:
    """Return the format that fits a file's first records; None is the import format.

    Args:
        source: the file.
        options: the options, for the encoding and the place of the records.
    """
    start = source.peek()
    if is_workbook(start):
        return Format.CSV
    is_json = not start or start.lstrip(_BEFORE_JSON).startswith((b"{", b"[", _GZIP))
    records = list(islice(read_any(source, options.of("evaluations")), _RECOGNIZED_RECORDS))
    for file_format, preset in PRESETS.items():
        split = islice(preset.split(records), _RECOGNIZED_RECORDS)
        if any(preset.recognizes(one.data) for one in split if one.data is not None):
            return file_format
    if not is_json:
        return Format.CSV
    names = [record.data.keys() if record.data is not None else set() for record in records]
    is_ours = records and all({"output", "scores"} <= own or {"evaluation", "type"} <= own for own in names)
    return None if is_ours else Format.JSON


def _inspect_kind(
    opener: Opener, file_format: Format, criteria: Sequence[ScaledCriterion], options: MappingOptions, kind: str
) -> KindInspection:
    """Return the use of a file as one kind.

    Args:
        opener: opens the file.
        file_format: its format.
        criteria: the judge's criteria.
        options: the places, filters and labels of each file.
        kind: `evaluations` or `feedback`.
    """
    found = KindInspection(kind)
    report = LoadReport()
    converter = _SampleConverter(file_format, CriteriaByName(criteria), options, report)
    try:
        with opener() as source:
            lines = list(converter(kind, source))
    except ApiError as error:
        found.problem = str(error)
        return found
    found.places = dict(converter.places)
    # Any: lines are shown and searched, whatever their shape.
    decoded: list[dict[str, Any]] = [orjson.loads(text or b"{}") for _, text in lines]
    found.lines = list(decoded[:_PREVIEWED_LINES])
    found.missing = _find_missing(kind, decoded, converter.criteria)
    found.not_loaded = report.entries
    return found


# Any: lines are shown and searched, whatever their shape.
def _find_missing(kind: str, lines: Sequence[dict[str, Any]], criteria: CriteriaByName) -> list[str]:
    """Return the fields and the criteria of which no line has a value.

    Args:
        kind: `evaluations` or `feedback`.
        lines: the lines.
        criteria: the judge's criteria.
    """
    names = {name for line in lines for name in line}
    scored = {name for line in lines for name in (*line.get("scores", ()), *line.get("corrected_scores", ()))}
    found = {criterion["id"] for name in scored if (criterion := criteria.find(name)) is not None}
    missing = [name for name in _USEFUL_FIELDS[kind] if name not in names]
    return missing + [f"scores of {one['name']}" for one in criteria if one["id"] not in found]


@dataclass
class _SampleConverter(FileConverter):
    """Converter of the first records only, which keeps the places that it used."""

    places: Mapping[str, str] = field(default_factory=dict)

    def open(self, kind: str, source: LineReader) -> OpenedFile:
        """Return the first records of a file."""
        opened = super().open(kind, source)
        self.places = opened.places
        records: Iterator[SourceRecord] = islice(opened.records, _EXAMINED_RECORDS)
        return replace(opened, records=records)
