"""LangSmith: runs of `list_runs` as evaluations and rows of `list_feedback` as feedback, both as JSON."""

from typing import Any

from cli.transfer.convert.values import (
    ConversionContext,
    ImportLine,
    Record,
    assume_utc,
    build_evaluation,
    build_feedback,
    get_path,
    join_texts,
    to_identifier,
)

_PATHS = {
    "external_id": ("id",),
    "group": ("reference_example_id", "extra.metadata.thread_id"),
    "source": ("name",),
    "input": ("inputs",),
    "output": ("outputs",),
}
_USER_PATHS = ("feedback_source.user_name", "feedback_source.ls_user_id", "feedback_source.user_id")


def evaluations(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return a run as an item.

    Its scores are the rows of `feedback` that models gave or, if there are none, the means of `feedback_stats`.
    """
    rows = [row for row in record.get("feedback") or [] if isinstance(row, dict) and not _is_by_person(row)]
    scores = {str(row.get("key")): _score_or_value(row) for row in rows}
    if not rows:
        scores = {key: get_path(stats, "avg") for key, stats in (record.get("feedback_stats") or {}).items()}
    reasons = [f"{row.get('key')}: {row['comment']}" for row in rows if row.get("comment")]
    return [
        build_evaluation(
            context,
            record,
            _PATHS,
            rationale=context.find("rationale", record) or join_texts(reasons),
            scores=context.scores(scores),
            evaluated_at=assume_utc(context.find("evaluated_at", record, "end_time", "start_time")),
        )
    ]


def feedback(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return a person's row, or a correction of a model's row, as feedback; other rows of models give none."""
    by_person, correction = _is_by_person(record), record.get("correction")
    if not by_person and correction in (None, {}):
        return []
    remark = get_path(correction, "comment") or (record.get("comment") if by_person else None)
    return build_feedback(
        context,
        _answers(record, context),
        [remark],
        evaluation=to_identifier(context.find("evaluation", record, "run_id")),
        submitted_by=to_identifier(context.find("submitted_by", record, *_USER_PATHS)),
        submitted_at=assume_utc(context.find("submitted_at", record, "modified_at", "created_at")),
        external_id=to_identifier(context.find("external_id", record, "id")),
    )


def _answers(record: Record, context: ConversionContext) -> dict[str, object]:
    """Return the answers of a row by question: its correction or, if a person gave it, its own score."""
    key, correction = str(record.get("key")), record.get("correction")
    if isinstance(correction, dict) and correction:
        return {key if name == "score" else name: value for name, value in correction.items() if name != "comment"}
    if correction not in (None, {}):
        return {key: correction}
    value = _score_or_value(record)
    if not _is_by_person(record) or value is None:
        return {}
    return {key: _thumb_to_bool(value, is_criterion=key in context.criteria)}


def _score_or_value(row: Record) -> Any:
    score = row.get("score")
    return score if score is not None else row.get("value")


def _thumb_to_bool(value: Any, *, is_criterion: bool) -> Any:
    """Return a thumb up or down, which is stored as the score 1 or 0, as a bool; keep a criterion's score."""
    return bool(value) if value in (0, 1) and not is_criterion else value


def _is_by_person(row: Record) -> bool:
    return get_path(row, "feedback_source.type") not in ("model", "evaluator", "auto_eval")
