"""Tests of comparisons, learning curves, review suggestions and preflights through the API."""

import pytest

from models.access import Role
from tests.server.api import Api, Data
from tests.server.conftest import Enter
from tests.server.processes import Server
from tests.server.scenarios import (
    FAIR,
    OVERRATED,
    Trained,
    make_correction,
    make_feedback,
    make_item,
    make_judge,
    record_evaluations,
    submit_feedback,
    train_a_judge,
)

NUMBERS = range(60)


@pytest.fixture(scope="module")
def trained(server: Server, enter: Enter) -> Trained:
    """Return a trained judge that other tests do not change."""
    return train_a_judge(enter(server, workspace="insight"))


def compare(api: Api, judge: Data, **which: str | int | None) -> Data:
    found: Data = api.run("CompareVersions", judgeId=judge["id"], **which)
    return found


def scores_by_criterion(side: list[Data]) -> dict[str, float]:
    return {score["criterion"]["key"]: score["verdict"] for score in side}


def test_comparison_equals_evaluate_for_both_versions(trained: Trained) -> None:
    api, judge, version = trained.api, trained.judge, trained.version
    found = compare(api, judge, **{"from": None, "to": version["id"], "first": 100})
    items = [make_item(number) for number in NUMBERS]
    raw = {i["externalId"]: {s["criterionId"]: s["score"] for s in i["scores"]} for i in items}
    results = api.run("Evaluate", input={"judgeId": judge["id"], "versionId": version["id"], "items": items})["results"]
    evaluated = {result["externalId"]: scores_by_criterion(result["scores"]) for result in results}
    flips = {name: sum(evaluated[name][key] != raw[name][key] for key in (OVERRATED, FAIR)) for name in raw}

    assert (found["from"], found["to"]["id"]) == (None, version["id"])
    assert (found["evaluationCount"], found["comparedCount"]) == (60, 120)
    assert found["flippedEvaluationCount"] == sum(map(bool, flips.values())) > 30
    assert found["flippedCount"] == sum(flips.values())
    by_key = {row["criterion"]["key"]: row for row in found["criteria"]}
    assert by_key[OVERRATED]["raisedCount"] == 0 < by_key[OVERRATED]["loweredCount"]
    assert by_key[OVERRATED]["flippedShare"] == by_key[OVERRATED]["loweredCount"] / 60
    assert {one["evaluation"]["externalId"]: one["flippedCount"] for one in found["items"]} == {
        name: count for name, count in flips.items() if count
    }
    for one in found["items"]:
        name = one["evaluation"]["externalId"]
        assert (scores_by_criterion(one["fromScores"]), scores_by_criterion(one["toScores"])) == (
            raw[name],
            evaluated[name],
        )


def test_default_comparison_is_active_version_with_raw_scores_or_candidate(
    trained: Trained,
) -> None:
    found = compare(trained.api, trained.judge, first=1)

    assert (found["from"], found["to"]["id"]) == (None, trained.version["id"])
    assert len(found["items"]) == 1


def test_version_compared_with_itself_changes_no_verdict(trained: Trained) -> None:
    same = trained.version["id"]
    found = compare(trained.api, trained.judge, **{"from": same, "to": same})

    assert (found["flippedCount"], found["flippedEvaluationCount"], found["items"]) == (0, 0, [])
    assert found["comparedCount"] == 120


def test_learning_curve_starts_at_the_raw_scores_and_improves(trained: Trained) -> None:
    found = trained.api.run("LearningCurve", judgeId=trained.judge["id"])
    points = found["points"]

    assert found["labelCount"] == 120
    assert [point["labelCount"] for point in points] == [0, 25, 50, 120]
    first, last = points[0]["meanAbsoluteError"], points[-1]["meanAbsoluteError"]
    assert first["estimate"] == pytest.approx(0.125)  # one of four points on one of two criteria
    assert last["upper"] < first["estimate"]
    assert all(point["spearman"]["lower"] <= point["spearman"]["estimate"] for point in points)
    assert trained.api.run("LearningCurve", judgeId=trained.judge["id"]) == found


