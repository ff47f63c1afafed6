"""Tests of `judgesmith export --scores`: a version's scores in the formats of evaluation tools."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.server.conftest import Enter
from tests.server.processes import Server
from tests.server.scenarios import Trained, train_a_judge

Data = dict[str, Any]


@pytest.fixture(scope="module")
def trained(server: Server, enter: Enter) -> Trained:
    """Return a trained judge that other tests do not change."""
    return train_a_judge(enter(server, workspace="scores"))


def export(trained: Trained, path: Path, *words: str) -> Any:
    """Export the scores of the trained version.

    Args:
        trained: the judge and its version.
        path: the file to write.
        words: further arguments.
    """
    command = ["export", "--judge", trained.judge["id"], "--scores", str(path), "--version", trained.version["id"]]
    return CliRunner().invoke(app, [*command, *words, "--url", trained.api.url, "--key", trained.api.key or ""])


def export_lines(trained: Trained, path: Path, *words: str) -> list[Data]:
    answer = export(trained, path, *words)
    assert answer.exit_code == 0, answer.output
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_table_has_both_scores_of_every_item(trained: Trained, tmp_path: Path) -> None:
    answer = export(trained, tmp_path / "scores.csv", "--json")
    assert answer.exit_code == 0, answer.output
    with (tmp_path / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == json.loads(answer.stdout)["scores"]["items"] > 0
    [criterion, *_] = [one["name"] for one in trained.judge["criteria"]]
    assert {rows[0][name] != "" for name in ("external_id", criterion, f"{criterion}_adjusted")} == {True}
    assert any(row[criterion] != row[f"{criterion}_adjusted"] for row in rows)
    assert {row["version"] for row in rows} == {str(trained.version["number"])}


def test_formats_of_tools_hold_the_same_scores(trained: Trained, tmp_path: Path) -> None:
    assessments = export_lines(trained, tmp_path / "m", "--format", "mlflow")
    feedback = export_lines(trained, tmp_path / "l", "--format", "langsmith")
    scores = export_lines(trained, tmp_path / "f", "--format", "langfuse")
    found = [
        {(line["trace_id"], line["assessment_name"]): line["feedback"]["value"] for line in assessments},
        {(line["run_id"], line["key"]): line["score"] for line in feedback},
        {(line["trace_id"], line["name"]): line["value"] for line in scores},
    ]
    assert found[0]
    assert found[0] == found[1] == found[2]
    assert {line["source"]["source_type"] for line in assessments} == {"LLM_JUDGE"}
    assert {line["feedback_source_type"] for line in feedback} == {"model"}
    assert len({line["score_id"] for line in scores}) == len(scores)


def test_predictions_for_label_studio_fit_the_control(trained: Trained, tmp_path: Path) -> None:
    lines = export_lines(trained, tmp_path / "p", "--format", "label-studio", "--control", "answer:rating")
    results = [result for line in lines for result in line["result"]]
    assert {(result["to_name"], result["type"]) for result in results} == {("answer", "rating")}
    assert all(isinstance(result["value"]["rating"], int) for result in results)
    assert {line["model_version"] for line in lines} == {f"judgesmith/v{trained.version['number']}"}


def test_options_of_scores_require_a_file(trained: Trained, tmp_path: Path) -> None:
    words = ["export", "--judge", trained.judge["id"], "--format", "mlflow", "--judge-file", str(tmp_path / "j")]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2
    assert "--scores FILE" in answer.output
    assert export(trained, tmp_path / "s", "--control", "x:stars").exit_code == 2
