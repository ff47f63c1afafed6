"""LangSmith: runs of `list_runs` as evaluations and rows of `list_feedback` as feedback, both as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.transfer.convert.preset import (
    UNCLEAR_RATER,
    Preset,
    PresetContext,
    as_mapping,
    assume_utc,
    find_last_message,
    has_any,
    join_reasons,
    mappings,
)
from cli.transfer.mapping.lines import to_text
from cli.transfer.mapping.observations import Answer, Item, Noted, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_PATHS = {
    "external_id": ("id",),
    "group": ("reference_example_id", "extra.metadata.thread_id"),
    "source": ("name",),
    "input": ("inputs",),
    "output": ("outputs",),
}
_USER_PATHS = ("feedback_source.user_name", "feedback_source.ls_user_id", "feedback_source.user_id")
_SEVERAL = "means of several scores, in which people's may be included; add the rows of `feedback` to the runs"


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Noted | Skipped]:
    """Yield a run as an item.

    Its scores are the rows of `feedback` that models gave or, if there are none, the means of `feedback_stats`.
    """
    rows = [row for row in mappings(record.get("feedback")) if _is_by_person(row, context) is False]
    answers = [Answer(_key(row), _score_or_value(row), "feedback") for row in rows]
    if record.get("error") and record.get("outputs") is None:
        yield Skipped("runs that failed", record.get("id"))
        return
    if not rows:
        for key, figures in as_mapping(record.get("feedback_stats")).items():
            answers.append(Answer(key, get_path(figures, "avg"), "feedback_stats"))
            count = get_path(figures, "n")
            if isinstance(count, int) and count > 1 and context.is_criterion(key):
                yield Noted(_SEVERAL, key)
    fields = context.find_all(record, _PATHS)
    for name in ("input", "output"):
        if name not in context.options.fields:
            fields[name] = find_last_message(fields[name])
    fields |= {
        "rationale": context.find("rationale", record)
        or join_reasons([(_key(row), row.get("comment")) for row in rows]),
        "evaluated_at": assume_utc(context.find("evaluated_at", record, "end_time", "start_time")),
    }
    yield Item(fields, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield a person's row, or a correction of another row; all others are skipped."""
    by_person, correction = _is_by_person(record, context), record.get("correction")
    if not by_person and correction in (None, {}, ""):
        yield Skipped("rows by a judge, not a person" if by_person is False else UNCLEAR_RATER, record.get("key"))
        return
    fields = {
        "evaluation": context.find("evaluation", record, "run_id"),
        "submitted_by": context.find("submitted_by", record, *_USER_PATHS),
        "submitted_at": assume_utc(context.find("submitted_at", record, "modified_at", "created_at")),
        "external_id": context.find("external_id", record, "id"),
    }
    corrected, texts = _read_correction(record, context)
    own = [Answer(_key(record), _score_or_value(record))] if by_person and not corrected else []
    remark = record.get("comment") if by_person else None
    yield Review(fields, [*corrected, *own], [remark, *texts])


def _read_correction(record: Record, context: PresetContext) -> tuple[list[Answer], list[object]]:
    """Return the corrected scores of a row's correction, and its texts, which are comments."""
    key, correction = _key(record), record.get("correction")
    if isinstance(correction, Mapping):
        names = {name: key if name == "score" else name for name in correction}
        corrected = [name for name, question in names.items() if name == "score" or context.is_criterion(question)]
        texts = [to_text(value) for name, value in correction.items() if name not in corrected]
        return [Answer(names[name], correction[name], "correction") for name in corrected], list(texts)
    if isinstance(correction, int | float) and not isinstance(correction, bool):
        return [Answer(key, correction, "correction")], []
    return [], [] if correction is None else [to_text(correction)]


def _key(row: Record) -> str:
    return str(row.get("key") or "")


def _score_or_value(row: Record) -> Any:
    score = row.get("score")
    return score if score is not None else row.get("value")


def _is_by_person(row: Record, context: PresetContext) -> bool | None:
    """Return whether a person gave a row, or None if it is not known: `api` may be either."""
    kind = get_path(row, "feedback_source.type")
    found = context.is_by_person(kind, _key(row))
    if found is None and (context.is_chosen(kind) or (row.get("score") is None and row.get("value") is None)):
        return True
    return found


def _recognizes(record: Record) -> bool:
    return (
        ("run_id" in record and "key" in record)
        or ("run_type" in record and "inputs" in record)
        or (has_any(record, "feedback_stats") and "inputs" in record)
    )


LANGSMITH = Preset("LangSmith", _read_items, _read_reviews, _recognizes)
