"""Tests of the four training types, and of starting, cancelling, retrying and repeating jobs."""

from typing import Any

import pytest

from tests.server.api import Api, Data, open_socket
from tests.server.conftest import Enter
from tests.server.processes import Server
from tests.server.scenarios import (
    FAIR,
    OVERRATED,
    Trained,
    add_corrected_evaluations,
    create_job,
    evaluate_scores,
    follow_job,
    make_correction,
    make_feedback,
    make_item,
    make_job_request,
    make_judge,
    record_evaluations,
    run_job,
    submit_feedback,
)

PROBES = [make_item(number) for number in range(500, 520)]


def read_state(world: Trained) -> tuple[Any, ...]:
    """Return a judge, its versions and their scores of some items."""
    return (
        world.api.run("Judge", id=world.judge["id"]),
        world.api.run("JudgeVersions", judgeId=world.judge["id"]),
        evaluate_scores(world.api, world.judge, PROBES),
    )


def test_validation_measures_the_active_version_and_changes_nothing(trained: Trained) -> None:
    before = read_state(trained)
    job = run_job(trained.api, trained.judge, "VALIDATION", {"targetCriteria": [OVERRATED]}, autoDeploy=True)
    assert job["status"] == "COMPLETED", job["error"]
    assert job["resultVersion"] is None
    assert job["evidence"]["after"] is not None
    assert [one["criterion"]["key"] for one in job["evidence"]["criteria"]] == [OVERRATED]
    assert read_state(trained) == before


def test_fine_tuned_version_keeps_other_criteria_bit_for_bit(trained: Trained) -> None:
    api, judge = trained.api, trained.judge
    record_evaluations(api, judge, [make_item(number) for number in range(60, 80)])
    submit_feedback(api, judge, [make_correction(number, FAIR, submittedBy="cleo") for number in range(60, 80)])
    job = run_job(api, judge, "FINE_TUNE", {"targetCriteria": [FAIR]})
    assert job["status"] == "COMPLETED", job["error"]
    assert [criterion["key"] for criterion in job["trainingConfig"]["targetCriteria"]] == [FAIR]
    base = evaluate_scores(api, judge, PROBES, versionId=job["baseVersion"]["id"])
    tuned = evaluate_scores(api, judge, PROBES, versionId=job["resultVersion"]["id"])
    assert tuned[OVERRATED] == base[OVERRATED]


def test_incremental_job_continues_from_the_active_version(trained: Trained) -> None:
    api, judge = trained.api, trained.judge
    add_corrected_evaluations(api, judge, range(80, 100))
    since = api.run("TrainingPreflight", input=make_job_request(judge, "INCREMENTAL"))["feedbackSummary"]
    active = api.run("Judge", id=judge["id"])["activeVersion"]
    job = run_job(api, judge, "INCREMENTAL")
    assert job["status"] == "COMPLETED", job["error"]
    assert job["baseVersion"]["id"] == active["id"]
    assert job["feedbackDataSummary"]["totalFeedbackCount"] == since["totalFeedbackCount"] < 80
    versions = {v["id"]: v for v in api.run("JudgeVersions", judgeId=judge["id"])["versions"]["nodes"]}
    assert versions[job["resultVersion"]["id"]]["parent"]["id"] == active["id"]
    assert versions[job["resultVersion"]["id"]]["trainingJob"]["id"] == job["id"]


