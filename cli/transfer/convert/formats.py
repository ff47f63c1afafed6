"""The formats by name, and the conversion of their files to lines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

import orjson

from cli.client.responses import NamedCriterion
from cli.transfer.convert import argilla, label_studio, langsmith, mlflow, table
from cli.transfer.convert.records import json_records, table_records
from cli.transfer.convert.values import ConversionContext, ImportLine, Record
from cli.transfer.line_reader import LineReader
from models.bulk.line_splitter import Line

RecordConverter = Callable[[Record, ConversionContext], list[ImportLine]]


class Format(StrEnum):
    """The formats of files that can be converted."""

    MLFLOW = "mlflow"
    LANGSMITH = "langsmith"
    ARGILLA = "argilla"
    LABEL_STUDIO = "label-studio"
    CSV = "csv"


_CONVERTERS: dict[Format, Mapping[str, RecordConverter]] = {
    kind: {"evaluations": module.evaluations, "feedback": module.feedback}
    for kind, module in {
        Format.MLFLOW: mlflow,
        Format.LANGSMITH: langsmith,
        Format.ARGILLA: argilla,
        Format.LABEL_STUDIO: label_studio,
        Format.CSV: table,
    }.items()
}


def build_converter(
    file_format: Format, criteria: Sequence[NamedCriterion], fields: Mapping[str, str]
) -> Callable[[str, LineReader], Iterator[Line]]:
    """Return a function that converts files of a format to lines of the import format.

    Args:
        file_format: the format.
        criteria: the judge's criteria.
        fields: dotted paths in place of the format's own, by the name of a field of the import format.
    """
    names = frozenset(name for one in criteria for name in (one["id"], one["key"], one["name"]))
    context = ConversionContext(names, fields)

    def convert(kind: str, source: LineReader) -> Iterator[Line]:
        convert_record = _CONVERTERS[file_format][kind]
        records = table_records(source) if file_format is Format.CSV else json_records(source)
        for number, record in records:
            if isinstance(record, dict):
                for line in convert_record(record, context):
                    yield number, orjson.dumps(line)
            else:
                yield number, record  # no object: passed on as it is, so that the server reports the problem

    return convert
