"""Label Studio: tasks as the export format JSON gives them, with predictions and annotations."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.values import Line, Record, Where, at, line, name, opinion, text

_OUTPUTS = ("response", "output", "answer", "completion", "text")
_INPUTS = ("prompt", "instruction", "question", "input", "query", "context")


def evaluations(record: Record, where: Where) -> list[Line]:
    """A task is an item; the newest prediction is the judge's."""
    predictions = [p for p in record.get("predictions") or [] if isinstance(p, dict)]
    last = max(predictions, key=lambda prediction: str(prediction.get("created_at", "")), default={})
    return [
        line(
            external_id=_id(record, where),
            group=name(where.find("group", record, "data.group", "meta.group")),
            source=name(where.find("source", record, "data.source", "data.model")),
            input=text(where.find("input", record, *(f"data.{field}" for field in _INPUTS))),
            output=text(where.find("output", record, *(f"data.{field}" for field in _OUTPUTS))),
            rationale=where.find("rationale", record, "data.rationale"),
            scores=where.scores(dict(_answers(last))),
            evaluated_at=where.find("evaluated_at", last, "created_at"),
        )
    ]


def feedback(record: Record, where: Where) -> list[Line]:
    """An annotation is an item; skipped ones are none."""
    given: list[Line] = []
    for annotation in record.get("annotations") or []:
        if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
            by = annotation.get("completed_by")
            given += opinion(
                where,
                dict(_answers(annotation)),
                evaluation=_id(record, where),
                submitted_by=name(at(by, "email") or at(by, "id") if isinstance(by, dict) else by),
                submitted_at=annotation.get("updated_at") or annotation.get("created_at"),
                external_id=f"{_id(record, where)}:{annotation.get('id')}",
            )
    return given


def _answers(given: Record) -> Iterator[tuple[str, Any]]:
    """Of an annotation or prediction: each control's name and what was chosen or written there."""
    for result in given.get("result") or []:
        value = result.get("value") or {}
        found = value.get(result.get("type")) if isinstance(value, dict) else None
        if isinstance(found, list):
            found = found[0] if len(found) == 1 else "\n".join(map(str, found)) or None
        if found is not None:
            yield str(result.get("from_name")), found


def _id(record: Record, where: Where) -> str | None:
    return name(where.find("external_id", record, "data.external_id", "id"))
