"""Conversion of files in tests, with everything that is not loaded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.client.responses import ScaledCriterion
from cli.transfer.convert.formats import build_converter
from cli.transfer.convert.registry import Format
from cli.transfer.line_reader import open_lines
from cli.transfer.mapping.options import (
    FileOptions,
    MappingOptions,
    parse_fields,
    parse_filters,
    parse_meanings,
    parse_scales,
)
from cli.transfer.mapping.report import LoadReport

CASES = Path(__file__).parent / "cases"


@dataclass
class Converted:
    """The lines of a file with their numbers, the refusals by line, and the entries of the report."""

    lines: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    @property
    def data(self) -> list[dict[str, Any]]:
        """The lines without their numbers."""
        return [line for _, line in self.lines]


def describe_criterion(name: str, low: float = 1, high: float = 5) -> ScaledCriterion:
    """Return a criterion with its scale."""
    return {"id": f"cri_{name}", "key": f"crit_{name}", "name": name, "min": low, "max": high}


def read_criteria(case: str) -> list[ScaledCriterion]:
    """Return the criteria of a case."""
    judge = json.loads((CASES / f"{case}.judge.json").read_text(encoding="utf-8"))
    return [describe_criterion(one["name"], one.get("min", 1), one.get("max", 5)) for one in judge["criteria"]]


def convert(
    path: Path,
    file_format: Format,
    kind: str,
    criteria: Sequence[ScaledCriterion],
    *fields: str,
    where: Sequence[str] = (),
    values: Sequence[str] = (),
    scales: Sequence[str] = (),
    has_one_file: bool = False,
    **options: Any,
) -> Converted:
    """Convert a file.

    Args:
        path: the file.
        file_format: its format.
        kind: `evaluations` or `feedback`.
        criteria: the judge's criteria.
        fields: values of `--field`; those that begin with the kind and a dot are for that kind only.
        where: values of `--where`.
        values: values of `--value`.
        scales: values of `--scale`.
        has_one_file: whether the file has both kinds.
        options: further options of both files.
    """
    own = {
        name: [text.removeprefix(f"{name}.") for text in fields if text.startswith(f"{name}.")]
        for name in ("evaluations", "feedback")
    }
    shared = [text for text in fields if not text.startswith(("evaluations.", "feedback."))]
    mapping = MappingOptions(
        {
            name: FileOptions(
                fields=parse_fields(shared) | parse_fields(own[name]),
                filters=parse_filters(where, is_own=False),
                meanings=parse_meanings(values, [one["name"] for one in criteria]),
                scales=parse_scales(scales),
                **options,
            )
            for name in own
        }
    )
    found = Converted()
    report = LoadReport(on_refused=lambda file, line, message, external_id: found.refused.append((line, message)))
    converter = build_converter(file_format, criteria, mapping, report, has_one_file=has_one_file)
    with open_lines(path) as source:
        found.lines = [(number, json.loads(text or b"null")) for number, text in converter(kind, source)]
    found.entries = [entry.describe().partition(": ")[2] for entry in report.entries]
    return found
