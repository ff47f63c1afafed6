"""LangSmith: runs as evaluations, feedback rows as feedback; what `list_runs` and `list_feedback` give, as JSON."""

from typing import Any

from cli.transfer.convert.values import Line, Record, Where, at, joined, line, name, opinion, text, utc


def evaluations(record: Record, where: Where) -> list[Line]:
    """A run is an item; its scores are the rows of `feedback` by models, or else the means of `feedback_stats`."""
    rows = [row for row in record.get("feedback") or [] if isinstance(row, dict) and not _by_person(row)]
    scores = {str(row.get("key")): _said(row) for row in rows}
    if not rows:
        scores = {key: at(of_key, "avg") for key, of_key in (record.get("feedback_stats") or {}).items()}
    reasons = [f"{row.get('key')}: {row['comment']}" for row in rows if row.get("comment")]
    return [
        line(
            external_id=name(where.find("external_id", record, "id")),
            group=name(where.find("group", record, "reference_example_id", "extra.metadata.thread_id")),
            source=name(where.find("source", record, "name")),
            input=text(where.find("input", record, "inputs")),
            output=text(where.find("output", record, "outputs")),
            rationale=where.find("rationale", record) or joined(reasons),
            scores=where.scores(scores),
            evaluated_at=utc(where.find("evaluated_at", record, "end_time", "start_time")),
        )
    ]


def feedback(record: Record, where: Where) -> list[Line]:
    """A person's row is an item; a correction of a model's row is one, too. Other rows of models are no feedback."""
    key, correction = str(record.get("key")), record.get("correction")
    answers: dict[str, Any] = {}
    if isinstance(correction, dict) and correction:
        answers = {key if name == "score" else name: value for name, value in correction.items() if name != "comment"}
    elif correction not in (None, {}):
        answers = {key: correction}
    elif _by_person(record) and _said(record) is not None:
        answers = {key: _thumb(_said(record), key in where.criteria)}
    elif not _by_person(record):
        return []
    remark = at(correction, "comment") or (record.get("comment") if _by_person(record) else None)
    return opinion(
        where,
        answers,
        [remark],
        evaluation=name(where.find("evaluation", record, "run_id")),
        submitted_by=name(
            where.find(
                "submitted_by",
                record,
                "feedback_source.user_name",
                "feedback_source.ls_user_id",
                "feedback_source.user_id",
            )
        ),
        submitted_at=utc(where.find("submitted_at", record, "modified_at", "created_at")),
        external_id=name(where.find("external_id", record, "id")),
    )


def _said(row: Record) -> Any:
    score = row.get("score")
    return score if score is not None else row.get("value")


def _thumb(said: Any, of_criterion: bool) -> Any:
    """A thumb up or down, which is kept as the score 1 or 0, as a yes or no; what is about a criterion stays."""
    return bool(said) if said in (0, 1) and not of_criterion else said


def _by_person(row: Record) -> bool:
    return at(row, "feedback_source.type") not in ("model", "evaluator", "auto_eval")
