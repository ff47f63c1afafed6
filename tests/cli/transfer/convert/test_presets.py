"""Tests of reading the exports of evaluation tools: each answer keeps its meaning, and the rest is reported."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cli.client.responses import ScaledCriterion
from cli.transfer.convert.formats import build_converter
from cli.transfer.convert.registry import PRESETS, Format
from cli.transfer.line_reader import open_lines
from cli.transfer.mapping.options import FileOptions, MappingOptions, parse_filters
from cli.transfer.mapping.report import Effect, LoadReport
from tests.cli.transfer.convert import samples

Data = dict[str, Any]

QUALITY: list[ScaledCriterion] = [{"id": "crit_1", "key": "quality", "name": "quality", "min": 1, "max": 5}]
YES_OR_NO: list[ScaledCriterion] = [{"id": "crit_1", "key": "pass", "name": "pass", "min": 0, "max": 1}]


class Loaded:
    """The lines of one file of each kind, and what was not loaded."""

    def __init__(
        self,
        folder: Path,
        file_format: Format,
        content: object,
        *,
        options: FileOptions | None = None,
        criteria: Sequence[ScaledCriterion] = QUALITY,
    ) -> None:
        """Convert a file.

        Args:
            folder: the folder for the file.
            file_format: its format.
            content: its content: a text, or values that become JSON.
            options: the options of both kinds.
            criteria: the judge's criteria.
        """
        path = folder / "export"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        self._report = LoadReport()
        mapping = MappingOptions({kind: options or FileOptions() for kind in ("evaluations", "feedback")})
        convert = build_converter(file_format, criteria, mapping, self._report, has_one_file=True)
        lines = []
        for kind in ("evaluations", "feedback"):
            with open_lines(path) as source:
                lines.append([json.loads(text or b"") for _, text in convert(kind, source)])
        self.items: list[Data] = lines[0]
        self.reviews: list[Data] = lines[1]

    @property
    def corrections(self) -> list[tuple[str, Data, str | None]]:
        """The corrections: item, scores and rater."""
        given = [line for line in self.reviews if line["type"] == "correction"]
        return [(line["evaluation"], line["corrected_scores"], line.get("submitted_by")) for line in given]

    @property
    def approvals(self) -> list[bool]:
        return [line["approved"] for line in self.reviews if line["type"] == "approval"]

    @property
    def comments(self) -> list[str]:
        return [line["comment"] for line in self.reviews if "comment" in line]

    def reasons(self, effect: Effect, kind: str) -> str:
        """Return the reasons for which something has an effect, one below the other.

        Args:
            effect: the effect.
            kind: `evaluations` or `feedback`.
        """
        entries = [entry for entry in self._report.entries if (entry.effect, entry.kind) == (effect, kind)]
        return "\n".join(entry.describe() for entry in entries)


NESTED_IN_LINES = "\n".join(json.dumps(one, indent=1) for one in [samples.TRACE])
SAMPLES: list[tuple[Format, object, str]] = [
    (Format.MLFLOW, [samples.TRACE], "tr-1"),
    (Format.MLFLOW, NESTED_IN_LINES, "tr-1"),
    (Format.MLFLOW, [samples.TRACE_ROW], "tr-1"),
    (Format.MLFLOW, {name: {"0": value} for name, value in samples.TRACE_ROW.items()}, "tr-1"),
    (Format.MLFLOW, [samples.OLD_TRACE], "tr-1"),
    (Format.LANGFUSE, [samples.LANGFUSE_TRACE], "t1"),
    (Format.LANGFUSE, {"data": [samples.LANGFUSE_TRACE], "meta": {"page": 1}}, "t1"),
    (Format.PHOENIX, [samples.PHOENIX_SPAN], "sp1"),
    (Format.ARGILLA, [samples.ARGILLA_1], "rec-1"),
    (Format.ARGILLA, [samples.ARGILLA_1_ROW], "rec-1"),
    (Format.ARGILLA, [samples.ARGILLA_2], "rec-1"),
    (Format.ARGILLA, [samples.ARGILLA_2_ROW], "rec-1"),
    (Format.ARGILLA, {name: [value] for name, value in samples.ARGILLA_2_ROW.items()}, "rec-1"),
    (Format.LABEL_STUDIO, [samples.TASK], "17"),
    (Format.PROMPTFOO, samples.PROMPTFOO, "r1"),
    (Format.BRAINTRUST, [samples.BRAINTRUST_ROW, samples.BRAINTRUST_REVIEW], "b1"),
    (Format.WEAVE, [samples.WEAVE_CALL], "c1"),
]


@pytest.mark.parametrize(("file_format", "content", "item"), SAMPLES)
def test_exports_give_the_item_with_the_judges_score(
    tmp_path: Path, file_format: Format, content: object, item: str
) -> None:
    [line] = Loaded(tmp_path, file_format, content).items
    found = [line[name] for name in ("external_id", "input", "output", "scores")]
    assert found == [item, "Why?", "The sea.", {"quality": 4.0}]


@pytest.mark.parametrize(("file_format", "content", "item"), [one for one in SAMPLES if one[0] is not Format.PROMPTFOO])
def test_exports_give_only_peoples_scores_as_corrections(
    tmp_path: Path, file_format: Format, content: object, item: str
) -> None:
    loaded = Loaded(tmp_path, file_format, content)
    assert [(about, scores) for about, scores, _ in loaded.corrections] == [(item, {"quality": 2.0})]
    assert True not in loaded.approvals


@pytest.mark.parametrize(("file_format", "content"), [(name, one) for name, one, _ in SAMPLES if isinstance(one, list)])
def test_formats_are_recognized(file_format: Format, content: list[Data]) -> None:
    assert [name for name, preset in PRESETS.items() if preset.recognizes(content[0])] == [file_format]


def test_mlflow_reports_failed_and_replaced_assessments(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path, Format.MLFLOW, [samples.TRACE])
    assert loaded.reasons(Effect.SKIPPED, "evaluations").endswith("assessments that failed: 'TIMEOUT' x 1")
    assert "assessments that were replaced: 'quality' x 1" in loaded.reasons(Effect.SKIPPED, "feedback")
    assert (loaded.approvals, loaded.comments) == ([False], ["Wrong."])


def test_scores_that_judgesmith_exported_are_not_the_judges(tmp_path: Path) -> None:
    scorer = {"source_type": "LLM_JUDGE", "source_id": "judgesmith/v2"}
    adjusted = samples.assessment(1, "LLM_JUDGE", source=scorer, feedback={"value": 3})
    trace = samples.TRACE | {"info": samples.TRACE["info"] | {"assessments": [adjusted]}}  # type: ignore[operator]
    prediction = {"model_version": "judgesmith/v2", "result": [samples.result("quality", "rating", {"rating": 3})]}
    for file_format, record in (
        (Format.MLFLOW, trace),
        (Format.LABEL_STUDIO, samples.TASK | {"predictions": [prediction]}),
    ):
        loaded = Loaded(tmp_path, file_format, [record])
        assert loaded.items == []
        assert "that Judgesmith wrote" in loaded.reasons(Effect.SKIPPED, "evaluations")


def test_mlflow_ignores_an_assessment_that_a_judge_replaced(tmp_path: Path) -> None:
    older = samples.assessment(1, "LLM_JUDGE", feedback={"value": 1}, valid=False)
    newer = samples.assessment(2, "LLM_JUDGE", feedback={"value": 4}, overrides="a-1")
    trace = samples.TRACE | {"info": samples.TRACE["info"] | {"assessments": [older, newer]}}  # type: ignore[operator]
    loaded = Loaded(tmp_path, Format.MLFLOW, [trace])
    assert loaded.items[0]["scores"] == {"quality": 4.0}
    assert "replaced" in loaded.reasons(Effect.SKIPPED, "evaluations")


def test_mlflow_replaces_a_shortened_preview_by_the_text_of_the_root_span(tmp_path: Path) -> None:
    trace = samples.TRACE | {"info": samples.TRACE["info"] | {"response_preview": '{"answer": "The ...'}}  # type: ignore[operator]
    assert Loaded(tmp_path, Format.MLFLOW, [trace]).items[0]["output"] == "The sea."


def test_langsmith_keeps_a_rejection_with_a_text_as_correction(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path, Format.LANGSMITH, [samples.FEEDBACK_ROW])
    assert loaded.corrections == [("r1", {"quality": 2.0}, "ann")]
    assert (loaded.approvals, loaded.comments) == ([], ["Wrong.\nThe sky scatters light."])


def test_langsmith_skips_failed_runs_and_reports_means_of_several_scores(tmp_path: Path) -> None:
    failed = samples.RUN | {"id": "r2", "outputs": None, "error": "Timeout"}
    several = samples.RUN | {"id": "r3", "feedback_stats": {"quality": {"n": 2, "avg": 3.0}}}
    loaded = Loaded(tmp_path, Format.LANGSMITH, [samples.RUN, failed, several])
    assert [(line["external_id"], line["output"], line["input"]) for line in loaded.items] == [
        ("r1", "The sea.", "Why?"),
        ("r3", "The sea.", "Why?"),
    ]
    assert "runs that failed: 'r2' x 1" in loaded.reasons(Effect.SKIPPED, "evaluations")
    assert "people's may be included" in loaded.reasons(Effect.CHANGED, "evaluations")


@pytest.mark.parametrize(
    ("file_format", "row", "place"),
    [
        (Format.LANGSMITH, samples.FEEDBACK_ROW | {"feedback_source": {"type": "api"}, "correction": None}, "type"),
        (Format.LANGFUSE, samples.score(1, "API", value=2), "source"),
    ],
)
def test_scores_of_unknown_raters_load_only_if_a_condition_chooses_them(
    tmp_path: Path, file_format: Format, row: Data, place: str
) -> None:
    loaded = Loaded(tmp_path, file_format, [row])
    assert (loaded.items, loaded.reviews) == ([], [])
    assert "choose them with --where" in loaded.reasons(Effect.SKIPPED, "feedback")
    path = "feedback_source.type" if place == "type" else place
    chosen = FileOptions(filters=parse_filters([f"{path}=api"], is_own=True))
    assert [scores for _, scores, _ in Loaded(tmp_path, file_format, [row], options=chosen).corrections] == [
        {"quality": 2.0}
    ]


@pytest.mark.parametrize(("name", "judges", "peoples"), [("judge_source", 1, 0), ("person_source", 0, 1)])
def test_options_name_whose_scores_a_kind_of_rater_gives(tmp_path: Path, name: str, judges: int, peoples: int) -> None:
    trace = samples.LANGFUSE_TRACE | {"scores": [samples.score(1, "API", value=3)]}
    loaded = Loaded(tmp_path, Format.LANGFUSE, [trace], options=FileOptions(fields={name: "api"}))
    assert (len(loaded.items), len(loaded.corrections)) == (judges, peoples)


def test_langfuse_reads_categories_by_their_label_and_thumbs_as_approvals(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path, Format.LANGFUSE, [samples.LANGFUSE_TRACE])
    assert loaded.corrections == [("t1", {"quality": 2.0}, "ann")]
    assert (loaded.approvals, loaded.comments) == ([False], ["Wrong.", "friendly"])


def test_langfuse_reads_scores_from_a_table(tmp_path: Path) -> None:
    table = "id,traceId,name,value,stringValue,dataType,source,timestamp,comment,authorUserId\n"
    table += "s1,t1,quality,4,,NUMERIC,EVAL,2026-03-02T10:00:00Z,,\n"
    table += "s2,t1,quality,2,,NUMERIC,ANNOTATION,2026-03-02T10:00:00Z,,ann\n"
    loaded = Loaded(tmp_path, Format.LANGFUSE, table)
    assert (loaded.items, loaded.corrections) == ([], [("t1", {"quality": 2.0}, "ann")])
    assert "scores by a judge, not a person: 'quality' x 1" in loaded.reasons(Effect.SKIPPED, "feedback")


def test_phoenix_annotations_of_models_are_not_corrections(tmp_path: Path) -> None:
    judge = samples.PHOENIX_ROW | {"annotator_kind": "LLM", "result.score": 4}
    loaded = Loaded(tmp_path, Format.PHOENIX, [judge, samples.PHOENIX_ROW])
    assert loaded.corrections == [("sp1", {"quality": 2.0}, "ann")]
    assert loaded.reviews[0]["submitted_at"] == "2026-03-02T10:00:00+00:00"
    assert "annotations by a judge, not a person" in loaded.reasons(Effect.SKIPPED, "feedback")


@pytest.mark.parametrize("record", [samples.ARGILLA_1, samples.ARGILLA_2_ROW])
def test_argilla_skips_drafts_and_discarded_responses(tmp_path: Path, record: Data) -> None:
    loaded = Loaded(tmp_path, Format.ARGILLA, [record])
    assert loaded.corrections == [("rec-1", {"quality": 2.0}, "ann")]
    assert "drafts or discarded" in loaded.reasons(Effect.SKIPPED, "feedback")


def test_argilla_responses_without_a_status_are_noted(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path, Format.ARGILLA, [samples.ARGILLA_2])
    assert "drafts may be among them" in loaded.reasons(Effect.CHANGED, "feedback")


def test_argilla_suggestions_by_people_are_not_the_judges(tmp_path: Path) -> None:
    record = samples.ARGILLA_1 | {"suggestions": [{"question_name": "quality", "type": "human", "value": 5}]}
    loaded = Loaded(tmp_path, Format.ARGILLA, [record])
    assert loaded.items == []
    assert "suggestions by people" in loaded.reasons(Effect.SKIPPED, "evaluations")


def test_label_studio_reads_json_min(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path, Format.LABEL_STUDIO, [samples.TASK_MINIMAL])
    assert loaded.items == []
    assert loaded.corrections == [("17", {"quality": 2.0}, "10")]
    assert [line["external_id"] for line in loaded.reviews] == ["17:1001"]
    assert loaded.comments == ["Wrong."]


def test_label_studio_reads_its_table(tmp_path: Path) -> None:
    table = "annotation_id,annotator,created_at,id,prompt,quality,response,updated_at\n"
    table += '1001,10,2026-03-02T10:00:00Z,17,Why?,"[{""rating"": 2}]",The sea.,2026-03-02T10:00:00Z\n'
    assert Loaded(tmp_path, Format.LABEL_STUDIO, table).corrections == [("17", {"quality": 2.0}, "10")]


@pytest.mark.parametrize(
    "part", [{"item_index": 0}, {"value": {"rating": 2, "start": 0, "end": 3}}], ids=["item", "region"]
)
def test_label_studio_refuses_ratings_of_parts(tmp_path: Path, part: Data) -> None:
    rating = samples.result("quality", "rating", {"rating": 2}) | part
    task = samples.TASK | {"annotations": [{"id": 1, "completed_by": 1, "result": [rating]}]}
    loaded = Loaded(tmp_path, Format.LABEL_STUDIO, [task])
    assert loaded.corrections == []
    assert "single parts of an item" in loaded.reasons(Effect.REFUSED, "feedback")


def test_label_studio_refuses_a_control_answered_twice(tmp_path: Path) -> None:
    ratings = [samples.result("quality", "rating", {"rating": value}) for value in (2, 4)]
    task = samples.TASK | {"annotations": [{"id": 1, "completed_by": 1, "result": ratings}]}
    loaded = Loaded(tmp_path, Format.LABEL_STUDIO, [task])
    assert loaded.corrections == []
    assert "second answer" in loaded.reasons(Effect.REFUSED, "feedback")


def test_label_studio_reports_cancelled_rejected_and_compared_annotations(tmp_path: Path) -> None:
    rejected = samples.TASK["annotations"][0] | {"id": 1003, "reviews": [{"accepted": False}]}  # type: ignore[index]
    task = samples.TASK | {"annotations": [*samples.TASK["annotations"], rejected], "predictions": [5, 6]}  # type: ignore[misc]
    loaded = Loaded(tmp_path, Format.LABEL_STUDIO, [task])
    reasons = loaded.reasons(Effect.SKIPPED, "feedback")
    assert [part in reasons for part in ("cancelled", "a reviewer rejected", "comparisons")] == [True, True, True]
    assert "predictions that are only ids" in loaded.reasons(Effect.SKIPPED, "evaluations")
    assert len(loaded.corrections) == 1


def test_promptfoo_separates_the_judge_from_a_persons_rating(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path, Format.PROMPTFOO, samples.PROMPTFOO, criteria=YES_OR_NO)
    assert [line["scores"] for line in loaded.items] == [{"pass": 1.0}]
    assert loaded.corrections == [("r1", {"pass": 0.0}, None)]
    assert loaded.comments == ["Wrong."]
    assert Loaded(tmp_path, Format.PROMPTFOO, samples.PROMPTFOO).approvals == [False]


def test_braintrust_scores_are_the_judges_unless_a_place_is_named(tmp_path: Path) -> None:
    row = samples.BRAINTRUST_ROW | {"scores": {"quality": 4, "Human quality": 2}}
    loaded = Loaded(tmp_path, Format.BRAINTRUST, [row])
    assert (loaded.items[0]["scores"], loaded.reviews) == ({"quality": 4.0}, [])
    options = FileOptions(fields={"quality": "scores.Human quality"})
    assert Loaded(tmp_path, Format.BRAINTRUST, [row], options=options).corrections == [("b1", {"quality": 2.0}, None)]


@pytest.mark.parametrize("content", [[samples.OUTPUT_ITEM], {"object": "list", "data": [samples.OUTPUT_ITEM]}])
def test_openai_output_items_give_graders_scores(tmp_path: Path, content: object) -> None:
    loaded = Loaded(tmp_path, Format.OPENAI_EVALS, content)
    [line] = loaded.items
    assert (line["input"], line["output"], line["scores"]) == ("Why?", "The sea.", {"quality": 4.0})
    assert loaded.reviews == []
    assert "graders that failed" in loaded.reasons(Effect.SKIPPED, "evaluations")
    named = FileOptions(fields={"quality": "datasource_item.human"})
    assert Loaded(tmp_path, Format.OPENAI_EVALS, content, options=named).corrections == [
        ("outputitem_1", {"quality": 2.0}, None)
    ]


def test_openai_logs_join_the_sample_with_its_scores(tmp_path: Path) -> None:
    lines = "".join(json.dumps(event) + "\n" for event in samples.EVENTS)
    [line] = Loaded(tmp_path, Format.OPENAI_EVALS, lines).items
    assert line == {"external_id": "qa.0", "input": "Why?", "output": "The sea.", "scores": {"quality": 4.0}}


def test_weave_feedback_keeps_its_types(tmp_path: Path) -> None:
    rows = [one | {"weave_ref": samples.WEAVE_REF} for one in samples.WEAVE_FEEDBACK]
    for content in ([samples.WEAVE_CALL], rows):
        loaded = Loaded(tmp_path, Format.WEAVE, content)
        assert loaded.corrections == [("c1", {"quality": 2.0}, "ann")]
        assert (loaded.approvals, loaded.comments) == ([False], ["Wrong."])
        assert "reactions other than thumbs: '🎉' x 1" in loaded.reasons(Effect.SKIPPED, "feedback")


@pytest.mark.parametrize(
    "content",
    [
        samples.DEEPEVAL,
        {"test_results": [{"name": "x", "input": "Why?", "actual_output": "The sea.",
                           "metrics_data": samples.DEEPEVAL_CASE["metricsData"]}]},
    ],
)  # fmt: skip
def test_deepeval_test_cases_give_the_scores_of_metrics(tmp_path: Path, content: object) -> None:
    loaded = Loaded(tmp_path, Format.DEEPEVAL, content)
    [line] = loaded.items
    assert (line["output"], line["scores"], line["rationale"]) == ("The sea.", {"quality": 4.0}, "quality: Fluent.")
    assert "metrics that failed: 'Bias' x 1" in loaded.reasons(Effect.SKIPPED, "evaluations")


def test_an_export_that_a_tool_wrote_with_wrong_types_is_reported(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path, Format.MLFLOW, [samples.TRACE | {"info": [1, 2]}, 5])
    assert loaded.items == loaded.reviews == []
    assert "A record is one JSON object" in loaded.reasons(Effect.REFUSED, "evaluations")
