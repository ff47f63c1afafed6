"""What the client commands send and print."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.app import app
from cli.main import build_app

from .conftest import KEY, Data, FakeApi

JOB = {"id": "job_1", "status": "QUEUED", "trainingType": "FINE_TUNE"}


def run(api: FakeApi, *arguments: str) -> Any:
    return CliRunner(env={"JUDGESMITH_URL": api.url, "JUDGESMITH_API_KEY": KEY}).invoke(app, arguments)


def page(*nodes: Data, more: bool = False) -> Data:
    return {"nodes": nodes, "pageInfo": {"hasNextPage": more}, "totalCount": 40}


@pytest.fixture
def created(api: FakeApi) -> list[Data]:
    """The inputs of the jobs created."""
    inputs: list[Data] = []

    def create(variables: Data) -> Data:
        inputs.append(variables["input"])
        warnings = [{"code": "X", "message": "No version is active yet."}]
        return {"data": {"createTrainingJob": {"trainingJob": JOB, "warnings": warnings, "userErrors": []}}}

    api.answers["CreateTrainingJob"] = create
    return inputs


def test_train_sends_only_what_was_asked_for(api: FakeApi, created: list[Data]) -> None:
    result = run(api, "train", "jdg_1", "--type", "full-retrain")
    assert result.exit_code == 0
    assert created == [
        {
            "judgeId": "jdg_1",
            "trainingType": "FULL_RETRAIN",
            "trainingConfig": {},
            "executionOptions": {"autoDeploy": False},
        }
    ]
    assert "`judgesmith watch job_1` shows it live" in result.stdout
    assert "No version is active yet" in result.stderr


def test_train_passes_every_option_on(api: FakeApi, created: list[Data]) -> None:
    run(
        api,
        *("train", "jdg_1", "--type", "fine-tune", "--minimum", "15", "--since", "2024-01-01T00:00:00Z"),
        *("--target", "crit_clarity", "--target", "crit_accuracy", "--learning-rate", "0.0005", "--max-epochs", "30"),
        *("--validation-split", "0.2", "--no-early-stopping", "--seed", "7", "--auto-deploy", "--priority", "high"),
        *("--email", "ann@example.com", "--webhook", "https://example.com/hook", "--idempotency-key", "k"),
    )
    assert created == [
        {
            "judgeId": "jdg_1",
            "trainingType": "FINE_TUNE",
            "trainingConfig": {
                "feedbackCutoffDate": "2024-01-01T00:00:00+00:00",
                "minimumFeedbackCount": 15,
                "targetCriteria": ["crit_clarity", "crit_accuracy"],
                "validationSplit": 0.2,
                "learningRate": 0.0005,
                "maxEpochs": 30,
                "earlyStopping": False,
                "seed": 7,
            },
            "executionOptions": {
                "autoDeploy": True,
                "priority": "HIGH",
                "notificationEmail": "ann@example.com",
                "webhookUrl": "https://example.com/hook",
            },
            "idempotencyKey": "k",
        }
    ]


def test_train_prints_json_for_programs(api: FakeApi, created: list[Data]) -> None:
    assert json.loads(run(api, "train", "jdg_1", "--json").stdout) == JOB


def test_a_refused_input_is_told_without_a_traceback(api: FakeApi) -> None:
    error = {"message": "12 usable items; 20 are needed.", "field": ["trainingConfig"], "code": "INSUFFICIENT_FEEDBACK"}
    payload = {"trainingJob": None, "warnings": [], "userErrors": [error]}
    api.answers["CreateTrainingJob"] = lambda _: {"data": {"createTrainingJob": payload}}
    result = run(api, "train", "jdg_1")
    assert result.exit_code == 1
    assert result.stderr == "Error: 12 usable items; 20 are needed. (field: trainingConfig)\n"
    assert result.stdout == ""


@pytest.mark.parametrize("since", ["yesterday", "2024-13-01"])
def test_a_wrong_date_is_told_with_an_example(api: FakeApi, since: str) -> None:
    result = run(api, "train", "jdg_1", "--since", since)
    assert result.exit_code == 2
    assert "Write it like 2026-01-31" in result.stderr


def test_a_date_without_offset_is_local_time(api: FakeApi, created: list[Data]) -> None:
    run(api, "train", "jdg_1", "--since", "2024-01-01")
    assert len(created[0]["trainingConfig"]["feedbackCutoffDate"]) == len("2024-01-01T00:00:00+00:00")


def test_jobs_are_listed_newest_first_with_what_they_gained(api: FakeApi) -> None:
    seen: list[Data] = []
    job = {
        "id": "job_1",
        "judge": {"name": "Stories"},
        "trainingType": "FULL_RETRAIN",
        "status": "COMPLETED",
        "evidence": {"maeChange": {"estimate": -0.06, "lower": -0.08, "upper": -0.04}},
        "deployment": {"deployed": True},
        "createdAt": "2026-01-05T09:00:00Z",
    }

    def answer(variables: Data) -> Data:
        seen.append(variables)
        return {"data": {"trainingJobs": page(job, job | {"evidence": None, "deployment": None}, more=True)}}

    api.answers["TrainingJobs"] = answer
    text = run(api, "jobs", "--judge", "jdg_1", "--status", "completed", "--status", "failed", "--first", "2").stdout
    assert seen == [{"first": 2, "filter": {"judgeId": "jdg_1", "statuses": ["COMPLETED", "FAILED"]}}]
    assert "-6.0 [-8.0, -4.0] %" in text
    assert "2 of 40; --first shows more" in text


def test_judges_are_listed_with_their_criteria_and_active_version(api: FakeApi) -> None:
    judge = {
        "id": "jdg_1",
        "name": "Stories [x]",
        "criteria": [{"name": "clarity"}, {"name": "depth"}],
        "activeVersion": None,
        "createdAt": "2026-01-05T09:00:00Z",
    }
    api.answers["Judges"] = lambda _: {"data": {"judges": page(judge)}}
    text = run(api, "judges").stdout
    assert all(part in text for part in ("jdg_1", "Stories [x]", "clarity, depth", "none, raw scores"))
    assert json.loads(run(api, "judges", "--json").stdout) == [judge]


def test_empty_lists_say_how_to_begin(api: FakeApi) -> None:
    api.answers["Judges"] = lambda _: {"data": {"judges": page()}}
    assert "judgesmith import --new judge.json" in run(api, "judges").stdout


def test_the_summary_of_an_unknown_judge_is_an_error(api: FakeApi) -> None:
    api.answers["FeedbackSummary"] = lambda _: {"data": {"feedbackSummary": None}}
    result = run(api, "summary", "jdg_9")
    assert result.exit_code == 1
    assert "There is no judge jdg_9" in result.stderr


def test_cancel_passes_the_reason_on(api: FakeApi) -> None:
    seen: list[Data] = []

    def answer(variables: Data) -> Data:
        seen.append(variables["input"])
        payload = {"trainingJob": JOB | {"status": "CANCELLED"}, "userErrors": []}
        return {"data": {"cancelTrainingJob": payload}}

    api.answers["CancelTrainingJob"] = answer
    assert "Job job_1 is cancelled." in run(api, "cancel", "job_1", "--reason", "Wrong data.").stdout
    assert seen == [{"jobId": "job_1", "reason": "Wrong data."}]


@pytest.mark.parametrize("command", ["import", "train", "watch", "cancel", "jobs", "judges", "summary"])
def test_every_client_command_takes_a_server_and_a_key(command: str) -> None:
    text = CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"]).stdout
    assert all(part in text for part in ("--url", "JUDGESMITH_URL", "--key", "JUDGESMITH_API_KEY"))


def test_no_server_is_told_in_a_line() -> None:
    result = CliRunner().invoke(app, ["judges", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert result.stderr == ("Error: No server answers at http://127.0.0.1:9. Is `judgesmith serve` running there?\n")


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


def test_versions_are_listed_with_what_they_proved(api: FakeApi) -> None:
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


def test_versions_of_no_judge_are_an_error_that_says_where_to_look(api: FakeApi) -> None:
    api.answers["JudgeVersions"] = lambda _: {"data": {"judge": None}}
    result = run(api, "versions", "jdg_none")
    assert result.exit_code == 1
    assert "`judgesmith judges` lists them" in result.stderr


def test_deploying_and_rolling_back_tell_what_scores_now(api: FakeApi) -> None:
    sent: list[Data] = []

    def answer(active: Data | None, field: str) -> Any:
        def take(variables: Data) -> Data:
            sent.append(variables["input"])
            judge = {"id": "jdg_1", "name": "Essays", "activeVersion": active}
            return {"data": {field: {"judge": judge, "userErrors": []}}}

        return take

    api.answers["DeployJudgeVersion"] = answer(VERSION, "deployJudgeVersion")
    api.answers["RollbackJudge"] = answer(None, "rollbackJudge")
    assert "Version 1 (ver_1) scores for Essays now." in run(api, "deploy", "ver_1").stdout
    assert run(api, "deploy", "ver_1", "--force", "--reason", "we must", "--json").exit_code == 0
    assert "own scores stand for Essays now" in run(api, "rollback", "jdg_1", "--reason", "too strict").stdout
    assert sent == [
        {"versionId": "ver_1", "force": False},
        {"versionId": "ver_1", "force": True, "reason": "we must"},
        {"judgeId": "jdg_1", "reason": "too strict"},
    ]


def test_a_retry_names_the_new_job(api: FakeApi) -> None:
    api.answers["RetryTrainingJob"] = lambda variables: {
        "data": {"retryTrainingJob": {"trainingJob": JOB | {"id": "job_2"}, "userErrors": []}}
    }
    assert "`judgesmith watch job_2`" in run(api, "retry", "job_1").stdout
    assert json.loads(run(api, "retry", "job_1", "--json").stdout)["id"] == "job_2"


def test_watching_jobs_is_for_people(api: FakeApi) -> None:
    result = run(api, "jobs", "--watch", "--json")
    assert result.exit_code == 2
    assert "--json" in result.stderr


# What prints a key, a schema or a server's address and nothing else, or runs until it is stopped.
PLAIN = {"demo", "serve", "work", "migrate", "schema", "keys create", "keys revoke", "keys webhook-secret"}


def leaves(command: Any, *path: str) -> Iterator[tuple[str, set[str]]]:
    """Every command with its options."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, *path, name)
    if not hasattr(command, "commands"):
        yield " ".join(path), {option for one in command.params for option in one.opts}


def test_every_command_with_a_result_gives_it_to_programs_as_well() -> None:
    found = dict(leaves(typer.main.get_command(build_app())))
    assert {name for name, options in found.items() if "--json" not in options} == PLAIN
