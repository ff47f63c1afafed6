"""A fuzz of every preset: exports with changed shapes end in reported records, and scores keep their side."""

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.client.responses import ScaledCriterion
from cli.errors import ApiError
from cli.transfer.convert.formats import build_converter
from cli.transfer.convert.registry import PRESETS, Format
from cli.transfer.line_reader import open_lines
from cli.transfer.mapping.report import LoadReport
from tests.cli.transfer.convert import samples

QUALITY: list[ScaledCriterion] = [{"id": "crit_1", "key": "quality", "name": "quality", "min": 1, "max": 5}]
RECORDS: dict[Format, list[Any]] = {
    Format.MLFLOW: [samples.TRACE, samples.TRACE_ROW, samples.OLD_TRACE],
    Format.LANGSMITH: [samples.RUN, samples.FEEDBACK_ROW],
    Format.LANGFUSE: [samples.LANGFUSE_TRACE, samples.score(1, "ANNOTATION", value=2)],
    Format.PHOENIX: [samples.PHOENIX_SPAN, samples.PHOENIX_ROW],
    Format.ARGILLA: [samples.ARGILLA_1, samples.ARGILLA_1_ROW, samples.ARGILLA_2, samples.ARGILLA_2_ROW],
    Format.LABEL_STUDIO: [samples.TASK, samples.TASK_MINIMAL],
    Format.PROMPTFOO: [samples.PROMPTFOO_RESULT, samples.PROMPTFOO],
    Format.BRAINTRUST: [samples.BRAINTRUST_ROW, samples.BRAINTRUST_REVIEW],
    Format.OPENAI_EVALS: [samples.OUTPUT_ITEM, *samples.EVENTS],
    Format.WEAVE: [samples.WEAVE_CALL, *samples.WEAVE_FEEDBACK],
    Format.DEEPEVAL: [samples.DEEPEVAL_CASE, samples.DEEPEVAL],
}
#: Values that take the place of any part. None is a score of 2, 4 or 5, which show the side that gave them.
STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1e308, 10**30, "", " ", "x", "{", "[1]", "null", "2026", [], [None], [[]], {}),
        *({"": {}}, {"value": []}, [{"value": {"value": None}}], "\ud83d", {"quality": [3]}, [1, "a", {}]),
    ]
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all parts of a value."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from paths(part, (*path, key))


@st.composite
def changed_records(draw: st.DrawFn, file_format: Format) -> list[Any]:
    """Return a sample of which some parts are replaced, removed or repeated."""
    record = copy.deepcopy(draw(st.sampled_from(RECORDS[file_format])))
    for _ in range(draw(st.integers(1, 3))):
        found = list(paths(record))
        if not found:
            break
        *parents, key = draw(st.sampled_from(found))
        holder = record
        for parent in parents:
            holder = holder[parent]
        change = draw(st.sampled_from(["replace", "replace", "remove", "repeat"]))
        if change == "replace":
            holder[key] = copy.deepcopy(draw(STRANGE))
        elif change == "repeat" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            del holder[key]
    return [record]


def load(file_format: Format, content: object) -> tuple[dict[str, list[Any]], LoadReport]:
    """Return the lines of a file by kind, and the report."""
    lines, report = {}, LoadReport()
    convert = build_converter(file_format, QUALITY, report=report, has_one_file=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.json")
        path.write_text(json.dumps(content))
        for kind in ("evaluations", "feedback"):
            with open_lines(path) as source:
                lines[kind] = [json.loads(text or b"") for _, text in convert(kind, source)]
    return lines, report


@pytest.mark.parametrize("file_format", sorted(PRESETS))
def test_changed_shapes_end_in_lines_or_reported_records(file_format: Format) -> None:
    @settings(max_examples=100, deadline=None)
    @given(content=changed_records(file_format))
    def check(content: list[Any]) -> None:
        try:
            lines, report = load(file_format, content)
        except ApiError:
            return
        assert lines["evaluations"] or lines["feedback"] or report.entries
        given_by_judge = [score for line in lines["evaluations"] for score in line["scores"].values()]
        given_by_people = [score for line in lines["feedback"] for score in line.get("corrected_scores", {}).values()]
        assert {2.0, 5.0}.isdisjoint(given_by_judge), "a score that a person gave"
        assert 4.0 not in given_by_people, "a score that the judge gave"

    check()


@pytest.mark.parametrize("file_format", sorted(PRESETS))
@pytest.mark.parametrize("content", [[], {}, [1, "x", None], [{}], [[{}]], "text", 5, None, [{"": None}]], ids=repr)
def test_files_of_other_shapes_end_without_lines(file_format: Format, content: object) -> None:
    try:
        lines, _ = load(file_format, content)
    except ApiError:
        return
    assert not any(lines.values())
