"""Tests of `train`, `watch` and `cancel`."""

import json

import pytest

from tests.cli.fake_api import Data, FakeApi, run

JOB = {"id": "job_1", "status": "QUEUED", "trainingType": "FINE_TUNE"}


@pytest.fixture
def created(api: FakeApi) -> list[Data]:
    """Return the list that gets the inputs of created jobs."""
    inputs: list[Data] = []

    def create(variables: Data) -> Data:
        inputs.append(variables["input"])
        warnings = [{"code": "X", "message": "No version is active yet."}]
        return {"data": {"createTrainingJob": {"trainingJob": JOB, "warnings": warnings, "userErrors": []}}}

    api.answers["CreateTrainingJob"] = create
    return inputs


def test_train_sends_only_the_given_options(api: FakeApi, created: list[Data]) -> None:
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


def test_train_sends_every_option(api: FakeApi, created: list[Data]) -> None:
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


def test_rejected_input_is_reported_without_a_traceback(api: FakeApi) -> None:
    error = {"message": "12 usable items; 20 are needed.", "field": ["trainingConfig"], "code": "INSUFFICIENT_FEEDBACK"}
    payload = {"trainingJob": None, "warnings": [], "userErrors": [error]}
    api.answers["CreateTrainingJob"] = lambda _: {"data": {"createTrainingJob": payload}}
    result = run(api, "train", "jdg_1")
    assert result.exit_code == 1
    assert result.stderr == "Error: 12 usable items; 20 are needed. (field: trainingConfig)\n"
    assert result.stdout == ""


@pytest.mark.parametrize("since", ["yesterday", "2024-13-01"])
def test_an_invalid_date_is_reported_with_an_example(api: FakeApi, since: str) -> None:
    result = run(api, "train", "jdg_1", "--since", since)
    assert result.exit_code == 2
    assert "Write it like 2026-01-31" in result.stderr


def test_a_date_without_offset_is_local_time(api: FakeApi, created: list[Data]) -> None:
    run(api, "train", "jdg_1", "--since", "2024-01-01")
    assert len(created[0]["trainingConfig"]["feedbackCutoffDate"]) == len("2024-01-01T00:00:00+00:00")


def test_cancel_sends_the_reason(api: FakeApi) -> None:
    inputs: list[Data] = []

    def answer(variables: Data) -> Data:
        inputs.append(variables["input"])
        payload = {"trainingJob": JOB | {"status": "CANCELLED"}, "userErrors": []}
        return {"data": {"cancelTrainingJob": payload}}

    api.answers["CancelTrainingJob"] = answer
    assert "Job job_1 is cancelled." in run(api, "cancel", "job_1", "--reason", "Wrong data.").stdout
    assert inputs == [{"jobId": "job_1", "reason": "Wrong data."}]
