"""Tests of the whole way from feedback to a better judge through the API, on both kinds of database."""

from datetime import datetime
from typing import Any

import pytest

from tests.server.api import Api, Data, fetch_all_pages, open_socket
from tests.server.conftest import Enter
from tests.server.scenarios import (
    FAIR,
    OVERRATED,
    create_job,
    follow_job,
    hour_timestamp,
    make_correction,
    make_feedback,
    make_item,
    make_job_request,
    make_judge,
    record_evaluations,
    submit_feedback,
)

ITEMS = 60


@pytest.fixture(params=["server", "postgres_server"], ids=["sqlite", "postgres"])
def api(request: pytest.FixtureRequest, enter: Enter) -> Api:
    return enter(request.getfixturevalue(request.param))


@pytest.fixture
def judge(api: Api) -> Data:
    """Create a judge with 60 evaluations and 60 feedback items: 48 corrections, 6 ratings, 4 approvals, 2 comments."""
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(ITEMS)])
    given = [make_correction(n, *([OVERRATED] if n % 4 == 0 else [])) for n in range(48)]
    given += [make_feedback(n, "RATING", rating=5 if n < 52 else 2, submittedBy="cleo") for n in range(48, 54)]
    given += [make_feedback(n, "APPROVAL", approved=n < 57) for n in range(54, 58)]
    given += [make_feedback(n, "COMMENT", comment="It rambles.") for n in range(58, 60)]
    payload = submit_feedback(api, judge, given)
    assert payload["acceptedCount"] == ITEMS
    assert [kept["type"] for kept in payload["feedback"]] == [one["type"] for one in given]
    return judge


def read_counts(summary: Data) -> tuple[int, ...]:
    names = ("totalFeedbackCount", "correctionCount", "ratingCount", "approvalCount", "commentCount")
    return tuple(summary[name] for name in names)


def read_shifts(summary: Data) -> dict[str, tuple[Any, ...]]:
    return {
        one["criterion"]["key"]: (one["correctionCount"], one["meanShift"], one["meanAbsoluteShift"])
        for one in summary["criteria"]
    }


def test_summary_describes_the_feedback_exactly(api: Api, judge: Data) -> None:
    whole = api.run("FeedbackSummary", judgeId=judge["id"])
    assert read_counts(whole) == (60, 48, 6, 4, 2)
    assert whole["usableCount"] == whole["newSinceLastTraining"] == 48 + 4 + 3
    assert (whole["evaluationCount"], whole["raterCount"]) == (60, 2)
    assert whole["dateRange"] == {"earliest": hour_timestamp(0), "latest": hour_timestamp(59)}
    assert read_shifts(whole) == {OVERRATED: (48, -1, 1), FAIR: (36, 0, 0)}
    assert whole["raterAgreement"] is None

    from_inclusive_to_exclusive = api.run(
        "FeedbackSummary", judgeId=judge["id"], since=hour_timestamp(40), until=hour_timestamp(50)
    )
    assert read_counts(from_inclusive_to_exclusive) == (10, 8, 2, 0, 0)
    assert from_inclusive_to_exclusive["dateRange"] == {"earliest": hour_timestamp(40), "latest": hour_timestamp(49)}

    other_offset = hour_timestamp(40).replace("T16:00:00Z", "T18:00:00+02:00")
    assert other_offset != hour_timestamp(40)
    assert (
        read_counts(api.run("FeedbackSummary", judgeId=judge["id"], since=other_offset, until=hour_timestamp(50)))[0]
        == 10
    )

    (fair,) = (criterion for criterion in judge["criteria"] if criterion["key"] == FAIR)
    for name in (fair["id"], FAIR):
        only = api.run("FeedbackSummary", judgeId=judge["id"], targetCriteria=[name])
        assert read_counts(only) == (48, 36, 6, 4, 2)
        assert read_shifts(only) == {FAIR: (36, 0, 0)}

    nothing = api.run("FeedbackSummary", judgeId=judge["id"], since=hour_timestamp(1000))
    assert read_counts(nothing) == (0, 0, 0, 0, 0)
    assert nothing["dateRange"] == {"earliest": None, "latest": None}


