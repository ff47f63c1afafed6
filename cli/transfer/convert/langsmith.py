"""LangSmith: runs of `list_runs` as evaluations and rows of `list_feedback` as feedback, both as JSON."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.preset import Preset, PresetContext, as_list, as_mapping, assume_utc, join_texts
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_PATHS = {
    "external_id": ("id",),
    "group": ("reference_example_id", "extra.metadata.thread_id"),
    "source": ("name",),
    "input": ("inputs",),
    "output": ("outputs",),
}
_USER_PATHS = ("feedback_source.user_name", "feedback_source.ls_user_id", "feedback_source.user_id")


def _read_items(record: Record, context: PresetContext) -> Iterator[Item]:
    """Yield a run as an item.

    Its scores are the rows of `feedback` that models gave or, if there are none, the means of `feedback_stats`.
    """
    rows = [row for row in as_list(record.get("feedback")) if isinstance(row, dict) and not _is_by_person(row)]
    answers = [Answer(str(row.get("key")), _score_or_value(row)) for row in rows]
    if not rows:
        stats = as_mapping(record.get("feedback_stats"))
        answers = [Answer(key, get_path(figures, "avg")) for key, figures in stats.items()]
    reasons = [f"{row.get('key')}: {row['comment']}" for row in rows if row.get("comment")]
    fields = context.find_all(record, _PATHS) | {
        "rationale": context.find("rationale", record) or join_texts(reasons),
        "evaluated_at": assume_utc(context.find("evaluated_at", record, "end_time", "start_time")),
    }
    yield Item(fields, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield a person's row, or a correction of a model's row; other rows of models are skipped."""
    by_person, correction = _is_by_person(record), record.get("correction")
    if not by_person and correction in (None, {}):
        yield Skipped("rows by a judge, not a person", record.get("key"))
        return
    fields = {
        "evaluation": context.find("evaluation", record, "run_id"),
        "submitted_by": context.find("submitted_by", record, *_USER_PATHS),
        "submitted_at": assume_utc(context.find("submitted_at", record, "modified_at", "created_at")),
        "external_id": context.find("external_id", record, "id"),
    }
    remark = get_path(correction, "comment") or (record.get("comment") if by_person else None)
    yield Review(fields, list(_answers(record)), [remark])


def _answers(record: Record) -> Iterator[Answer]:
    """Yield the answers of a row: its correction or, if a person gave it, its own score."""
    key, correction = str(record.get("key")), record.get("correction")
    if isinstance(correction, dict) and correction:
        for name, value in correction.items():
            if name != "comment":
                yield Answer(key if name == "score" else name, value)
    elif correction not in (None, {}):
        yield Answer(key, correction)
    elif _is_by_person(record):
        yield Answer(key, _score_or_value(record))


def _score_or_value(row: Record) -> Any:
    score = row.get("score")
    return score if score is not None else row.get("value")


def _is_by_person(row: Record) -> bool:
    return get_path(row, "feedback_source.type") not in ("model", "evaluator", "auto_eval")


LANGSMITH = Preset(_read_items, _read_reviews)