def test_without_feedback_curve_is_empty_and_any_evaluation_may_be_suggested(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(5)])

    assert api.run("LearningCurve", judgeId=judge["id"]) == {"labelCount": 0, "points": []}
    assert len(api.run("SuggestEvaluationsToReview", judgeId=judge["id"])) == 5


def test_corrected_evaluation_is_not_suggested_again(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(12)])
    submit_feedback(
        api,
        judge,
        [
            *(make_correction(number) for number in range(4)),
            make_feedback(4, "APPROVAL", approved=True),
            make_feedback(5, "RATING", rating=4),
            make_feedback(6, "RATING", rating=1),
            make_feedback(7, "APPROVAL", approved=False),
            make_feedback(8, "COMMENT", comment="Hm."),
        ],
    )
    found = api.run("SuggestEvaluationsToReview", judgeId=judge["id"])
    gains = [one["gain"] for one in found]

    assert {one["evaluation"]["externalId"] for one in found} == {f"e{number}" for number in range(6, 12)}
    assert gains == sorted(gains, reverse=True)
    assert all(one["reason"] and 0 <= one["novelty"] <= 1 and 0 <= one["uncertainty"] <= 0.5 for one in found)
    assert api.run("SuggestEvaluationsToReview", judgeId=judge["id"], first=2) == found[:2]


def test_viewer_may_run_analyses_and_other_workspaces_get_nothing(
    server: Server, trained: Trained, api: Api, enter: Enter
) -> None:
    viewer, outsider = enter(server, workspace="insight", role=Role.VIEWER), enter(server)
    judge, version = trained.judge["id"], trained.version["id"]
    operations = [("CompareVersions", {}), ("LearningCurve", {}), ("SuggestEvaluationsToReview", {"first": 3})]
    for name, more in operations:
        assert viewer.run(name, judgeId=judge, **more) is not None
        assert outsider.payload(name, judgeId=judge, **more) is None

    own = make_judge(outsider)
    [error] = outsider.errors("CompareVersions", judgeId=own["id"], to=version)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("NOT_FOUND", ["to"])


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({}, "NOT_FOUND", "to"),
        ({"to": "ver_gone"}, "NOT_FOUND", "to"),
        ({"from": "ver_gone", "to": None}, "NOT_FOUND", "from"),
        ({"first": 0}, "INVALID", "first"),
        ({"first": 101}, "INVALID", "first"),
    ],
)
def test_versions_that_cannot_be_compared_are_reported(api: Api, more: Data, code: str, field: str) -> None:
    [error] = api.errors("CompareVersions", judgeId=make_judge(api)["id"], **more)

    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, [field])


def test_preflight_reports_the_quality_of_the_feedback(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(number) for number in range(24)])
    submit_feedback(api, judge, [make_correction(number, OVERRATED) for number in range(20)])
    submit_feedback(
        api, judge, [make_correction(0, OVERRATED, externalId="again"), make_feedback(20, "COMMENT", comment="Hm.")]
    )
    found = api.run("TrainingPreflight", input={"judgeId": judge["id"], "trainingType": "FULL_RETRAIN",
        "trainingConfig": {}})  # fmt: skip
    quality = found["quality"]

    assert found["ready"]
    assert (quality["examinedCount"], quality["complete"], quality["duplicateCount"]) == (22, True, 1)
    assert (quality["agreeingShare"], quality["confirmedCount"], quality["raterAgreement"]) == (0, 0, None)
    assert {one["reason"]: one["count"] for one in quality["leftOut"]} == {
        "replaced by the same person's later correction": 1,
        "comments": 1,
    }
    assert [(one["criterion"]["key"], one["labelCount"]) for one in quality["balance"]] == [(OVERRATED, 20)]
    assert [warning["code"] for warning in found["warnings"]] == ["ONLY_ERRORS", "DUPLICATE_FEEDBACK"]
    assert found["estimatedSeconds"] > 0
