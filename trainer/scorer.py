"""Score items with an exported version, offline: Python's standard library and numpy are all it takes.

    python -m trainer.scorer VERSION.npz < evaluations.jsonl > scores.jsonl

Lines are evaluations as in the import files (docs/reference/files.md): `output` and the judge's own `scores`, by the
criteria's keys or names, and `input`, `rationale`, `source`, `external_id` where there are any.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from trainer.data import Items
from trainer.model.version import Version

CHUNK = 512
"""Lines scored at a time."""
FIELDS = ("expected", "score", "verdict", "lower", "upper")


def load(path: str | Path) -> Version:
    """An exported version.

    Raises:
        OSError: the file can't be read.
        ValueError: it is not a version.
    """
    return Version.loads(Path(path).read_bytes())


def score(version: Version, evaluations: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Scores of evaluations, one object each, in their order and in bounded memory.

    Each has `external_id` and `scores`: for each criterion's key that the judge scored, `expected` (the mean, for
    ranking), `score`, `verdict` (on the scale's grid), `lower` and `upper` (a 90 % interval for one person's score;
    null for a criterion that has not been learned).

    Raises:
        ValueError: an evaluation lacks its output or scores, names an unknown criterion, or a score is off its scale.
    """
    lines = iter(evaluations)
    while part := list(islice(lines, CHUNK)):
        yield from _scored(version, part)


def _scored(version: Version, part: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    raw = np.array([_raw(version, line) for line in part], np.float64)
    outputs = [line["output"] for line in part]
    names = [[line.get(name) for line in part] for name in ("external_id", "group", "source", "input", "rationale")]
    ids, groups, sources, inputs, rationales = names
    items = Items([str(name) for name in ids], groups, sources, inputs, outputs, rationales, raw)
    found = version.score(items)
    columns = (found.expected, found.point, found.verdict, found.lower, found.upper)
    for row, line in enumerate(part):
        scores = {
            scale.key: {name: _plain(values[row, c]) for name, values in zip(FIELDS, columns, strict=True)}
            for c, scale in enumerate(version.scales)
            if not math.isnan(raw[row, c])
        }
        yield {"external_id": line.get("external_id"), "scores": scores}


def _raw(version: Version, line: Any) -> list[float]:
    scores = line.get("scores") if isinstance(line, Mapping) else None
    if not isinstance(scores, Mapping) or not isinstance(line.get("output"), str):
        raise ValueError("An evaluation needs its output and the judge's scores, {criterion: number}.")
    place = {scale.name: c for c, scale in enumerate(version.scales)}
    place |= {scale.key: c for c, scale in enumerate(version.scales)}
    row = [math.nan] * len(version.scales)
    for name, value in scores.items():
        if name not in place:
            raise ValueError(
                f"The version has no criterion {name!r}; it has {', '.join(s.key for s in version.scales)}."
            )
        scale = version.scales[place[name]]
        known = isinstance(value, int | float) and not isinstance(value, bool)
        if not known or not scale.minimum <= value <= scale.maximum:
            raise ValueError(f"A score of {scale.key} is {scale.minimum:g} to {scale.maximum:g}, not {value!r}.")
        row[place[name]] = float(value)
    return row


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def main() -> None:
    """Score lines of JSON from the standard input."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m trainer.scorer VERSION.npz < evaluations.jsonl > scores.jsonl")
    try:
        for line in score(load(sys.argv[1]), (json.loads(text) for text in sys.stdin if text.strip())):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
