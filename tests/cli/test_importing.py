"""What `judgesmith import` does with files, good and bad."""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from cli import importer
from cli.client import Client
from cli.errors import ApiError
from cli.import_command import import_command
from cli.importing import Totals, import_files

from .conftest import CRITERIA, KEY, FakeApi

QUIET = Console(file=io.StringIO())
app = Typer()
app.command("import")(import_command)


def evaluation(number: int, **changes: Any) -> dict[str, Any]:
    return {"external_id": f"e{number}", "group": "g", "output": "text", "scores": {"clarity": 4}} | changes


def correction(number: int, **changes: Any) -> dict[str, Any]:
    line = {"evaluation": f"e{number}", "type": "correction", "corrected_scores": {"clarity": 2}, "submitted_by": "ann"}
    return line | changes


def write(path: Path, *lines: Any) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def load(api: FakeApi, tmp_path: Path) -> Any:
    def run(evaluations: Path | None = None, feedback: Path | None = None) -> Totals:
        with Client(api.url, KEY) as client:
            return import_files(client, api.judge, evaluations, feedback, tmp_path / "errors.jsonl", QUIET)

    return run


def reports(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "errors.jsonl").read_text().splitlines()]


def test_evaluations_and_feedback_reach_the_server_as_its_inputs(load: Any, api: FakeApi, tmp_path: Path) -> None:
    scores = {"clarity": 4, "crit_accuracy": 3.5}
    load(
        write(tmp_path / "e", evaluation(1, scores=scores, evaluated_at="2026-01-05T09:00:00Z")),
        write(tmp_path / "f", correction(1, submitted_at="2026-01-05T10:00:00+01:00", external_id="f1")),
    )
    expected = {
        "externalId": "e1",
        "group": "g",
        "output": "text",
        "scores": [{"criterionId": "cri_1", "score": 4.0}, {"criterionId": "cri_2", "score": 3.5}],
        "evaluatedAt": "2026-01-05T09:00:00+00:00",
    }
    assert expected == api.evaluations["e1"]
    assert api.feedback["f1"]["evaluationExternalId"] == "e1"
    assert api.feedback["f1"]["type"] == "CORRECTION"
    assert api.feedback["f1"]["correctedScores"] == [{"criterionId": CRITERIA[0]["id"], "score": 2.0}]


def test_loading_again_changes_nothing(load: Any, tmp_path: Path) -> None:
    files = write(tmp_path / "e", evaluation(1), evaluation(2)), write(tmp_path / "f", correction(1))
    first, second = load(*files), load(*files)
    assert (first.evaluations.new, first.evaluations.already_there, first.feedback.new) == (2, 0, 1)
    assert (second.evaluations.new, second.evaluations.already_there, second.feedback.new) == (0, 2, 0)
    assert second.feedback.already_there == 1


def test_a_line_without_external_id_is_known_by_what_it_says(load: Any, api: FakeApi, tmp_path: Path) -> None:
    reordered = dict(reversed(correction(1).items())) | {"corrected_scores": {"clarity": 2.0}}
    totals = load(None, write(tmp_path / "f", correction(1), reordered, correction(2)))
    assert (totals.feedback.new, totals.feedback.already_there) == (2, 1)
    assert all(external_id.startswith("line-") for external_id in api.feedback)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{nonsense", "malformed"),
        (evaluation(9, scores={"charm": 3}), "unknown criterion 'charm'; this judge has clarity, accuracy"),
        (evaluation(9, scores={"clarity": 3, "crit_clarity": 4}), "same criterion"),
        (evaluation(9, output=5), "$.output"),
        (evaluation(9, colour="red"), "unknown field `colour`; a line may have output, scores"),
        (evaluation(9, evaluated_at="2026-01-05T09:00:00"), "timezone"),
        (evaluation(9, scores={"clarity": 7}), "A score is above 5. (field: scores)"),
    ],
)
def test_a_bad_evaluation_is_reported_and_the_others_load(
    load: Any, api: FakeApi, tmp_path: Path, line: Any, reason: str
) -> None:
    totals = load(write(tmp_path / "e", evaluation(1), line, evaluation(2)))
    assert (totals.evaluations.new, totals.evaluations.refused) == (2, 1)
    assert {"e1", "e2"} == set(api.evaluations)
    (report,) = reports(tmp_path)
    assert report["line"] == 2
    assert reason in report["reason"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "praise"}, "unknown type 'praise'; feedback is one of correction, rating, approval, comment"),
        ({"type": "rating", "rating": 4.5}, "rating 4.5 is not a whole number"),
        ({"type": "approval", "approved": "yes"}, "$.approved"),
    ],
)
def test_bad_feedback_is_reported(load: Any, tmp_path: Path, changes: Any, reason: str) -> None:
    assert load(None, write(tmp_path / "f", correction(1, **changes))).feedback.refused == 1
    assert reason in reports(tmp_path)[0]["reason"]