def test_training_improves_the_judge_with_evidence(api: Api, judge: Data) -> None:
    request = make_job_request(judge, config={"minimumFeedbackCount": 55, "seed": 7}, webhookUrl=None)
    before = api.run("TrainingPreflight", input=request)
    assert before["ready"]
    assert read_counts(before["feedbackSummary"]) == (60, 48, 6, 4, 2)
    assert before["estimatedDuration"] >= 1
    assert "DOUBT_WITHOUT_DIRECTION" in [warning["code"] for warning in before["warnings"]]
    assert api.run("TrainingJobs")["totalCount"] == 0  # a preflight creates nothing

    created = api.run("CreateTrainingJob", input=request)
    job = created["trainingJob"]
    assert created["warnings"] == before["warnings"]
    assert job["feedbackDataSummary"] == {
        "totalFeedbackCount": 60,
        "correctionCount": 48,
        "ratingCount": 6,
        "dateRange": {"earliest": hour_timestamp(0), "latest": hour_timestamp(59)},
    }

    updates = follow_job(api, job)
    check_stream(api, job, updates)
    done = api.run("TrainingJob", id=job["id"])
    check_proof(done)
    version = done["resultVersion"]
    assert (version["number"], version["status"]) == (1, "CANDIDATE")
    assert done["deployment"] is None or not done["deployment"]["deployed"]
    assert api.run("FeedbackSummary", judgeId=judge["id"])["newSinceLastTraining"] == 0

    deployed = api.run("DeployJudgeVersion", input={"versionId": version["id"], "expectedActiveVersionId": None})
    assert deployed["judge"]["activeVersion"]["id"] == version["id"]
    evaluation = check_evaluations(api, judge, version)
    check_nodes(api, judge, done, evaluation)

    rolled_back = api.run("RollbackJudge", input={"judgeId": judge["id"], "reason": "to see"})
    assert rolled_back["judge"]["activeVersion"] is None
    (archived,) = api.run("JudgeVersions", judgeId=judge["id"])["versions"]["nodes"]
    assert archived["status"] == "ARCHIVED"
    (error,) = api.user_errors("RollbackJudge", input={"judgeId": judge["id"]})
    assert error["code"] == "NOTHING_TO_ROLL_BACK"


def check_stream(api: Api, job: Data, updates: list[Data]) -> None:
    """Check that a job's stream is ordered and complete, resumes at any cursor, and equals the job's log.

    Args:
        api: client to use.
        job: the job.
        updates: updates received so far.
    """
    events = [update["event"] for update in updates]
    moves = [(event["from"], event["to"]) for event in events if event["__typename"] == "StatusChanged"]
    assert moves == [
        (None, "CREATED"),
        ("CREATED", "QUEUED"),
        ("QUEUED", "PREPARING"),
        ("PREPARING", "TRAINING"),
        ("TRAINING", "VALIDATING"),
        ("VALIDATING", "COMPLETED"),
    ]
    assert events[0]["to"] == "CREATED"
    assert events[-1]["to"] == "COMPLETED"
    assert "EpochCompleted" in [event["__typename"] for event in events]
    moments = [datetime.fromisoformat(event["at"]) for event in events]
    assert moments == sorted(moments)
    assert len({event["id"] for event in events}) == len(events)

    pages = fetch_all_pages(lambda after: api.run("TrainingJobEvents", jobId=job["id"], first=7, after=after)["events"])
    log = [edge for page in pages for edge in page["edges"]]
    assert [edge["node"] for edge in log] == events
    assert [edge["cursor"] for edge in log] == [update["cursor"] for update in updates]
    for place, update in enumerate(updates, start=1):
        rest = follow_job(api, job, after=update["cursor"])
        assert [later["event"] for later in rest] == events[place:]
    assert [update["event"] for update in follow_job(api, job)] == events


