"""Tests of listing, summarizing and retracting feedback, and of changing judges."""

import time
from typing import Any

import pytest

from models.access import Role
from resolvers.subscriptions import SUMMARY_INTERVAL_SECONDS
from tests.server.api import Api, Data, fetch_all_pages, open_socket
from tests.server.conftest import Enter
from tests.server.processes import Server, run_command
from tests.server.scenarios import (
    add_corrected_evaluations,
    create_job,
    follow_job,
    hour_timestamp,
    make_correction,
    make_feedback,
    make_item,
    make_judge,
    record_evaluations,
    run_job,
    submit_feedback,
)

pytestmark = pytest.mark.usefixtures("true_counters")

CLARITY = "crit_clarity"


def retract(api: Api, feedback_id: str, reason: str = "Clicked the wrong item.") -> Data:
    retracted: Data = api.run("RetractFeedback", input={"feedbackId": feedback_id, "reason": reason})["feedback"]
    return retracted


def list_feedback(api: Api, judge: Data, **what: Any) -> list[Data]:
    """Return all feedback of a judge, read in small pages."""

    def fetch(after: str | None) -> Data:
        page: Data = api.run("JudgeFeedback", judgeId=judge["id"], first=3, after=after, filter=what)["feedback"]
        return page

    return [node for page in fetch_all_pages(fetch) for node in page["nodes"]]


def test_feedback_is_listed_newest_first_and_filtered(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(5))
    submit_feedback(
        api,
        judge,
        [make_feedback(9, "RATING", rating=2, evaluationExternalId="e1", comment="Far too kind", submittedBy="cy")],
    )

    assert [node["submittedAt"] for node in list_feedback(api, judge)] == [
        hour_timestamp(n) for n in (9, 4, 3, 2, 1, 0)
    ]
    assert [node["evaluation"]["externalId"] for node in list_feedback(api, judge, types=["RATING"])] == ["e1"]
    assert (
        len(list_feedback(api, judge, criterionId="crit_clarity", since=hour_timestamp(1), until=hour_timestamp(3)))
        == 2
    )
    assert len(list_feedback(api, judge, submittedBy="ben")) == 5
    assert [node["comment"] for node in list_feedback(api, judge, search='"kind" TOO')] == ["Far too kind"]
    assert list_feedback(api, judge, submittedBy="nobody") == []


def test_evaluations_are_listed_searched_and_queued_for_review(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(6)])
    submit_feedback(api, judge, [make_correction(number) for number in range(4)])

    def names(**what: Any) -> list[str]:
        found = api.run("JudgeEvaluations", judgeId=judge["id"], filter=what)["evaluations"]["nodes"]
        return [node["externalId"] for node in found]

    assert names() == ["e5", "e4", "e3", "e2", "e1", "e0"]
    assert names(hasFeedback=False) == ["e5", "e4"]
    assert names(hasFeedback=True) == ["e3", "e2", "e1", "e0"]
    assert names(search="answer 2") == ["e2"]
    submit_feedback(api, judge, [make_feedback(9, "RATING", rating=2, evaluationExternalId="e1", submittedBy="cy")])
    assert names(submittedBy="cy") == names(feedbackTypes=["RATING", "COMMENT"]) == ["e1"]
    assert names(criterionId=CLARITY, feedbackTypes=["CORRECTION"]) == ["e3", "e2", "e1", "e0"]
    assert names(criterionId=CLARITY, submittedBy="cy") == []
    [error] = api.errors("JudgeEvaluations", judgeId=judge["id"], filter={"criterionId": "crit_none"})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("NOT_FOUND", ["filter", "criterionId"])


@pytest.mark.parametrize(
    ("what", "field", "code"),
    [
        ({"search": " "}, ["filter", "search"], "INVALID"),
        ({"search": "a" * 201}, ["filter", "search"], "LIMIT_EXCEEDED"),
        ({"criterionId": "crit_none"}, ["filter", "criterionId"], "NOT_FOUND"),
        ({"since": hour_timestamp(2), "until": hour_timestamp(1)}, ["filter", "until"], "INVALID"),
    ],
    ids=str,
)
def test_invalid_filter_is_rejected(api: Api, what: Data, field: list[str], code: str) -> None:
    [error] = api.errors("JudgeFeedback", judgeId=make_judge(api)["id"], filter=what)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, field)


def test_retracted_feedback_is_not_counted_and_shows_who_retracted_it_and_why(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(3))
    newest, *_ = list_feedback(api, judge)
    retracted = retract(api, newest["id"])

    assert retracted["retractedBy"]["name"] == "ann"
    assert retracted["retractionReason"] == "Clicked the wrong item."
    assert retract(api, newest["id"], "Another reason.") == retracted
    log = [entry for entry in api.run("AuditLog")["nodes"] if entry["action"] == "FEEDBACK_RETRACTED"]
    assert [(entry["targetId"], entry["reason"], entry["user"]["name"]) for entry in log] == [
        (newest["id"], "Clicked the wrong item.", "ann")
    ]
    assert api.run("FeedbackSummary", judgeId=judge["id"])["usableCount"] == 2
    assert len(list_feedback(api, judge)) == 2
    assert [node["id"] for node in list_feedback(api, judge, includeRetracted=True) if node["retractedAt"]] == [
        newest["id"]
    ]
    again = submit_feedback(api, judge, [make_correction(2)])
    assert (again["acceptedCount"], again["feedback"][0]["id"]) == (0, newest["id"])


