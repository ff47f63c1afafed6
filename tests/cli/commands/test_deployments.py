"""Tests of `versions`, `deploy`, `rollback` and `retry`."""

import json
from typing import Any

from tests.cli.fake_api import Data, FakeApi, page, run

VERSION = {
    "id": "ver_1",
    "number": 1,
    "status": "ACTIVE",
    "evidence": {
        "before": {"meanAbsoluteError": 0.2},
        "after": {"meanAbsoluteError": 0.1},
        "maeChange": {"estimate": -0.1, "lower": -0.12, "upper": -0.08},
        "improved": True,
        "heldOutCount": 1200,
    },
}


def test_versions_are_listed_with_their_proofs(api: FakeApi) -> None:
    bare = VERSION | {"id": "ver_0", "number": 0, "status": "ARCHIVED", "evidence": None}
    api.answers["JudgeVersions"] = lambda _: {"data": {"judge": {"versions": page(VERSION, bare)}}}
    text = run(api, "versions", "jdg_1").stdout
    assert "ver_1" in text
    assert "1,200" in text
    assert "20.0% → 10.0%" in text
    assert "-10.0 [-12.0, -8.0]" in text
    assert "better" in text
    assert "no proof" in text
    assert [version["id"] for version in json.loads(run(api, "versions", "jdg_1", "--json").stdout)] == [
        "ver_1",
        "ver_0",
    ]


def test_the_versions_of_an_unknown_judge_are_an_error_that_names_the_list_of_judges(api: FakeApi) -> None:
    api.answers["JudgeVersions"] = lambda _: {"data": {"judge": None}}
    result = run(api, "versions", "jdg_none")
    assert result.exit_code == 1
    assert "`judgesmith judges` lists them" in result.stderr


def test_deploy_and_rollback_report_the_active_version(api: FakeApi) -> None:
    sent: list[Data] = []

    def answer(active: Data | None, field: str) -> Any:
        def handle(variables: Data) -> Data:
            sent.append(variables["input"])
            judge = {"id": "jdg_1", "name": "Essays", "activeVersion": active}
            return {"data": {field: {"judge": judge, "userErrors": []}}}

        return handle

    api.answers["DeployJudgeVersion"] = answer(VERSION, "deployJudgeVersion")
    api.answers["RollbackJudge"] = answer(None, "rollbackJudge")
    assert "Version 1 (ver_1) is now the active version of Essays." in run(api, "deploy", "ver_1").stdout
    assert run(api, "deploy", "ver_1", "--force", "--reason", "we must", "--json").exit_code == 0
    assert "Raw scores are in use for Essays" in run(api, "rollback", "jdg_1", "--reason", "too strict").stdout
    assert sent == [
        {"versionId": "ver_1", "force": False},
        {"versionId": "ver_1", "force": True, "reason": "we must"},
        {"judgeId": "jdg_1", "reason": "too strict"},
    ]


def test_a_retry_names_the_new_job(api: FakeApi) -> None:
    api.answers["RetryTrainingJob"] = lambda variables: {
        "data": {"retryTrainingJob": {"trainingJob": {"id": "job_2", "status": "QUEUED"}, "userErrors": []}}
    }
    assert "`judgesmith watch job_2`" in run(api, "retry", "job_1").stdout
    assert json.loads(run(api, "retry", "job_1", "--json").stdout)["id"] == "job_2"