def test_unproven_version_is_deployed_only_by_force_and_can_be_rolled_back(server: Server, enter: Enter) -> None:
    api = enter(server)
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(24)])
    submit_feedback(api, judge, [make_feedback(number, "APPROVAL", approved=True) for number in range(24)])
    jobs = [run_job(api, judge, config={"seed": seed}, autoDeploy=True) for seed in (1, 2)]
    first, second = (job["resultVersion"]["id"] for job in jobs)
    for job in jobs:
        assert not job["deployment"]["deployed"]
        assert job["deployment"]["reason"]
    (error,) = api.user_errors("DeployJudgeVersion", input={"versionId": first})
    assert (error["code"], error["field"]) == ("NOT_AN_IMPROVEMENT", ["versionId"])
    (error,) = api.user_errors("DeployJudgeVersion", input={"versionId": first, "force": True})
    assert (error["code"], error["field"]) == ("INVALID", ["reason"])

    forced = {"versionId": first, "force": True, "reason": "a trial"}
    (error,) = api.user_errors("DeployJudgeVersion", input=forced | {"expectedActiveVersionId": second})
    assert (error["code"], error["field"]) == ("CONFLICT", ["expectedActiveVersionId"])
    assert read_statuses(api, judge, first, second) == ["CANDIDATE", "CANDIDATE"]
    api.run("DeployJudgeVersion", input=forced)
    api.run("DeployJudgeVersion", input=forced | {"versionId": second, "expectedActiveVersionId": first})
    assert read_statuses(api, judge, first, second) == ["BACKUP", "ACTIVE"]
    (error,) = api.user_errors("RollbackJudge", input={"judgeId": judge["id"], "expectedActiveVersionId": first})
    assert (error["code"], error["field"]) == ("CONFLICT", ["expectedActiveVersionId"])
    api.run("RollbackJudge", input={"judgeId": judge["id"]})
    assert read_statuses(api, judge, first, second) == ["ACTIVE", "ARCHIVED"]

    api.run("DeployJudgeVersion", input=forced | {"versionId": second, "backupCurrentVersion": False})
    assert read_statuses(api, judge, first, second) == ["ARCHIVED", "ACTIVE"]
    (error,) = api.user_errors("RollbackJudge", input={"judgeId": judge["id"]})
    assert (error["code"], error["field"]) == ("NOTHING_TO_ROLL_BACK", ["judgeId"])


def read_statuses(api: Api, judge: Data, *ids: str) -> list[str]:
    nodes = api.run("JudgeVersions", judgeId=judge["id"])["versions"]["nodes"]
    by_id = {version["id"]: version["status"] for version in nodes}
    return [by_id[id_] for id_ in ids]


def test_same_seed_and_feedback_produce_the_same_version(server: Server, enter: Enter, trained: Trained) -> None:
    api = enter(server)
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(60))
    job = run_job(api, judge)
    first = evaluate_scores(trained.api, trained.judge, PROBES, versionId=trained.version["id"])
    assert evaluate_scores(api, judge, PROBES, versionId=job["resultVersion"]["id"]) == first
    assert job["evidence"]["maeChange"] == trained.job["evidence"]["maeChange"]


def test_running_job_is_cancelled_and_can_be_retried(server: Server, enter: Enter) -> None:
    api = enter(server)
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(100, 400))
    job = create_job(api, judge)
    with open_socket(api) as live:
        live.subscribe("TrainingJobStatus", jobId=job["id"])
        for update in live.results():
            if update["event"].get("to") == "TRAINING":
                api.run("CancelTrainingJob", input={"jobId": job["id"], "reason": "on second thought"})
    assert (update["event"]["to"], update["trainingJob"]["status"]) == ("CANCELLED", "CANCELLED")
    assert "on second thought" in update["event"]["message"]
    assert api.run("JudgeVersions", judgeId=judge["id"])["versions"]["totalCount"] == 0
    retried = api.run("RetryTrainingJob", input={"jobId": job["id"]})["trainingJob"]
    assert retried["retryOf"] == {"id": job["id"]}
    api.run("CancelTrainingJob", input={"jobId": retried["id"]})
    assert follow_job(api, retried)[-1]["event"]["to"] == "CANCELLED"


@pytest.fixture
def judge(api: Api) -> Data:
    """Create a judge with 20 usable feedback items and an unusable one."""
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(20))
    submit_feedback(api, judge, [make_feedback(0, "RATING", externalId="doubt", rating=1)])
    return judge


def test_too_little_feedback_is_rejected_with_both_numbers(api: Api, judge: Data) -> None:
    request = make_job_request(judge, config={"minimumFeedbackCount": 21})
    document = """mutation ($input: CreateTrainingJobInput!) { createTrainingJob(input: $input) { userErrors {
        code field message ... on InsufficientFeedbackError { usableCount requiredCount } } } }"""
    (error,) = api.query(document, input=request)["createTrainingJob"]["userErrors"]
    message = error.pop("message")
    assert error == {
        "code": "INSUFFICIENT_FEEDBACK",
        "field": ["trainingConfig", "minimumFeedbackCount"],
        "usableCount": 20,
        "requiredCount": 21,
    }
    assert "20" in message
    assert "21" in message
    dry = api.payload("TrainingPreflight", input=request)
    assert not dry["ready"]
    assert [error["code"] for error in dry["userErrors"]] == ["INSUFFICIENT_FEEDBACK"]
    assert api.run("TrainingJobs")["totalCount"] == 0
    create_job(api, judge, config={"minimumFeedbackCount": 20})


