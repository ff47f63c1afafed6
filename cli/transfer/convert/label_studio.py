"""Label Studio: tasks of the export format JSON with predictions and annotations."""

from collections.abc import Iterator

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

_OUTPUT_NAMES = ("response", "output", "answer", "completion", "text")
_ID_PATHS = ("data.external_id", "id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("data.group", "meta.group"),
    "source": ("data.source", "data.model"),
    "input": tuple(f"data.{name}" for name in INPUT_NAMES),
    "output": tuple(f"data.{name}" for name in _OUTPUT_NAMES),
    "rationale": ("data.rationale",),
}


def evaluations(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return a task as an item whose newest prediction has the judge's scores."""
    predictions = [p for p in record.get("predictions") or [] if isinstance(p, dict)]
    newest = max(predictions, key=lambda prediction: str(prediction.get("created_at", "")), default={})
    return [
        build_evaluation(
            context,
            record,
            _PATHS,
            scores=context.scores(dict(_answers(newest))),
            evaluated_at=context.find("evaluated_at", newest, "created_at"),
        )
    ]


def feedback(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return each annotation that was not skipped as feedback."""
    lines: list[ImportLine] = []
    for annotation in record.get("annotations") or []:
        if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
            user = annotation.get("completed_by")
            if isinstance(user, dict):
                user = get_path(user, "email") or get_path(user, "id")
            lines += build_feedback(
                context,
                dict(_answers(annotation)),
                evaluation=_id(record, context),
                submitted_by=to_identifier(user),
                submitted_at=annotation.get("updated_at") or annotation.get("created_at"),
                external_id=f"{_id(record, context)}:{annotation.get('id')}",
            )
    return lines


def _answers(source: Record) -> Iterator[tuple[str, object]]:
    """Yield each control's name in an annotation or prediction, and what was chosen or written there."""
    for result in source.get("result") or []:
        value = result.get("value") or {}
        answer = value.get(result.get("type")) if isinstance(value, dict) else None
        if isinstance(answer, list):
            answer = answer[0] if len(answer) == 1 else "\n".join(map(str, answer)) or None
        if answer is not None:
            yield str(result.get("from_name")), answer


def _id(record: Record, context: ConversionContext) -> str | None:
    return to_identifier(context.find("external_id", record, *_ID_PATHS))