def test_retraction_requires_a_reason_and_feedback_of_the_workspace(
    api: Api, enter: Enter, quiet_server: Server
) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(1))
    [mine] = list_feedback(api, judge)
    [blank] = api.user_errors("RetractFeedback", input={"feedbackId": mine["id"], "reason": " "})
    [foreign] = enter(quiet_server).user_errors("RetractFeedback", input={"feedbackId": mine["id"], "reason": "x"})
    [unknown] = api.user_errors("RetractFeedback", input={"feedbackId": "fb_none", "reason": "x"})

    assert (blank["code"], blank["field"]) == ("INVALID", ["reason"])
    assert (foreign["code"], unknown["code"]) == ("NOT_FOUND", "NOT_FOUND")
    assert foreign["message"].replace(mine["id"], "fb_none") == unknown["message"]


def test_annotator_retracts_only_feedback_of_own_user(quiet_server: Server, enter: Enter) -> None:
    admin = enter(quiet_server, workspace="annotators")
    ben = enter(quiet_server, workspace="annotators", role=Role.ANNOTATOR, user="ben")
    judge = make_judge(admin)
    add_corrected_evaluations(admin, judge, range(1))
    own: Data = make_feedback(1, "RATING", rating=5, evaluationExternalId="e0")
    [rating] = submit_feedback(ben, judge, [own])["feedback"]
    [correct] = list_feedback(admin, judge, types=["CORRECTION"])

    [error] = ben.errors("RetractFeedback", input={"feedbackId": correct["id"], "reason": "I disagree."})
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert retract(ben, rating["id"])["retractedBy"]["name"] == "ben"
    assert retract(admin, correct["id"])["retractedBy"]["name"] == "ann"


def test_retracted_feedback_is_removed_from_a_queued_job(server: Server, enter: Enter) -> None:
    api = enter(server)
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(24))
    job = create_job(api, judge, autoStart=False)
    for node in list_feedback(api, judge)[:20]:
        retract(api, node["id"])
    api.run("StartTrainingJob", input={"jobId": job["id"]})
    messages = [update["event"]["message"] for update in follow_job(api, job)]

    assert [message for message in messages if "8 labels" in message], messages


def test_summary_updates_are_throttled_and_the_last_state_is_sent(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(0)])
    with open_socket(api) as live:
        live.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
        assert live.next()["totalFeedbackCount"] == 0
        began = time.monotonic()
        for number in range(20):
            submit_feedback(
                api,
                judge,
                [make_feedback(number, "RATING", rating=4, evaluationExternalId="e0", submittedBy=f"r{number}")],
            )
        totals = [0]
        while totals[-1] < 20:
            totals.append(live.next()["totalFeedbackCount"])
        pushed = len(totals) - 1
        assert pushed <= (time.monotonic() - began) / SUMMARY_INTERVAL_SECONDS + 1
    assert totals == sorted(set(totals))


def test_days_start_at_midnight_of_the_requested_time_zone(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(0)])
    base = {"type": "RATING", "rating": 5, "evaluationExternalId": "e0"}
    moments = [
        "2026-03-28T22:59:59.999999Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T21:59:59.999999Z",
        "2026-03-29T22:00:00Z",
    ]
    submit_feedback(api, judge, [base | {"submittedAt": moment} for moment in moments])

    def days(**more: Any) -> list[tuple[str, int]]:
        found = api.run("FeedbackByDay", judgeId=judge["id"], **more)
        return [(day["date"], day["usableCount"]) for day in found]

    assert days() == [("2026-03-28", 2), ("2026-03-29", 2)]
    # in Berlin the 29th has 23 hours
    assert days(timeZone="Europe/Berlin") == [("2026-03-28", 1), ("2026-03-29", 2), ("2026-03-30", 1)]
    assert days(timeZone="Asia/Kathmandu") == [("2026-03-29", 2), ("2026-03-30", 2)]
    assert days(since=moments[1], until=moments[3], timeZone="Europe/Berlin") == [("2026-03-29", 2)]
    for zone in ("Middle/Earth", "../../etc/passwd", "Europe"):
        [error] = api.errors("FeedbackByDay", judgeId=judge["id"], timeZone=zone)
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID", ["timeZone"])


def test_period_of_centuries_is_rejected(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(0)])
    base = {"type": "RATING", "rating": 5, "evaluationExternalId": "e0"}
    submit_feedback(api, judge, [base | {"submittedAt": f"{year}-06-01T12:00:00Z"} for year in ("0001", "9999")])
    [error] = api.errors("FeedbackByDay", judgeId=judge["id"], timeZone="America/New_York")
    assert error["extensions"]["code"] == "INVALID"
    assert [d["date"] for d in api.run("FeedbackByDay", judgeId=judge["id"], since="9999-01-01T00:00:00Z")] == [
        "9999-06-01"
    ]


