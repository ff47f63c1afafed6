"""Argilla 2: records as `dataset.records.to_json()` or `to_list()` give them, with suggestions and responses."""

from typing import Any

from cli.transfer.convert.values import Line, Record, Where, at, line, name, opinion, text

_OUTPUTS = ("response", "output", "answer", "completion", "generation", "text")
_INPUTS = ("prompt", "instruction", "question", "input", "query", "context")


def evaluations(record: Record, where: Where) -> list[Line]:
    """A record is an item; suggestions are the judge's scores."""
    suggested = {question: at(given, "value") for question, given in (record.get("suggestions") or {}).items()}
    return [
        line(
            external_id=_id(record, where),
            group=name(where.find("group", record, "metadata.group")),
            source=name(where.find("source", record, "metadata.source", "metadata.model")),
            input=text(where.find("input", record, *(f"fields.{field}" for field in _INPUTS))),
            output=text(where.find("output", record, *(f"fields.{field}" for field in _OUTPUTS))),
            rationale=where.find("rationale", record),
            scores=where.scores(suggested),
            evaluated_at=where.find("evaluated_at", record),
        )
    ]


def feedback(record: Record, where: Where) -> list[Line]:
    """All that one user answered about a record is one item."""
    by_user: dict[str | None, dict[str, Any]] = {}
    for question, responses in (record.get("responses") or {}).items():
        for response in responses or []:
            if response.get("status") not in ("draft", "discarded"):
                by_user.setdefault(name(response.get("user_id")), {})[question] = response.get("value")
    given: list[Line] = []
    for user, answers in by_user.items():
        given += opinion(
            where,
            answers,
            evaluation=_id(record, where),
            submitted_by=user,
            submitted_at=where.find("submitted_at", record, "updated_at"),
            external_id=f"{_id(record, where)}:{user}",
        )
    return given


def _id(record: Record, where: Where) -> str | None:
    return name(where.find("external_id", record, "id", "_server_id"))
