"""Writers of a version's scores, one for each tool.

The scores get names of their own, so that a later import does not take them for the judge's. The files have ids that
follow from their content, so that sending them again replaces the scores in tools that support it.
"""

import csv
import io
import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from cli.transfer.convert.preset import SCORER
from cli.transfer.scores.scoring import ScoredItem

_NAMESPACE = uuid.UUID("7d0c4a3c-3c0b-5f1e-9d55-0f6f3b1c2a11")


class ScoreFormat(StrEnum):
    """The formats in which scores can be exported."""

    CSV = "csv"
    MLFLOW = "mlflow"
    LANGSMITH = "langsmith"
    LANGFUSE = "langfuse"
    LABEL_STUDIO = "label-studio"


@dataclass(frozen=True)
class ScoreStyle:
    """The names in an export of scores.

    Attributes:
        criteria: the names of the criteria.
        version: the version's id and number.
        suffix: the end of the names of scores.
        control: the name of the labelled object and the kind of control in Label Studio, like `response:rating`.
    """

    criteria: list[str]
    version: Mapping[str, Any]
    suffix: str
    control: str

    @property
    def scorer(self) -> str:
        """The rater under which tools show the scores; imports leave its scores out."""
        return f"{SCORER}/v{self.version.get('number')}"


def write_scores(
    file_format: ScoreFormat, items: Iterable[ScoredItem], style: Callable[[], ScoreStyle]
) -> Iterator[bytes]:
    """Yield the content of a file with scores.

    Args:
        file_format: its format.
        items: the items with their scores.
        style: returns the names, which are known once the first item is.
    """
    if file_format is ScoreFormat.CSV:
        yield from _write_table(items, style)
        return
    to_lines = _LINES[file_format]
    for item in items:
        for line in to_lines(item, style()):
            yield orjson.dumps(line) + b"\n"


def _write_table(items: Iterable[ScoredItem], style: Callable[[], ScoreStyle]) -> Iterator[bytes]:
    """Yield a table with the judge's own scores and the version's side by side."""
    out = io.StringIO()
    writer = csv.writer(out)
    has_head = False
    for item in items:
        names = style().criteria
        if not has_head:
            scores = [column for name in names for column in (name, f"{name}{style().suffix}")]
            writer.writerow(["external_id", "group", "source", *scores, "version"])
            has_head = True
        pairs = [score for name in names for score in (item.own.get(name), item.adjusted.get(name))]
        writer.writerow([item.item_id, item.group, item.source, *pairs, style().version.get("number")])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()


# Any: each tool has a JSON format of its own, which is only written.
def _to_mlflow(item: ScoredItem, style: ScoreStyle) -> Iterator[dict[str, Any]]:
    """Yield assessments, as `Assessment.from_dictionary` reads them."""
    for name, score in item.adjusted.items():
        yield {
            "trace_id": item.item_id,
            "assessment_name": f"{name}{style.suffix}",
            "source": {"source_type": "LLM_JUDGE", "source_id": style.scorer},
            "feedback": {"value": score},
            "metadata": _describe(item, name, style),
        }


# Any: each tool has a JSON format of its own, which is only written.
def _to_langsmith(item: ScoredItem, style: ScoreStyle) -> Iterator[dict[str, Any]]:
    """Yield the arguments of `Client.create_feedback`."""
    for name, score in item.adjusted.items():
        yield {
            "run_id": item.item_id,
            "key": f"{name}{style.suffix}",
            "score": score,
            "feedback_source_type": "model",
            "source_info": {"scorer": style.scorer} | _describe(item, name, style),
            "feedback_id": _derive_id(item, name, style),
        }


# Any: each tool has a JSON format of its own, which is only written.
def _to_langfuse(item: ScoredItem, style: ScoreStyle) -> Iterator[dict[str, Any]]:
    """Yield the arguments of `Langfuse.create_score`."""
    for name, score in item.adjusted.items():
        yield {
            "trace_id": item.item_id,
            "name": f"{name}{style.suffix}",
            "value": score,
            "data_type": "NUMERIC",
            "score_id": _derive_id(item, name, style),
            "metadata": {"scorer": style.scorer} | _describe(item, name, style),
        }


# Any: each tool has a JSON format of its own, which is only written.
def _to_label_studio(item: ScoredItem, style: ScoreStyle) -> Iterator[dict[str, Any]]:
    """Yield the arguments of `predictions.create`; the controls have the names of the criteria."""
    to_name, _, control = style.control.rpartition(":")
    task = int(item.item_id) if item.item_id.isdecimal() and item.item_id.isascii() else item.item_id
    results = [
        {
            "from_name": name,
            "to_name": to_name,
            "type": control,
            "value": {control: math.floor(score + 0.5) if control == "rating" else score},
        }
        for name, score in item.adjusted.items()
    ]
    yield {"task": task, "model_version": style.scorer, "result": results}


def _describe(item: ScoredItem, name: str, style: ScoreStyle) -> dict[str, str]:
    """Return the version and the judge's own score, as texts."""
    own = item.own.get(name)
    described = {"version_id": str(style.version.get("id"))}
    return described if own is None else described | {"judge_score": f"{own:g}"}


def _derive_id(item: ScoredItem, name: str, style: ScoreStyle) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{item.item_id}\n{name}\n{style.suffix}"))


# Any: each tool has a JSON format of its own, which is only written.
_LINES: Mapping[ScoreFormat, Callable[[ScoredItem, ScoreStyle], Iterator[dict[str, Any]]]] = {
    ScoreFormat.MLFLOW: _to_mlflow,
    ScoreFormat.LANGSMITH: _to_langsmith,
    ScoreFormat.LANGFUSE: _to_langfuse,
    ScoreFormat.LABEL_STUDIO: _to_label_studio,
}
