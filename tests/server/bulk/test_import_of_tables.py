"""Tests of `judgesmith import` with tables: reports, waiting feedback, later edits, and similar ids."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.server.api import Api, Data
from tests.server.bulk.client import export_all

pytestmark = pytest.mark.usefixtures("true_counters")

JUDGE = {"name": "J", "criteria": [{"name": "Quality", "key": "crit_quality"}]}
ITEMS = "id,output,quality\n001,a,4\n002,b,\n003,,3\n"


@pytest.fixture
def judge(api: Api) -> Data:
    made: Data = api.run("CreateJudge", input=JUDGE)["judge"]
    return made


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_import(api: Api, judge: Data, *words: str, **files: str) -> tuple[int, Any]:
    """Import tables, and return the exit status and the totals.

    Args:
        api: client of the judge's workspace.
        judge: the judge.
        words: further words of the command.
        files: the content of the files, by kind.
    """
    options = []
    for kind, content in files.items():
        Path(f"{kind}.csv").write_text(content, encoding="utf-8")
        options += [f"--{kind}", f"{kind}.csv"]
    connection = ["--url", api.url, "--key", api.key or "", "--json", "--map", "csv"]
    found = CliRunner().invoke(app, ["import", "--judge", judge["id"], *options, *words, *connection])
    return found.exit_code, json.loads(found.stdout)


def test_everything_that_is_not_loaded_is_reported(api: Api, judge: Data) -> None:
    feedback = "evaluation,quality,rater\n001,Poor,ann\n003,2,ben\n1,2,cat\n"
    status, totals = run_import(api, judge, evaluations=ITEMS, feedback=feedback)
    assert status == 1
    assert (totals["evaluations"]["new"], totals["evaluations"]["skipped"]) == (2, 1)
    assert (totals["feedback"]["new"], totals["feedback"]["refused"]) == (1, 2)
    assert [(one["kind"], one["effect"], one["count"]) for one in totals["not_loaded"]] == [
        ("evaluations", "skipped", 1),
        ("feedback", "refused", 1),
    ]
    assert totals["not_loaded"][1]["samples"] == [{"value": "'Poor'", "count": 1}]
    unreadable, similar = [json.loads(line) for line in Path("import-errors.jsonl").read_text().splitlines()]
    assert (unreadable["file"], unreadable["line"]) == ("feedback.csv", 2)
    assert unreadable["reason"].startswith("Quality (column quality): 'Poor' is no score; allowed is 1 to 5")
    assert "There is an evaluation '001'" in similar["reason"]
    assert {line["external_id"]: line["output"] for line in export_all(api, judge, "evaluations")} == {
        "001": "a",
        "003": "",
    }


def test_skipped_records_are_a_failure_on_request(api: Api, judge: Data) -> None:
    assert run_import(api, judge, evaluations=ITEMS)[0] == 0
    assert run_import(api, judge, "--strict", evaluations=ITEMS)[0] == 1


def test_feedback_waits_for_its_evaluations(api: Api, judge: Data) -> None:
    status, totals = run_import(api, judge, feedback="evaluation,quality,rater\n001,2,ann\n009,1,ben\n")
    assert (status, totals["feedback"]["waiting"], totals["feedback"]["refused"]) == (1, 2, 0)
    waiting = Path(totals["waiting_file"])
    assert len(waiting.read_text().splitlines()) == 2

    status, totals = run_import(api, judge, evaluations=ITEMS)
    assert (status, totals["feedback"]["new"], totals["feedback"]["waiting"]) == (1, 1, 1)
    assert [line["evaluation"] for line in export_all(api, judge, "feedback")] == ["001"]
    assert json.loads(waiting.read_text())["evaluation"] == "009"

    status, totals = run_import(api, judge, evaluations="id,output,quality\n009,c,5\n")
    assert (status, totals["feedback"]["new"]) == (0, 1)
    assert not waiting.exists()


def test_a_later_edit_replaces_the_older_score(api: Api, judge: Data) -> None:
    head = "external_id,evaluation,quality,rater,submitted_at\n"
    run_import(api, judge, evaluations=ITEMS, feedback=f"{head}f1,001,2,ann,2026-03-01T10:00:00Z\n")
    edited = f"{head}f1,001,3,ann,2026-03-02T10:00:00Z\n"
    for counts in ({"new": 1, "updated": 1}, {"new": 0, "already_there": 1, "updated": 0}):
        status, totals = run_import(api, judge, feedback=edited)
        assert status == 0
        assert counts.items() <= totals["feedback"].items()
    untimed = f"{head}f1,001,4,ann,2026-03-02T10:00:00Z\n"
    assert run_import(api, judge, feedback=untimed)[1]["feedback"]["refused"] == 1
    assert run_import(api, judge, "--update", feedback=untimed)[1]["feedback"]["updated"] == 1
    live = [line for line in export_all(api, judge, "feedback") if line["external_id"] == "f1"]
    assert [line["corrected_scores"] for line in live] == [{"crit_quality": 4.0}]