def test_waiting_job_is_started_cancelled_and_retried(api: Api, judge: Data) -> None:
    job = create_job(api, judge, autoStart=False)
    assert job["status"] == "CREATED"
    (error,) = api.user_errors("RetryTrainingJob", input={"jobId": job["id"]})
    assert (error["code"], error["field"]) == ("NOT_RETRYABLE", ["jobId"])
    assert api.run("StartTrainingJob", input={"jobId": job["id"]})["trainingJob"]["status"] == "QUEUED"
    (error,) = api.user_errors("StartTrainingJob", input={"jobId": job["id"]})
    assert (error["code"], error["field"]) == ("NOT_STARTABLE", ["jobId"])
    assert api.run("CancelTrainingJob", input={"jobId": job["id"]})["trainingJob"]["status"] == "CANCELLED"
    (error,) = api.user_errors("CancelTrainingJob", input={"jobId": job["id"]})
    assert (error["code"], error["field"]) == ("NOT_CANCELLABLE", ["jobId"])
    (error,) = api.user_errors("StartTrainingJob", input={"jobId": job["id"]})
    assert error["code"] == "NOT_STARTABLE"
    events = [update["event"] for update in follow_job(api, job)]
    assert [event["to"] for event in events if "to" in event] == ["CREATED", "QUEUED", "CANCELLED"]

    add_corrected_evaluations(api, judge, range(20, 25))
    retried = api.run("RetryTrainingJob", input={"jobId": job["id"]})["trainingJob"]
    assert retried["retryOf"] == {"id": job["id"]}
    assert retried["status"] == "QUEUED"
    counted = [one["feedbackDataSummary"]["correctionCount"] for one in (job, retried)]
    assert counted == [20, 25]


def test_same_request_and_idempotency_key_return_the_first_job(api: Api, judge: Data) -> None:
    request = make_job_request(judge, autoStart=False) | {"idempotencyKey": "once"}
    first = api.run("CreateTrainingJob", input=request)["trainingJob"]
    assert api.run("CreateTrainingJob", input=request)["trainingJob"] == first
    (error,) = api.user_errors("CreateTrainingJob", input=request | {"trainingType": "INCREMENTAL"})
    assert (error["code"], error["field"]) == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    assert api.run("TrainingJobs")["totalCount"] == 1


def test_criterion_named_twice_counts_once(api: Api, judge: Data) -> None:
    (clarity,) = (criterion["id"] for criterion in judge["criteria"] if criterion["key"] == OVERRATED)
    config = {"targetCriteria": [OVERRATED, clarity, OVERRATED], "minimumFeedbackCount": 1}
    job = create_job(api, judge, "FINE_TUNE", config, autoStart=False)
    assert [criterion["id"] for criterion in job["trainingConfig"]["targetCriteria"]] == [clarity]


def test_omitted_or_null_field_gets_the_documented_default(api: Api, judge: Data) -> None:
    bare = {"judgeId": judge["id"], "trainingType": "FULL_RETRAIN", "trainingConfig": {}}
    nulls = {"minimumFeedbackCount": None, "seed": None, "learningRate": None, "targetCriteria": None}
    options = {"priority": None, "autoDeploy": None, "backupCurrentVersion": None, "autoStart": None}
    for request in (bare, bare | {"trainingConfig": nulls, "executionOptions": options}):
        job = api.run("CreateTrainingJob", input=request)["trainingJob"]
        config, chosen = job["trainingConfig"], job["executionOptions"]
        assert (config["minimumFeedbackCount"], config["seed"], config["targetCriteria"]) == (20, 0, [])
        assert (chosen["priority"], chosen["autoDeploy"], chosen["backupCurrentVersion"]) == ("NORMAL", False, True)
        assert job["status"] == "QUEUED"
