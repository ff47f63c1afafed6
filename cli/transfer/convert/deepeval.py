"""DeepEval: test cases of a test run, with their metrics. DeepEval stores no feedback of people in them."""

import re
from collections.abc import Iterator

from cli.transfer.convert.preset import Preset, PresetContext, find_last_message, has_any, join_reasons, mappings
from cli.transfer.mapping.lines import derive_item_id
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import Record

_OUTPUTS = ("actualOutput", "actual_output")
_PATHS = {
    "group": ("metadata.group", "additionalMetadata.group"),
    "source": ("metadata.model", "additionalMetadata.model"),
    "input": ("input",),
    "output": _OUTPUTS,
}
_KIND = re.compile(r"\s*[\[(](?:GEval|Conversational GEval|DAG|Arena GEval)[\])]\s*$")


def _read_items(record: Record, context: PresetContext) -> Iterator[Item | Skipped]:
    """Yield a test case as an item with the scores of its metrics."""
    answers, reasons = [], []
    for metric in mappings(record.get("metricsData") or record.get("metrics_data")):
        name = _KIND.sub("", str(metric.get("name") or ""))
        if metric.get("error"):
            yield Skipped("metrics that failed", name)
            continue
        answers.append(Answer(name, metric.get("score"), "metricsData"))
        reasons.append((name, metric.get("reason")))
    fields = context.find_all(record, _PATHS) | {"external_id": _find_id(record, context)}
    if "output" not in context.options.fields:
        fields["output"] = find_last_message(fields["output"])
    yield Item(fields | {"rationale": context.find("rationale", record) or join_reasons(reasons)}, answers)


def _read_reviews(record: Record, context: PresetContext) -> Iterator[Review | Skipped]:
    """Yield nothing but a reason, unless the options name the places of people's labels."""
    if not context.named_answers(record):
        yield Skipped("test cases without feedback (name people's labels with --feedback.field CRITERION=PLACE)")


def _find_id(record: Record, context: PresetContext) -> str:
    """Return an id that follows from the texts, because names of test cases are not the same in each run."""
    given = context.find("external_id", record)
    if given is not None:
        return str(given)
    return derive_item_id(record.get("input"), context.find("output", record, *_OUTPUTS))


def _recognizes(record: Record) -> bool:
    return has_any(record, "testRunData", "testCases", "test_results", "metricsData", "metrics_data")


DEEPEVAL = Preset(
    "DeepEval",
    _read_items,
    _read_reviews,
    _recognizes,
    (),
    derive_id=_find_id,
    lists=("testRunData.testCases", "testCases", "test_results", "testResults"),
)