def test_agreement_is_reported_per_criterion_and_period(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(6)])
    for rater in ("ann", "ben"):
        submit_feedback(api, judge, [make_correction(n, externalId=None, submittedBy=rater) for n in range(6)])
    query = """query ($id: ID!, $since: DateTime) { feedbackSummary(judgeId: $id, since: $since) {
        raterAgreement evaluationCount criteria { raterAgreement } } }"""
    for since, count in ((None, 6), (hour_timestamp(2), 4)):
        found = api.query(query, id=judge["id"], since=since)["feedbackSummary"]
        assert found == {
            "raterAgreement": 1, "evaluationCount": count, "criteria": [{"raterAgreement": 1}] * 2,
        }  # fmt: skip


def test_judge_can_be_renamed_and_extended_by_a_criterion(api: Api) -> None:
    judge = make_judge(api, description="Old.")
    change = {
        "judgeId": judge["id"],
        "name": "Better",
        "description": "",
        "updateCriteria": [{"criterionId": "crit_clarity", "name": "Plainness", "weight": 3, "min": 1, "max": 5}],
        "addCriteria": [{"name": "Tone", "min": 0, "max": 1, "step": 0.5}],
    }
    changed = api.run("UpdateJudge", input=change)["judge"]

    assert (changed["name"], changed["description"]) == ("Better", None)
    criteria = [(c["key"], c["name"], c["max"]) for c in changed["criteria"]]
    assert criteria == [("crit_clarity", "Plainness", 5), ("crit_accuracy", "Accuracy", 5), ("crit_tone", "Tone", 1)]


@pytest.mark.parametrize(
    ("change", "field", "code", "word"),
    [
        ({"updateCriteria": [{"criterionId": CLARITY, "max": 7}]}, ["updateCriteria", "0", "max"], "INVALID", "scale"),
        ({"updateCriteria": [{"criterionId": "x"}]}, ["updateCriteria", "0", "criterionId"], "NOT_FOUND", CLARITY),
        ({"removeCriteria": ["crit_clarity"]}, ["removeCriteria"], "INVALID", "weight 0"),
        ({"addCriteria": [{"name": "X", "key": CLARITY}]}, ["addCriteria", "0", "key"], "CONFLICT", CLARITY),
        ({"addCriteria": [{"name": ""}]}, ["addCriteria", "0", "name"], "INVALID", "empty"),
        ({"addCriteria": [{"name": "X"}] * 99}, ["addCriteria"], "INVALID", "98"),
        ({"name": "x" * 201}, ["name"], "LIMIT_EXCEEDED", "200"),
        ({"updateCriteria": [{"criterionId": c, "weight": 0} for c in ("crit_clarity", "crit_accuracy")]},
         ["updateCriteria"], "INVALID", "weight above 0"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_change_that_invalidates_scores_is_rejected(
    api: Api, change: Data, field: list[str], code: str, word: str
) -> None:
    judge = make_judge(api)
    errors = api.user_errors("UpdateJudge", input={"judgeId": judge["id"], "description": "New."} | change)
    assert (errors[0]["code"], errors[0]["field"]) == (code, field)
    assert word in errors[0]["message"]
    assert api.run("Judge", id=judge["id"])["description"] is None


def test_versions_score_and_training_works_after_a_criterion_was_added(server: Server, enter: Enter) -> None:
    api = enter(server)
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(40))
    version = run_job(api, judge)["resultVersion"]
    api.run("UpdateJudge", input={"judgeId": judge["id"], "addCriteria": [{"name": "Tone"}]})

    assert submit_feedback(api, judge, [make_correction(0)])["acceptedCount"] == 0
    tone = {"criterionId": "crit_tone", "score": 4}
    one = make_item(50)
    one["scores"] = [*one["scores"], tone]
    input_ = {"judgeId": judge["id"], "versionId": version["id"], "items": [one]}
    [result] = api.run("Evaluate", input=input_)["results"]
    assert result["scores"][2]["score"] == 4
    assert len(result["scores"]) == 3

    for number in range(50, 80):
        one = make_item(number)
        record_evaluations(api, judge, [one | {"scores": [*one["scores"], tone]}])
        right = make_correction(number)
        right["correctedScores"] = [*right["correctedScores"], tone | {"score": 3}]
        submit_feedback(api, judge, [right])
    job = run_job(api, judge)
    assert job["status"] == "COMPLETED"
    named = [row["criterion"]["key"] for row in job["evidence"]["criteria"]]
    assert named == ["crit_clarity", "crit_accuracy", "crit_tone"]


def test_check_counters_finds_no_mismatch(quiet_server: Server) -> None:
    done = run_command("check-counters", database_url=quiet_server.database_url)
    assert done.returncode == 0, done.stderr
    assert "All counters match the rows." in done.stdout
