"""Tests of the lineage of versions, and of version files."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.app import app
from models.access import Role
from runner.versions.importer import MAX_BYTES
from tests.server.api import Api, Data, assert_nothing_leaks
from tests.server.conftest import Enter
from tests.server.processes import Server
from tests.server.scenarios import (
    OVERRATED,
    Trained,
    add_corrected_evaluations,
    evaluate_scores,
    make_item,
    make_job_request,
    make_judge,
    record_evaluations,
    run_job,
    train_a_judge,
)

ZIP = {"content-type": "application/zip"}
ITEMS = [make_item(number) for number in range(100, 110)]


@pytest.fixture(scope="module")
def trained(server: Server, enter: Enter) -> Trained:
    """Return a trained judge that other tests do not change."""
    return train_a_judge(enter(server, workspace="files"))


@pytest.fixture(scope="module")
def content(trained: Trained) -> bytes:
    """Return the file of its version."""
    answer = trained.api.http.get(f"/versions/{trained.version['id']}/file")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{trained.version["id"]}.npz"'
    return answer.content


def read_version(api: Api, version_id: str) -> Data:
    found: Data = api.run("JudgeVersion", id=version_id)
    return found


def count_versions(api: Api, judge: Data) -> int:
    total: int = api.run("JudgeVersions", judgeId=judge["id"])["versions"]["totalCount"]
    return total


def test_version_shows_its_lineage(trained: Trained, content: bytes) -> None:
    lineage = read_version(trained.api, trained.version["id"])["lineage"]

    assert (lineage["imported"], lineage["trainingType"], lineage["seed"]) == (False, "FULL_RETRAIN", 0)
    assert (lineage["feedbackAfter"], lineage["feedbackWatermark"]) == (0, 60)
    assert (lineage["labelCount"], lineage["itemCount"]) == (120, 60)
    assert len(lineage["feedbackDigest"]) == 64
    assert lineage["codeVersion"]
    assert lineage["fileDigest"] == hashlib.sha256(content).hexdigest()
    assert lineage["config"]["minimumFeedbackCount"] == 20
    assert lineage["config"]["maxEpochs"] == trained.job["trainingConfig"]["maxEpochs"]


def test_imported_version_scores_the_same_and_has_no_proof(
    server: Server, trained: Trained, content: bytes, enter: Enter
) -> None:
    api = enter(server)
    judge = make_judge(api)
    answer = api.http.post(f"/judges/{judge['id']}/versions", content=content, headers=ZIP)
    created = answer.json()
    [entry] = api.run("AuditLog", filter={"actions": ["VERSION_IMPORTED"]})["nodes"]
    assert (entry["targetId"], entry["user"]["name"]) == (created["version_id"], "ann")
    assert hashlib.sha256(content).hexdigest() in entry["message"]
    found = read_version(api, created["version_id"])
    (error,) = api.user_errors("DeployJudgeVersion", input={"versionId": created["version_id"]})

    assert answer.status_code == 201
    assert answer.headers["location"] == f"/versions/{created['version_id']}/file"
    assert (created["number"], created["status"], created["judge_id"]) == (1, "candidate", judge["id"])
    assert found["status"] == "CANDIDATE"
    assert found["evidence"] is found["trainingJob"] is found["parent"] is None
    assert found["lineage"]["imported"]
    assert found["lineage"]["fileDigest"] == created["file_digest"] == hashlib.sha256(content).hexdigest()
    assert found["lineage"]["feedbackDigest"] is found["lineage"]["config"] is None
    assert (error["code"], error["maeChange"]) == ("NOT_AN_IMPROVEMENT", None)
    assert api.http.get(answer.headers["location"]).content == content
    assert evaluate_scores(api, judge, ITEMS, versionId=created["version_id"]) == evaluate_scores(
        trained.api, trained.judge, ITEMS, versionId=trained.version["id"]
    )


def test_imported_version_is_not_measured_on_feedback_it_may_have_seen(
    server: Server, content: bytes, enter: Enter
) -> None:
    api = enter(server)
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(40))
    created = api.http.post(f"/judges/{judge['id']}/versions", content=content, headers=ZIP).json()
    api.run("DeployJudgeVersion", input={"versionId": created["version_id"], "force": True, "reason": "from elsewhere"})
    job = run_job(api, judge, "VALIDATION")

    assert job["status"] == "COMPLETED", job["error"]
    assert job["baseVersion"]["id"] == created["version_id"]
    assert "the active version's recipe refitted out of fold" in job["evidence"]["method"]
    (error,) = api.user_errors("CreateTrainingJob", input=make_job_request(judge, "INCREMENTAL"))
    assert error["code"] == "INSUFFICIENT_FEEDBACK"
    assert "There are 0 usable items of feedback since version 1" in error["message"]


def test_incompatible_file_is_rejected_and_changes_nothing(api: Api, content: bytes) -> None:
    criteria = [{"name": "Clarity", "key": OVERRATED, "max": 7}]
    judge = api.run("CreateJudge", input={"name": "Other", "criteria": criteria})["judge"]
    for body, status, code in [
        (content, 422, "INVALID"),
        (content[:-20], 422, "INVALID"),
        (b"", 422, "INVALID"),
        (bytes(MAX_BYTES + 1), 413, "LIMIT_EXCEEDED"),
    ]:
        answer = api.http.post(f"/judges/{judge['id']}/versions", content=body, headers=ZIP)
        assert_nothing_leaks(answer)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    other = api.http.post(f"/judges/{judge['id']}/versions", content=content, headers={"content-type": "text/plain"})

    assert other.status_code == 415
    assert count_versions(api, judge) == 0


def test_roles_for_export_and_import(server: Server, trained: Trained, content: bytes, enter: Enter) -> None:
    path, upload = f"/versions/{trained.version['id']}/file", f"/judges/{trained.judge['id']}/versions"
    viewer, annotator, outsider = (
        enter(server, workspace="files", role=Role.VIEWER),
        enter(server, workspace="files", role=Role.ANNOTATOR),
        enter(server),
    )
    before = count_versions(trained.api, trained.judge)

    assert viewer.http.get(path).content == content
    assert annotator.http.post(upload, content=content, headers=ZIP).status_code == 403
    assert (outsider.http.get(path).status_code, outsider.http.get("/versions/ver_gone/file").status_code) == (404, 404)
    assert outsider.http.post(upload, content=content, headers=ZIP).status_code == 404
    for method, where in (("GET", path), ("POST", upload)):
        answer = httpx.request(method, server.url + where, headers=ZIP, trust_env=False)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")
    assert count_versions(trained.api, trained.judge) == before


def invoke(api: Api, *arguments: str) -> Result:
    return CliRunner(env={"JUDGESMITH_URL": api.url, "JUDGESMITH_API_KEY": api.key}).invoke(app, arguments)


def test_command_copies_a_version_to_another_judge_and_compares_it(
    trained: Trained, content: bytes, tmp_path: Path
) -> None:
    api, file = trained.api, tmp_path / "version.npz"
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(20)])
    out = invoke(api, "export-version", trained.version["id"], str(file))
    created = json.loads(invoke(api, "import-version", str(file), "--judge", judge["id"], "--json").stdout)
    compared = invoke(api, "compare", judge["id"], "--from", "raw", "--to", created["version_id"])

    assert (out.exit_code, file.read_bytes()) == (0, content)
    assert created["status"] == "candidate"
    assert compared.exit_code == 0
    assert "From the raw scores to version 1 (candidate), " in compared.stdout
    assert "of 40 verdicts change" in compared.stdout
    assert "Clarity" in compared.stdout


def test_command_reports_why_a_file_is_rejected(trained: Trained, tmp_path: Path) -> None:
    api, file = trained.api, tmp_path / "no version.npz"
    file.write_bytes(b"hello")
    refused = invoke(api, "import-version", str(file), "--judge", trained.judge["id"])
    unread = invoke(api, "import-version", str(tmp_path / "gone"), "--judge", trained.judge["id"])
    unknown = invoke(api, "export-version", "ver_gone", str(tmp_path / "new"))

    assert (refused.exit_code, unread.exit_code, unknown.exit_code) == (1, 1, 1)
    assert "holds no judge version that can be used here" in refused.stderr
    assert "can't be read" in unread.stderr
    assert "There is no judge version 'ver_gone'" in unknown.stderr
    assert not (tmp_path / "new").exists()


def test_command_shows_a_learning_curve_and_suggestions(trained: Trained) -> None:
    api, judge = trained.api, trained.judge
    record_evaluations(api, judge, [make_item(number) for number in range(200, 203)])
    curve, suggested = invoke(api, "learning-curve", judge["id"]), invoke(api, "suggest", judge["id"])

    assert (curve.exit_code, suggested.exit_code) == (0, 0)
    assert "none, raw scores" in curve.stdout
    assert "120" in curve.stdout
    assert all(f"e{number}" in suggested.stdout for number in range(200, 203))
    assert invoke(api, "suggest", "jdg_gone").exit_code == invoke(api, "learning-curve", "jdg_gone").exit_code == 1
