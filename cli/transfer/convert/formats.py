"""The formats by their names, and lines from their files."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import orjson

from cli.transfer.convert import argilla, label_studio, langsmith, mlflow, table
from cli.transfer.convert.records import json_records, table_records
from cli.transfer.convert.values import Line as Converted
from cli.transfer.convert.values import Record, Where
from cli.transfer.line_reader import Lines
from models.bulk.line_splitter import Line

Convert = Callable[[Record, Where], list[Converted]]


class Format(StrEnum):
    """What a file comes from."""

    MLFLOW = "mlflow"
    LANGSMITH = "langsmith"
    ARGILLA = "argilla"
    LABEL_STUDIO = "label-studio"
    CSV = "csv"


_CONVERT: dict[Format, Mapping[str, Convert]] = {
    kind: {"evaluations": module.evaluations, "feedback": module.feedback}
    for kind, module in {
        Format.MLFLOW: mlflow,
        Format.LANGSMITH: langsmith,
        Format.ARGILLA: argilla,
        Format.LABEL_STUDIO: label_studio,
        Format.CSV: table,
    }.items()
}


def converter(
    kind: Format, criteria: list[dict[str, Any]], fields: Mapping[str, str]
) -> Callable[[str, Lines], Iterator[Line]]:
    """What makes lines of the import format from files of a format, for a judge with these criteria."""
    names = frozenset(str(criterion[by]) for criterion in criteria for by in ("id", "key", "name") if by in criterion)
    where = Where(names, fields)

    def convert(list_name: str, source: Lines) -> Iterator[Line]:
        function = _CONVERT[kind][list_name]
        records = table_records(source) if kind is Format.CSV else json_records(source)
        for number, record in records:
            if isinstance(record, dict):
                for made in function(record, where):
                    yield number, orjson.dumps(made)
            else:
                yield number, record  # no object: as it is, for the server to say what is wrong with it

    return convert