def test_a_row_that_spoils_its_whole_request_is_found_and_the_others_load(load: Any, tmp_path: Path) -> None:
    lines = [correction(n) for n in range(20)]
    lines[13] = {"evaluation": "e13", "type": "rating", "rating": 10**12}
    totals = load(None, write(tmp_path / "f", *lines))
    assert (totals.feedback.new, totals.feedback.refused) == (19, 1)
    assert reports(tmp_path)[0]["line"] == 14


def test_an_error_about_no_row_ends_the_import(load: Any, api: FakeApi, tmp_path: Path) -> None:
    error = {"message": "No such judge.", "field": ["judgeId"], "code": "NOT_FOUND"}
    payload = {"recordedCount": 0, "userErrors": [error]}
    api.answers["RecordEvaluations"] = lambda _: {"data": {"recordEvaluations": payload}}
    with pytest.raises(ApiError, match="No such judge"):
        load(write(tmp_path / "e", evaluation(1)))


def test_gzip_is_recognised_by_its_first_bytes(load: Any, tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_bytes(gzip.compress(json.dumps(evaluation(1)).encode()))
    assert load(path).evaluations.new == 1


def test_a_cut_off_gzip_file_is_an_error_for_people(load: Any, tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(evaluation(1)).encode())[:-12])
    with pytest.raises(ApiError, match="breaks off or is damaged"):
        load(path)


def test_a_minus_reads_stdin(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = json.dumps(evaluation(1)).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(given))))
    assert load(Path("-")).evaluations.new == 1


def test_batches_are_neither_too_many_rows_nor_too_many_bytes(
    load: Any, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(write(tmp_path / "e", *(evaluation(n) for n in range(1100))))
    assert api.batch_sizes == [500, 500, 100]
    api.batch_sizes.clear()
    monkeypatch.setattr(importer, "BATCH_BYTES", 2500)
    load(write(tmp_path / "e", *(evaluation(n, output="x" * 1000) for n in range(2000, 2004))))
    assert api.batch_sizes == [2, 2]


def invoke(api: FakeApi, *arguments: object, key: str = KEY) -> Any:
    return CliRunner().invoke(app, [*map(str, arguments), "--url", api.url, "--key", key])


def test_the_command_creates_the_judge_of_a_file_and_prints_totals(api: FakeApi, tmp_path: Path) -> None:
    judge = write(tmp_path / "judge.json", {"name": "New", "criteria": [{"name": "clarity", "min": 1, "max": 5}]})
    result = invoke(api, "--new", judge, "--evaluations", write(tmp_path / "e", evaluation(1)), "--json")
    assert result.exit_code == 0
    expected = {"new": 1, "already_there": 0, "refused": 0}
    totals = json.loads(result.stdout)
    assert ("jdg_new", expected) == (totals["judge_id"], totals["evaluations"])


def test_a_judge_that_is_already_there_is_loaded_into_again(api: FakeApi, tmp_path: Path) -> None:
    judge = write(
        tmp_path / "judge.json",
        {"id": "jdg_1", "name": "Fake", "criteria": [{"name": "accuracy"}, {"name": "clarity"}]},
    )
    assert "Judge: jdg_1" in invoke(api, "--new", judge).stdout


def test_the_command_ends_with_1_when_lines_were_refused(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke(api, "--judge", "jdg_1", "--evaluations", write(tmp_path / "e", "{", evaluation(1)))
    assert result.exit_code == 1
    assert "1 new, 0 already there, 1 refused" in result.stdout
    assert (tmp_path / "import-errors.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "key", "told"),
    [
        ([], KEY, "Name the judge"),
        (["--judge", "jdg_1", "--feedback", "/no/such/file"], KEY, "There is no file"),
        (["--judge", "jdg_other"], KEY, "There is no judge jdg_other"),
        (["--judge", "jdg_1"], "wrong", "does not know this key"),
        (["--judge", "jdg_1", "--feedback", "-", "--evaluations", "-"], KEY, "Only one of"),
    ],
)
def test_the_command_ends_with_2_when_it_can_not_run(api: FakeApi, arguments: list[str], key: str, told: str) -> None:
    result = invoke(api, *arguments, key=key)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
