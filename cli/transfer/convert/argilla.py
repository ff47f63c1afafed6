"""Argilla 2: records of `dataset.records.to_json()` or `to_list()` with suggestions and responses."""

from cli.transfer.convert.values import (
    INPUT_NAMES,
    ConversionContext,
    ImportLine,
    Record,
    build_evaluation,
    build_feedback,
    get_path,
    to_identifier,
)

_OUTPUT_NAMES = ("response", "output", "answer", "completion", "generation", "text")
_ID_PATHS = ("id", "_server_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("metadata.group",),
    "source": ("metadata.source", "metadata.model"),
    "input": tuple(f"fields.{name}" for name in INPUT_NAMES),
    "output": tuple(f"fields.{name}" for name in _OUTPUT_NAMES),
    "rationale": (),
    "evaluated_at": (),
}


def evaluations(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return a record as an item whose suggestions are the judge's scores."""
    suggested = {question: get_path(given, "value") for question, given in (record.get("suggestions") or {}).items()}
    return [build_evaluation(context, record, _PATHS, scores=context.scores(suggested))]


def feedback(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return the submitted answers of each user about a record as feedback."""
    answers_by_user: dict[str | None, dict[str, object]] = {}
    for question, responses in (record.get("responses") or {}).items():
        for response in responses or []:
            if response.get("status") not in ("draft", "discarded"):
                user = to_identifier(response.get("user_id"))
                answers_by_user.setdefault(user, {})[question] = response.get("value")
    lines: list[ImportLine] = []
    for user, answers in answers_by_user.items():
        lines += build_feedback(
            context,
            answers,
            evaluation=_id(record, context),
            submitted_by=user,
            submitted_at=context.find("submitted_at", record, "updated_at"),
            external_id=f"{_id(record, context)}:{user}",
        )
    return lines


def _id(record: Record, context: ConversionContext) -> str | None:
    return to_identifier(context.find("external_id", record, *_ID_PATHS))
