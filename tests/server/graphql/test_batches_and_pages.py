"""Tests of long lists: batches of input items and pages of results."""

from typing import Any

import pytest

from tests.server.api import Api, Data, fetch_all_pages
from tests.server.scenarios import (
    Trained,
    add_corrected_evaluations,
    create_job,
    hour_timestamp,
    make_feedback,
    make_judge,
    run_job,
    submit_feedback,
)


def test_valid_items_of_a_batch_are_stored_and_others_rejected_by_index(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(5))
    score = {"criterionId": "crit_clarity", "score": 3}
    good: Data = {"output": "Good.", "scores": [score]}
    evaluations = [
        good,
        good | {"output": ""},
        good | {"externalId": "e1"},
        good | {"scores": [score | {"score": 9}]},
        good | {"externalId": "twin"},
        good | {"externalId": "twin"},
        good | {"externalId": "twin", "output": "Other."},
    ]
    payload = api.payload("RecordEvaluations", input={"judgeId": judge["id"], "evaluations": evaluations})
    assert error_paths(payload) == [
        ("CONFLICT", ["evaluations", "2", "externalId"]),
        ("INVALID", ["evaluations", "3", "scores", "0", "score"]),
        ("CONFLICT", ["evaluations", "6", "externalId"]),
    ]
    kept = payload["evaluations"]
    assert [one is not None for one in kept] == [True, True, False, False, True, True, False]
    assert kept[4] == kept[5]
    assert payload["recordedCount"] == 3

    given: list[Data] = [
        {"evaluationExternalId": "e1", "type": "RATING", "rating": 9},
        {"evaluationExternalId": "e1", "type": "RATING", "rating": 5, "externalId": "new"},
        {"evaluationExternalId": "gone", "type": "RATING", "rating": 5},
        {"evaluationId": kept[0]["id"], "type": "APPROVAL", "approved": True},
        {"evaluationExternalId": "gone", "type": "RATING", "rating": 9},
    ]
    payload = api.payload("SubmitFeedback", input={"judgeId": judge["id"], "feedback": given})
    assert error_paths(payload) == [
        ("INVALID", ["feedback", "0", "rating"]),
        ("NOT_FOUND", ["feedback", "2", "evaluationExternalId"]),
        ("INVALID", ["feedback", "4", "rating"]),
        ("NOT_FOUND", ["feedback", "4", "evaluationExternalId"]),
    ]
    assert [one is not None for one in payload["feedback"]] == [False, True, False, True, False]
    assert payload["acceptedCount"] == 2
    assert payload["summary"]["totalFeedbackCount"] == 7
    again = api.payload("SubmitFeedback", input={"judgeId": judge["id"], "feedback": given[1:2]})
    assert (again["acceptedCount"], again["feedback"][0]["id"]) == (0, payload["feedback"][1]["id"])


def test_raters_are_listed_by_count_within_the_period(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(4))  # submitted by ben
    submit_feedback(api, judge, [make_feedback(0, "RATING", rating=4, submittedBy="ann", externalId="r0")])
    submit_feedback(
        api, judge, [make_feedback(9, "COMMENT", evaluationExternalId="e1", comment="Hm.", submittedBy="cy")]
    )
    ben, ann, cy = (
        {"submittedBy": name, "totalCount": total, "correctionCount": corrections}
        for name, total, corrections in (("ben", 4, 4), ("ann", 1, 0), ("cy", 1, 0))
    )
    assert api.run("JudgeOverview", id=judge["id"])["feedbackSummary"]["raters"] == [ben, ann, cy]
    assert api.run("JudgeOverview", id=judge["id"], raters=1)["feedbackSummary"]["raters"] == [ben]
    document = """query ($judgeId: ID!, $since: DateTime, $first: Int) {
        feedbackSummary(judgeId: $judgeId, since: $since) {
          raters(first: $first) { submittedBy totalCount correctionCount }
        }
    }"""
    late = api.query(document, judgeId=judge["id"], since=hour_timestamp(9))
    assert late["feedbackSummary"]["raters"] == [cy]
    too_many = api.post(document, {"judgeId": judge["id"], "first": 101}).json()
    assert too_many["errors"][0]["extensions"]["code"] == "INVALID"


def error_paths(payload: Data) -> list[tuple[str, list[str]]]:
    errors = [(error["code"], error["field"]) for error in payload["userErrors"]]
    return sorted(errors, key=lambda error: int(error[1][1]))


