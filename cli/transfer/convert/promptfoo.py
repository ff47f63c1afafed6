"""promptfoo: results of `promptfoo eval --output results.json` or its export, with ratings of people."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.preset import Preset, PresetContext, as_mapping, find_last_message, has_any, mappings
from cli.transfer.mapping.lines import derive_item_id, to_identifier
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_PATHS = {
    "group": ("testCase.description", "description"),
    "source": ("provider.label", "provider.id", "provider"),
    "input": ("prompt.raw", "vars"),
    "output": ("response.output", "output"),
    "evaluated_at": ("createdAt",),
}
_MANUAL = "Manual result"
_TOTALS = ("pass", "score")


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a result as an item with the scores of its assertions.

    A person's rating replaces the totals `pass` and `score`; `pass` then follows from the assertions again.
    """
    if record.get("error") and get_path(record, "response.output") is None:
        yield Skipped("results that failed", record.get("error"))
        return
    grading = as_mapping(record.get("gradingResult"))
    parts = [part for part in mappings(grading.get("componentResults")) if not _is_manual(part)]
    answers = [answer for part in parts for answer in _read_part(part)]
    known = {answer.question for answer in answers}
    named = as_mapping(record.get("namedScores")) or as_mapping(grading.get("namedScores"))
    answers += [Answer(name, value, "namedScores") for name, value in named.items() if name not in known]
    if _is_rated(grading):
        if parts:
            answers.append(Answer("pass", all(part.get("pass") is True for part in parts), "componentResults"))
    else:
        answers += [Answer(name, grading[name], "gradingResult") for name in _TOTALS if name in grading]
        if not grading:
            answers += [Answer("pass", record.get("success")), Answer("score", record.get("score"))]
    fields = context.find_all(record, _PATHS) | {"external_id": _find_id(record, context)}
    if "output" not in context.options.fields:
        fields["output"] = find_last_message(fields["output"])
    reason = None if _is_rated(grading) else grading.get("reason")
    yield Item(fields | {"rationale": context.find("rationale", record) or reason}, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield a person's rating of a result: pass or fail, a score and a comment."""
    grading = as_mapping(record.get("gradingResult"))
    if not _is_rated(grading) and not grading.get("comment"):
        yield Skipped("results without a person's rating")
        return
    manual = next((part for part in mappings(grading.get("componentResults")) if _is_manual(part)), grading)
    answers = []
    if _is_rated(grading):
        answers = [
            Answer(name, manual.get(name), "gradingResult") for name in _TOTALS if context.is_criterion(name)
        ] or [Answer("approved", manual.get("pass"), "gradingResult")]
    item_id = _find_id(record, context)
    fields = {
        "evaluation": item_id,
        "submitted_by": context.find("submitted_by", record),
        "submitted_at": context.find("submitted_at", record),
        "external_id": f"{item_id}:manual",
    }
    comments = dict.fromkeys(text for text in (grading.get("comment"), manual.get("comment")) if isinstance(text, str))
    yield Review(fields, answers, list(comments))


def _read_part(part: Record) -> Iterator[Answer]:
    """Yield the scores of an assertion under its metric, or else its type."""
    name = get_path(part, "assertion.metric") or get_path(part, "assertion.type")
    if name:
        yield Answer(str(name), part.get("score"), "componentResults")


def _is_manual(part: Record) -> bool:
    return get_path(part, "assertion.type") == "human" or str(part.get("reason", "")).startswith(_MANUAL)


def _is_rated(grading: Record) -> bool:
    return _is_manual(grading) or any(map(_is_manual, mappings(grading.get("componentResults"))))


def _find_id(record: Record, context: PresetContext) -> str:
    """Return a result's id, in older files one that follows from its texts."""
    found: Any = to_identifier(context.find("external_id", record, "id"))
    if found is None:
        found = derive_item_id(get_path(record, "prompt.raw"), get_path(record, "response.output"))
    return str(found)


def _recognizes(record: Record) -> bool:
    return has_any(record, "results.results", "results.table") or (
        "gradingResult" in record and has_any(record, "response", "vars", "prompt")
    )


PROMPTFOO = Preset(
    "promptfoo", _read_items, _read_reviews, _recognizes, lists=("results.results", "results"), derive_id=_find_id
)