def check_proof(job: Data) -> None:
    """Check that all figures of the proof are present and consistent."""
    assert job["status"] == "COMPLETED"
    assert job["progress"]["fraction"] == 1
    assert job["startedAt"] <= job["finishedAt"]
    assert job["error"] is None
    assert job["attempt"] == 1
    assert job["trainingConfig"]["seed"] == 7
    evidence = job["evidence"]
    assert evidence["improved"]
    assert evidence["maeChange"]["lower"] <= evidence["maeChange"]["estimate"] <= evidence["maeChange"]["upper"] < 0
    change = evidence["after"]["meanAbsoluteError"] - evidence["before"]["meanAbsoluteError"]
    assert evidence["maeChange"]["estimate"] == pytest.approx(change, abs=1e-6)
    assert evidence["before"] == evidence["raw"]  # no version was active
    assert evidence["heldOutCount"] > 0
    assert 0 < evidence["groupCount"] <= ITEMS / 2
    by_key = {one["criterion"]["key"]: one for one in evidence["criteria"]}
    assert set(by_key) == {OVERRATED, FAIR}
    assert by_key[OVERRATED]["improved"]
    assert not any(one["worsened"] for one in by_key.values())
    assert by_key[OVERRATED]["raw"]["meanAbsoluteError"] > by_key[OVERRATED]["after"]["meanAbsoluteError"]


def check_evaluations(api: Api, judge: Data, version: Data) -> Data:
    """Check that 200 items of a call are scored and recorded. Return one of them.

    Args:
        api: client to use.
        judge: the judge.
        version: version that scores them.
    """
    items = [make_item(number, externalId=f"new{number}") for number in range(1000, 1200)]
    payload = api.run("Evaluate", input={"judgeId": judge["id"], "items": items, "record": True})
    assert payload["version"]["id"] == version["id"]
    assert [result["externalId"] for result in payload["results"]] == [one["externalId"] for one in items]
    for one, result in zip(items, payload["results"], strict=True):
        assert 0 <= result["overallScore"] <= 100
        for given, found in zip(one["scores"], result["scores"], strict=True):
            assert found["rawScore"] == given["score"]
            assert found["lower"] <= found["score"] <= found["upper"]
            assert found["verdict"] in (1, 2, 3, 4, 5)
    overrated = [result["scores"][0] for result in payload["results"]]
    assert (
        sum(one["score"] - one["rawScore"] for one in overrated) / 200 < -0.5
    )  # the version corrects the overrated criterion
    last = payload["results"][-1]
    kept = api.run("Evaluation", id=last["evaluation"]["id"])
    assert kept["version"]["id"] == version["id"]
    assert kept["output"] == items[-1]["output"]
    assert [(s["rawScore"], s["score"]) for s in kept["scores"]] == [
        (s["rawScore"], s["score"]) for s in last["scores"]
    ]
    again = api.run("Evaluate", input={"judgeId": judge["id"], "items": items, "record": True})
    assert again == payload  # the same items return the same evaluations
    return dict(kept)


def check_nodes(api: Api, judge: Data, job: Data, evaluation: Data) -> None:
    """Check that every kind of object is found by its id.

    Args:
        api: client to use.
        judge: the judge.
        job: a job with a version.
        evaluation: an evaluation of the judge.
    """
    submit_feedback(api, judge, [{"evaluationId": evaluation["id"], "type": "APPROVAL", "approved": True}])
    (feedback_item,) = api.run("Evaluation", id=evaluation["id"])["feedback"]["nodes"]
    viewer = api.run("Viewer")
    ids = {
        "Judge": judge["id"],
        "JudgeVersion": job["resultVersion"]["id"],
        "TrainingJob": job["id"],
        "Evaluation": evaluation["id"],
        "Feedback": feedback_item["id"],
        "User": viewer["user"]["id"],
        "Workspace": viewer["workspace"]["id"],
    }
    for kind, id_ in ids.items():
        found = api.query("query ($id: ID!) { node(id: $id) { __typename id } }", id=id_)["node"]
        assert found == {"__typename": kind, "id": id_}


def test_feedback_and_jobs_are_pushed_live(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(0)])
    few = {"minimumFeedbackCount": 1}
    with open_socket(api) as live:
        live.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
        assert live.next("1")["totalFeedbackCount"] == 0
        submit_feedback(api, judge, [make_correction(0)])
        assert live.next("1")["usableCount"] == 1
        live.send({"id": "1", "type": "complete"})

        known = create_job(api, judge, config=few, autoStart=False)
        last = api.run("TrainingJobEvents", jobId=known["id"])["events"]["pageInfo"]["endCursor"]
        live.subscribe("TrainingJobActivity", "2", judgeId=judge["id"], after=last)
        job = create_job(api, judge, config=few, autoStart=False)
        update = live.next("2")
        assert update["trainingJob"]["id"] == job["id"]
        assert (update["event"]["from"], update["event"]["to"]) == (None, "CREATED")