@pytest.fixture
def many(api: Api) -> dict[str, Any]:
    """Return a workspace with five judges, one of which has five jobs and an evaluation with five feedback items."""
    judges = [make_judge(api) for _ in range(5)]
    add_corrected_evaluations(api, judges[0], range(20))
    jobs = [create_job(api, judges[0]) for _ in range(5)]
    items = [
        {"evaluationExternalId": "e1", "type": "COMMENT", "comment": f"{n}", "submittedBy": f"rater {n}"}
        for n in range(4)
    ]
    payload = api.run("SubmitFeedback", input={"judgeId": judges[0]["id"], "feedback": items})
    (evaluation,) = api.query(
        "query ($id: ID!) { node(id: $id) { ... on Feedback { evaluation { id } } } }", id=payload["feedback"][0]["id"]
    ).values()
    return {"judges": judges, "jobs": jobs, "evaluation": evaluation["evaluation"]["id"]}


def test_pages_of_a_long_list_hold_each_item_once(api: Api, many: dict[str, Any]) -> None:
    judge = many["judges"][0]["id"]
    lists = {
        "judges": lambda after: api.run("Judges", first=2, after=after),
        "jobs": lambda after: api.run("TrainingJobs", first=2, after=after, filter={"judgeId": judge}),
        "feedback": lambda after: api.run("Evaluation", id=many["evaluation"], first=2, after=after)["feedback"],
    }
    for name, fetch in lists.items():
        pages = fetch_all_pages(fetch)
        assert [len(page["nodes"]) for page in pages] == [2, 2, 1], name
        assert [page["totalCount"] for page in pages] == [5, 5, 5]
        assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False, True, True]
        ids = [node["id"] for page in pages for node in page["nodes"]]
        assert len(set(ids)) == 5
        if name in many:
            made = [one["id"] for one in many[name]]
            assert ids == (made if name == "judges" else made[::-1])  # jobs: newest first
    beyond = api.run("Judges", first=2, after=fetch_all_pages(lists["judges"])[-1]["pageInfo"]["endCursor"])
    assert (beyond["nodes"], beyond["totalCount"]) == ([], 5)
    assert beyond["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }


def test_versions_are_paged_newest_first(trained: Trained) -> None:
    api, judge = trained.api, trained.judge
    second = run_job(api, judge, "FINE_TUNE", {"targetCriteria": ["crit_clarity"]})["resultVersion"]
    pages = fetch_all_pages(
        lambda after: api.run("JudgeVersions", judgeId=judge["id"], first=1, after=after)["versions"]
    )
    numbers = [version["number"] for page in pages for version in page["nodes"]]
    assert numbers == list(range(len(pages), 0, -1))
    assert pages[0]["nodes"][0]["id"] == second["id"]
    assert {page["totalCount"] for page in pages} == {len(pages)}
    assert len(pages) >= 2


def test_jobs_match_all_filters(api: Api, many: dict[str, Any]) -> None:
    judges, jobs = many["judges"], many["jobs"]
    me = api.run("Viewer")["user"]["id"]
    api.run("CancelTrainingJob", input={"jobId": jobs[0]["id"]})
    add_corrected_evaluations(api, judges[1], range(20))
    other = create_job(api, judges[1], "VALIDATION")
    made = [jobs[0]["id"], *(job["id"] for job in jobs[1:]), other["id"]]

    def ids(**filter_: Any) -> list[str]:
        page = api.run("TrainingJobs", filter=filter_)
        assert page["totalCount"] == len(page["nodes"])
        return [job["id"] for job in page["nodes"]][::-1]

    assert ids() == ids(createdBy=me) == made
    assert ids(judgeId=judges[1]["id"]) == ids(trainingTypes=["VALIDATION"]) == [other["id"]]
    assert ids(statuses=["CANCELLED"]) == made[:1]
    assert ids(statuses=["QUEUED", "CANCELLED"], trainingTypes=["FULL_RETRAIN"]) == made[:-1]
    assert ids(statuses=[]) == ids(trainingTypes=[]) == []
    assert ids(statuses=["CANCELLED"], judgeId=judges[1]["id"]) == []
    moment = jobs[2]["createdAt"]
    assert ids(createdAfter=moment) == made[2:]  # inclusive
    assert ids(createdBefore=moment) == made[:2]  # exclusive
    assert ids(createdAfter=moment, createdBefore=moment) == []
