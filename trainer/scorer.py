"""Offline scorer: scores items with an exported version; it needs nothing but Python's standard library and numpy.

    python -m trainer.scorer VERSION.npz < evaluations.jsonl > scores.jsonl

Lines are evaluations as in the import files (docs/reference/files.md): `output` and the judge's own `scores`, by the
criteria's keys or names, and optionally `input`, `rationale`, `source`, `external_id`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from trainer.data import Items
from trainer.model.version import Version

CHUNK = 512
"""Lines scored at a time, which bounds the memory."""


class CriterionScores(TypedDict):
    """Scores of an evaluation on one criterion.

    `expected`: the mean, for ranking. `score`: the point estimate. `verdict`: on the scale's grid. `lower`, `upper`: a
    90 % interval for one person's score; null for a criterion that has not been learned.
    """

    expected: float | None
    score: float | None
    verdict: float | None
    lower: float | None
    upper: float | None


class EvaluationScores(TypedDict):
    """Scores of an evaluation, by the keys of the criteria that the judge scored."""

    external_id: str | None
    scores: dict[str, CriterionScores]


def load(path: str | Path) -> Version:
    """Read an exported version.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a version.
    """
    return Version.loads(Path(path).read_bytes())


def score(version: Version, evaluations: Iterable[Mapping[str, Any]]) -> Iterator[EvaluationScores]:
    """Score evaluations in their order and in bounded memory.

    Args:
        version: to score with.
        evaluations: lines of an import file.

    Yields:
        The scores of each evaluation.

    Raises:
        ValueError: an evaluation lacks its output or scores, names an unknown criterion, or a score is off its scale.
    """
    lines = iter(evaluations)
    while chunk := list(islice(lines, CHUNK)):
        yield from _score_chunk(version, chunk)


def _score_chunk(version: Version, chunk: list[Mapping[str, Any]]) -> Iterator[EvaluationScores]:
    raw = np.array([_read_raw_scores(version, line) for line in chunk], np.float64)
    outputs = [line["output"] for line in chunk]
    names = [[line.get(name) for line in chunk] for name in ("external_id", "group", "source", "input", "rationale")]
    ids, groups, sources, inputs, rationales = names
    found = version.score(Items([str(name) for name in ids], groups, sources, inputs, outputs, rationales, raw))
    for row, line in enumerate(chunk):
        scores: dict[str, CriterionScores] = {
            scale.key: {
                "expected": _to_json(found.expected[row, c]),
                "score": _to_json(found.point[row, c]),
                "verdict": _to_json(found.verdict[row, c]),
                "lower": _to_json(found.lower[row, c]),
                "upper": _to_json(found.upper[row, c]),
            }
            for c, scale in enumerate(version.scales)
            if not math.isnan(raw[row, c])
        }
        yield {"external_id": line.get("external_id"), "scores": scores}


def _read_raw_scores(version: Version, line: Any) -> list[float]:
    """Return the judge's score on each criterion, NaN if there is none, after checking the line."""
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
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not scale.minimum <= value <= scale.maximum:
            raise ValueError(f"A score of {scale.key} is {scale.minimum:g} to {scale.maximum:g}, not {value!r}.")
        row[place[name]] = float(value)
    return row


def _to_json(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def main() -> None:
    """Read evaluations as lines of JSON from the standard input, and write their scores to the standard output."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m trainer.scorer VERSION.npz < evaluations.jsonl > scores.jsonl")
    try:
        for line in score(load(sys.argv[1]), (json.loads(text) for text in sys.stdin if text.strip())):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
