"""OpenAI Evals: output items of a run (the API), and the log of the command `oaieval`. Both hold no feedback."""

import re
from collections.abc import Iterator
from typing import Any

from cli.transfer.convert.preset import (
    Preset,
    PresetContext,
    as_mapping,
    find_last_message,
    has_any,
    join_reasons,
    mappings,
)
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record, get_path

_ID_PATHS = ("id", "sample_id")
_PATHS = {
    "external_id": _ID_PATHS,
    "group": ("datasource_item.group",),
    "source": ("sample.model",),
    "evaluated_at": ("created_at",),
}
_TEXTS = {"input": ("sample.input", "datasource_item.input", "datasource_item"), "output": ("sample.output",)}
_GRADER_ID = re.compile(r"-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_LOG_ID = "sample_id"


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield an output item with the scores of its graders, or the part of an item in an event of a log."""
    if "event_id" in record or "spec" in record or "final_report" in record:
        yield from _read_event(record)
        return
    answers, reasons = [], []
    for result in mappings(record.get("results")):
        name = _GRADER_ID.sub("", str(result.get("name") or ""))
        error = get_path(result, "sample.error")
        if error:
            yield Skipped("graders that failed", name)
            continue
        score = result.get("score")
        answers.append(Answer(name, result.get("passed") if score is None else score, "results"))
        reasons.append((name, get_path(result, "sample.reasoning")))
    fields = context.find_all(record, _PATHS)
    for name, paths in _TEXTS.items():
        value = context.find(name, record, *paths)
        fields[name] = value if name in context.options.fields else find_last_message(value)
    yield Item(fields | {"rationale": join_reasons(reasons)}, answers)


def _read_event(event: Record) -> Iterator[Item | Skipped]:
    """Yield the output of an event of type `sampling`, or the scores of one of type `metrics`."""
    kind, data, item_id = event.get("type"), as_mapping(event.get("data")), event.get(_LOG_ID)
    if kind == "sampling" and "choice" not in str(event.get("created_by", "")):
        yield Item({"external_id": item_id, **_read_sampling(data), "evaluated_at": event.get("created_at")})
    elif kind in ("metrics", "match"):
        names = {"correct": "match"} if kind == "match" else {}
        scores = [Answer(names.get(name, name), value, "data") for name, value in data.items() if name != "choice"]
        yield Item({"external_id": item_id}, [one for one in scores if not isinstance(one.value, str | list)])
    else:
        yield Skipped("events that are neither samples nor scores", kind or "the run's description")


# Any: a tool's record is JSON of any shape.
def _read_sampling(data: Record) -> dict[str, Any]:
    sampled = data.get("sampled")
    output = sampled[0] if isinstance(sampled, list) and len(sampled) == 1 else sampled
    return {"input": find_last_message(data.get("prompt")), "output": output}


def _read_reviews(_record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield nothing but a reason, because people's labels have places of their own in each data set."""
    if not context.named_answers(_record):
        yield Skipped("records without feedback (name people's labels with --feedback.field CRITERION=PLACE)")


def _recognizes(record: Record) -> bool:
    return (
        record.get("object") == "eval.run.output_item"
        or has_any(record, "datasource_item")
        or ("event_id" in record and _LOG_ID in record)
        or has_any(record, "spec.eval_name", "spec.run_config")
    )


OPENAI_EVALS = Preset(
    "OpenAI Evals", _read_items, _read_reviews, _recognizes, _ID_PATHS, lists=("data", "output_items"), is_grouped=True
)
