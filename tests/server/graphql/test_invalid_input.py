"""Tests that invalid input is rejected with its code and field path, and changes nothing."""

import copy
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from models.base import Base
from tests.server.api import Api, Data, get_errors
from tests.server.conftest import Enter
from tests.server.processes import Server
from tests.server.scenarios import (
    FAIR,
    OVERRATED,
    add_corrected_evaluations,
    create_job,
    make_item,
    make_job_request,
    make_judge,
    record_evaluations,
)

TEN_MEGABYTES = "x" * 10_000_000
NUL = "a\x00b"
FIRST_SCORE = ("scores", 0, "score")


@dataclass(frozen=True)
class Scenario:
    """A judge with 25 corrected evaluations, and a waiting job."""

    api: Api
    judge: Data
    job: Data


@pytest.fixture(scope="module")
def world(quiet_server: Server, enter: Enter) -> Scenario:
    api = enter(quiet_server)
    judge = make_judge(api, id="jdg_here")
    add_corrected_evaluations(api, judge, range(25))
    return Scenario(api, judge, create_job(api, judge, autoStart=False))


@pytest.fixture(autouse=True)
def nothing_changes(world: Scenario, quiet_server: Server) -> Iterator[None]:
    """Check that the tests of this module change the number of rows in no table."""
    before = count_rows(quiet_server)
    yield
    assert count_rows(quiet_server) == before


def count_rows(server: Server) -> dict[str, int]:
    with closing(sqlite3.connect(server.data_dir / "judgesmith.sqlite")) as database:
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in Base.metadata.tables}


def replace_value(base: Data, path: tuple[Any, ...], value: Any) -> Data:
    """Return a copy of a request with one value replaced.

    Args:
        base: the request.
        path: path of the value.
        value: new value.
    """
    whole = copy.deepcopy(base)
    inner: Any = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return whole


def codes_and_fields(errors: list[Data]) -> list[tuple[str, list[str] | None]]:
    return [(error["code"], error["field"]) for error in errors]


JUDGE: Data = {"name": "Judge", "criteria": [{"name": "Clarity"}, {"name": "Accuracy"}]}
BAD_JUDGES: list[tuple[str, tuple[Any, ...], Any, str, list[str]]] = [
    ("empty name", ("name",), "", "INVALID", ["name"]),
    ("blank name", ("name",), " \n\t", "INVALID", ["name"]),
    ("long name", ("name",), "x" * 201, "LIMIT_EXCEEDED", ["name"]),
    ("NUL in the name", ("name",), NUL, "INVALID", ["name"]),
    ("long description", ("description",), "x" * 10_001, "LIMIT_EXCEEDED", ["description"]),
    ("ten megabytes", ("description",), TEN_MEGABYTES, "LIMIT_EXCEEDED", ["description"]),
    ("id without prefix", ("id",), "xyz789", "INVALID", ["id"]),
    ("id of a prefix alone", ("id",), "jdg_", "INVALID", ["id"]),
    ("id with a dash", ("id",), "jdg_a-b", "INVALID", ["id"]),
    ("id with other letters", ("id",), "jdg_é", "INVALID", ["id"]),
    ("id with a line end", ("id",), "jdg_abc\n", "INVALID", ["id"]),
    ("long id", ("id",), "jdg_" + "a" * 65, "INVALID", ["id"]),
    ("taken id", ("id",), "jdg_here", "CONFLICT", ["id"]),
    ("no criteria", ("criteria",), [], "INVALID", ["criteria"]),
    ("101 criteria", ("criteria",), [{"name": f"C{n}"} for n in range(101)], "INVALID", ["criteria"]),
    ("weights of 0", ("criteria",), [{"name": "C", "weight": 0}], "INVALID", ["criteria"]),
    ("empty criterion", ("criteria", 1, "name"), "", "INVALID", ["criteria", "1", "name"]),
    ("key without prefix", ("criteria", 1, "key"), "clarity", "INVALID", ["criteria", "1", "key"]),
    (
        "key used twice",
        ("criteria",),
        [{"name": "A", "key": "crit_a"}, {"name": "B", "key": "crit_a"}],
        "INVALID",
        ["criteria", "1", "key"],
    ),
    ("max at min", ("criteria", 0, "max"), 1, "INVALID", ["criteria", "0", "max"]),
    ("min above max", ("criteria", 0, "min"), 6, "INVALID", ["criteria", "0", "max"]),
    ("huge max", ("criteria", 0, "max"), 1e300, "INVALID", ["criteria", "0", "max"]),
    ("step of 0", ("criteria", 0, "step"), 0, "INVALID", ["criteria", "0", "step"]),
    ("negative step", ("criteria", 0, "step"), -1, "INVALID", ["criteria", "0", "step"]),
    ("step that does not fit", ("criteria", 0, "step"), 3, "INVALID", ["criteria", "0", "step"]),
    ("negative weight", ("criteria", 0, "weight"), -1, "INVALID", ["criteria", "0", "weight"]),
]

EVALUATION: Data = {"externalId": "new", **{k: v for k, v in make_item(700).items() if k != "externalId"}}
BAD_EVALUATIONS: list[tuple[str, tuple[Any, ...], Any, str, list[str]]] = [
    ("NUL in the output", ("output",), NUL, "INVALID", ["output"]),
    ("long output", ("output",), "x" * 100_001, "LIMIT_EXCEEDED", ["output"]),
    ("ten megabytes of output", ("output",), TEN_MEGABYTES, "LIMIT_EXCEEDED", ["output"]),
    ("ten megabytes of input", ("input",), TEN_MEGABYTES, "LIMIT_EXCEEDED", ["input"]),
    ("ten megabytes of blanks", ("input",), " " * 10_000_000, "LIMIT_EXCEEDED", ["input"]),
    ("ten megabytes of reasons", ("rationale",), TEN_MEGABYTES, "LIMIT_EXCEEDED", ["rationale"]),
    ("empty external id", ("externalId",), "", "INVALID", ["externalId"]),
    ("long external id", ("externalId",), "x" * 201, "LIMIT_EXCEEDED", ["externalId"]),
    ("NUL in an external id", ("externalId",), NUL, "INVALID", ["externalId"]),
    ("long group", ("group",), "x" * 201, "LIMIT_EXCEEDED", ["group"]),
    ("NUL in the group", ("group",), NUL, "INVALID", ["group"]),
    ("long source", ("source",), "x" * 201, "LIMIT_EXCEEDED", ["source"]),
    ("no scores", ("scores",), [], "INVALID", ["scores"]),
    ("score below min", FIRST_SCORE, 0.999, "INVALID", ["scores", "0", "score"]),
    ("score above max", FIRST_SCORE, 5.001, "INVALID", ["scores", "0", "score"]),
    ("huge score", FIRST_SCORE, 1e308, "INVALID", ["scores", "0", "score"]),
    ("unknown criterion", ("scores", 1, "criterionId"), "crit_x", "NOT_FOUND", ["scores", "1", "criterionId"]),
    ("NUL in a criterion", ("scores", 1, "criterionId"), NUL, "NOT_FOUND", ["scores", "1", "criterionId"]),
    ("criterion scored twice", ("scores", 1, "criterionId"), OVERRATED, "INVALID", ["scores", "1", "criterionId"]),
    ("unknown version", ("versionId",), "ver_unknown", "NOT_FOUND", ["versionId"]),
    ("taken external id", ("externalId",), "e1", "CONFLICT", ["externalId"]),
]

RIGHT = [{"criterionId": OVERRATED, "score": 2}]
CORRECTION: Data = {"evaluationExternalId": "e1", "type": "CORRECTION", "correctedScores": RIGHT}
RATING: Data = {"evaluationExternalId": "e1", "type": "RATING", "rating": 4}
COMMENT: Data = {"evaluationExternalId": "e1", "type": "COMMENT", "comment": "No."}
BAD_FEEDBACK: list[tuple[str, Data, str, list[str]]] = [
    ("no evaluation", CORRECTION | {"evaluationExternalId": None}, "INVALID", ["evaluationId"]),
    ("evaluation named twice", CORRECTION | {"evaluationId": "evl_x"}, "INVALID", ["evaluationId"]),
    (
        "unknown evaluation",
        CORRECTION | {"evaluationExternalId": None, "evaluationId": "evl_unknown"},
        "NOT_FOUND",
        ["evaluationId"],
    ),
    (
        "unknown external id of an evaluation",
        CORRECTION | {"evaluationExternalId": "e999"},
        "NOT_FOUND",
        ["evaluationExternalId"],
    ),
    ("NUL in an external id", CORRECTION | {"evaluationExternalId": NUL}, "INVALID", ["evaluationExternalId"]),
    ("correction without scores", CORRECTION | {"correctedScores": None}, "INVALID", ["correctedScores"]),
    ("correction with an empty list", CORRECTION | {"correctedScores": []}, "INVALID", ["correctedScores"]),
    ("correction with a rating", CORRECTION | {"rating": 4}, "INVALID", ["rating"]),
    (
        "corrected score above max",
        replace_value(CORRECTION, ("correctedScores", 0, "score"), 6),
        "INVALID",
        ["correctedScores", "0", "score"],
    ),
    (
        "corrected score of an unknown criterion",
        replace_value(CORRECTION, ("correctedScores", 0, "criterionId"), "crit_x"),
        "NOT_FOUND",
        ["correctedScores", "0", "criterionId"],
    ),
    (
        "criterion corrected twice",
        CORRECTION | {"correctedScores": RIGHT * 2},
        "INVALID",
        ["correctedScores", "1", "criterionId"],
    ),
    ("rating of 0", RATING | {"rating": 0}, "INVALID", ["rating"]),
    ("rating of 6", RATING | {"rating": 6}, "INVALID", ["rating"]),
    ("rating without a rating", RATING | {"rating": None}, "INVALID", ["rating"]),
    ("rating with an approval", RATING | {"approved": True}, "INVALID", ["approved"]),
    ("rating with scores", RATING | {"correctedScores": RIGHT}, "INVALID", ["correctedScores"]),
    ("approval without a word", RATING | {"type": "APPROVAL", "rating": None}, "INVALID", ["approved"]),
    ("comment without words", COMMENT | {"comment": None}, "INVALID", ["comment"]),
    ("empty comment", COMMENT | {"comment": " "}, "INVALID", ["comment"]),
    ("long comment", COMMENT | {"comment": "x" * 10_001}, "LIMIT_EXCEEDED", ["comment"]),
    ("ten megabytes of comment", RATING | {"comment": TEN_MEGABYTES}, "LIMIT_EXCEEDED", ["comment"]),
    ("NUL in a comment", RATING | {"comment": NUL}, "INVALID", ["comment"]),
    ("empty rater", RATING | {"submittedBy": ""}, "INVALID", ["submittedBy"]),
    ("long rater", RATING | {"submittedBy": "x" * 201}, "LIMIT_EXCEEDED", ["submittedBy"]),
    ("NUL in a rater", RATING | {"submittedBy": NUL}, "INVALID", ["submittedBy"]),
    ("long external id", RATING | {"externalId": "x" * 201}, "LIMIT_EXCEEDED", ["externalId"]),
    ("taken external id", RATING | {"externalId": "f1"}, "CONFLICT", ["externalId"]),
]

BAD_CONFIGS: list[tuple[str, str, Data, str, list[str]]] = [
    ("learning rate of 0", "FULL_RETRAIN", {"learningRate": 0}, "INVALID", ["learningRate"]),
    ("learning rate of 5", "FULL_RETRAIN", {"learningRate": 5}, "INVALID", ["learningRate"]),
    ("negative learning rate", "FULL_RETRAIN", {"learningRate": -0.1}, "INVALID", ["learningRate"]),
    ("split of 0", "FULL_RETRAIN", {"validationSplit": 0}, "INVALID", ["validationSplit"]),
    ("split of 1", "FULL_RETRAIN", {"validationSplit": 1}, "INVALID", ["validationSplit"]),
    ("split above a half", "FULL_RETRAIN", {"validationSplit": 0.51}, "INVALID", ["validationSplit"]),
    ("no epochs", "FULL_RETRAIN", {"maxEpochs": 0}, "INVALID", ["maxEpochs"]),
    ("too many epochs", "FULL_RETRAIN", {"maxEpochs": 10_001}, "INVALID", ["maxEpochs"]),
    ("no feedback asked for", "FULL_RETRAIN", {"minimumFeedbackCount": 0}, "INVALID", ["minimumFeedbackCount"]),
    ("too much feedback", "FULL_RETRAIN", {"minimumFeedbackCount": 1_000_001}, "INVALID", ["minimumFeedbackCount"]),
    (
        "more feedback than there is",
        "FULL_RETRAIN",
        {"minimumFeedbackCount": 26},
        "INSUFFICIENT_FEEDBACK",
        ["minimumFeedbackCount"],
    ),
    (
        "a cutoff after all feedback",
        "INCREMENTAL",
        {"feedbackCutoffDate": "9999-12-31T23:59:59Z"},
        "INSUFFICIENT_FEEDBACK",
        ["minimumFeedbackCount"],
    ),
    ("negative seed", "FULL_RETRAIN", {"seed": -1}, "INVALID", ["seed"]),
    ("fine-tuning of nothing", "FINE_TUNE", {}, "INVALID", ["targetCriteria"]),
    ("fine-tuning of an empty list", "FINE_TUNE", {"targetCriteria": []}, "INVALID", ["targetCriteria"]),
    ("validation of an empty list", "VALIDATION", {"targetCriteria": []}, "INVALID", ["targetCriteria"]),
    ("targets of a full retrain", "FULL_RETRAIN", {"targetCriteria": [FAIR]}, "INVALID", ["targetCriteria"]),
    ("targets of an incremental job", "INCREMENTAL", {"targetCriteria": [FAIR]}, "INVALID", ["targetCriteria"]),
    (
        "an unknown target",
        "FINE_TUNE",
        {"targetCriteria": [FAIR, "crit_x"]},
        "NOT_FOUND",
        ["targetCriteria", "1"],
    ),
]

BAD_OPTIONS: list[tuple[str, Data, list[str]]] = [
    *((f"e-mail {text!r:.30}", {"notificationEmail": text}, ["notificationEmail"]) for text in (
        "", "ann", "ann@", "@example.org", "ann@example", "a b@example.org", "ann@example.org\n", "ann@exam\x00ple.org",
        "ann@example.org, ben@example.org", "Ann <ann@example.org>", "x" * 200 + "@example.org",
    )),
    *((f"address {text!r:.30}", {"webhookUrl": text}, ["webhookUrl"]) for text in (
        "", "example.org", "ftp://example.org/x", "javascript:alert(1)", "https://", "https:///path", "http://[::1",
        "https://example.org:99999/", "https://ann:secret@example.org/", "https://example.org/\n", "https://a b.org/",
        "https://example.org/\x00", "https://example.org/" + "x" * 2000,
        "http://localhost/", "http://127.0.0.1/hook", "http://[::1]/", "http://10.0.0.1/", "http://169.254.169.254/",
    )),
]  # fmt: skip


def parametrize_rows(table: list[Any]) -> pytest.MarkDecorator:
    """Return a parameter for each row, named by its first column."""
    return pytest.mark.parametrize("case", [pytest.param(row[1:], id=row[0]) for row in table])


@parametrize_rows(BAD_JUDGES)
def test_invalid_judge_is_rejected(world: Scenario, case: tuple[tuple[Any, ...], Any, str, list[str]]) -> None:
    path, value, code, field = case
    assert codes_and_fields(world.api.user_errors("CreateJudge", input=replace_value(JUDGE, path, value))) == [
        (code, field)
    ]


@parametrize_rows(BAD_EVALUATIONS)
def test_invalid_evaluation_is_rejected(world: Scenario, case: tuple[tuple[Any, ...], Any, str, list[str]]) -> None:
    path, value, code, field = case
    bad = {"judgeId": world.judge["id"], "evaluations": [replace_value(EVALUATION, path, value)]}
    payload = world.api.payload("RecordEvaluations", input=bad)
    assert codes_and_fields(payload["userErrors"]) == [(code, ["evaluations", "0", *field])]
    assert (payload["evaluations"], payload["recordedCount"]) == ([None], 0)


@parametrize_rows([row for row in BAD_EVALUATIONS if row[1] != ("versionId",)])
def test_invalid_item_to_score_and_record_is_rejected(
    world: Scenario, case: tuple[tuple[Any, ...], Any, str, list[str]]
) -> None:
    path, value, code, field = case
    bad = {"judgeId": world.judge["id"], "items": [replace_value(EVALUATION, path, value)], "record": True}
    payload = world.api.payload("Evaluate", input=bad)
    assert codes_and_fields(payload["userErrors"]) == [(code, ["items", "0", *field])]
    assert payload["results"] == [None]


@parametrize_rows(BAD_FEEDBACK)
def test_invalid_feedback_is_rejected(world: Scenario, case: tuple[Data, str, list[str]]) -> None:
    bad, code, field = case
    payload = world.api.payload("SubmitFeedback", input={"judgeId": world.judge["id"], "feedback": [bad]})
    assert codes_and_fields(payload["userErrors"]) == [(code, ["feedback", "0", *field])]
    assert (payload["feedback"], payload["acceptedCount"]) == ([None], 0)
    assert payload["summary"]["totalFeedbackCount"] == 25


@parametrize_rows(BAD_CONFIGS)
def test_invalid_job_is_rejected(world: Scenario, case: tuple[str, Data, str, list[str]]) -> None:
    type_, config, code, field = case
    bad = make_job_request(world.judge, type_, config)
    expected = [(code, ["trainingConfig", *field])]
    assert codes_and_fields(world.api.user_errors("CreateTrainingJob", input=bad)) == expected
    dry = world.api.payload("TrainingPreflight", input=bad)
    assert (codes_and_fields(dry["userErrors"]), dry["ready"]) == (expected, False)


@parametrize_rows(BAD_OPTIONS)
def test_invalid_notification_target_is_rejected(world: Scenario, case: tuple[Data, list[str]]) -> None:
    options, field = case
    errors = world.api.user_errors("CreateTrainingJob", input=make_job_request(world.judge, **options))
    assert codes_and_fields(errors) == [("INVALID", ["executionOptions", *field])]


def test_all_problems_of_a_job_are_reported(world: Scenario) -> None:
    bad = make_job_request(world.judge, config={"learningRate": 0, "maxEpochs": 0}, webhookUrl="x") | {
        "idempotencyKey": ""
    }
    assert codes_and_fields(world.api.user_errors("CreateTrainingJob", input=bad)) == [
        ("INVALID", ["trainingConfig", "learningRate"]),
        ("INVALID", ["trainingConfig", "maxEpochs"]),
        ("INVALID", ["executionOptions", "webhookUrl"]),
        ("INVALID", ["idempotencyKey"]),
    ]


@pytest.mark.parametrize("key", ["", " ", "x" * 201, NUL], ids=["empty", "blank", "long", "NUL"])
def test_idempotency_key_has_1_to_200_characters(world: Scenario, key: str) -> None:
    (error,) = world.api.user_errors("CreateTrainingJob", input=make_job_request(world.judge) | {"idempotencyKey": key})
    assert error["field"] == ["idempotencyKey"]


UNKNOWN = ["jdg_unknown", "job_unknown", "", "x" * 10_000, "évé", "🙂", NUL, "' OR 1=1 --"]


@pytest.mark.parametrize("id_", UNKNOWN, ids=[f"{id_[:12]!r}" for id_ in UNKNOWN])
def test_unknown_id_is_not_found_by_any_operation(world: Scenario, id_: str) -> None:
    assert_unknown(world.api, world.judge, id_)


def test_id_that_no_database_can_store_is_not_found(postgres_server: Server, enter: Enter) -> None:
    api = enter(postgres_server)
    assert_unknown(api, make_judge(api), NUL)


def assert_unknown(api: Api, judge: Data, id_: str) -> None:
    """Assert that every operation reports an id as unknown.

    Args:
        api: client to use.
        judge: an existing judge.
        id_: the id.
    """
    assert api.query("query ($id: ID!) { node(id: $id) { id } }", id=id_) == {"node": None}
    for name in ("Judge", "TrainingJob", "Evaluation"):
        assert api.run(name, id=id_) is None
    for name in ("FeedbackSummary", "JudgeVersions"):
        assert api.run(name, judgeId=id_) is None
    assert api.run("TrainingJobEvents", jobId=id_) is None
    for owner in ("judgeId", "createdBy"):
        assert api.run("TrainingJobs", filter={owner: id_})["totalCount"] == 0

    one = {"judgeId": id_}
    mutations: list[tuple[str, Data, list[str]]] = [
        ("RecordEvaluations", one | {"evaluations": [EVALUATION]}, ["judgeId"]),
        ("SubmitFeedback", one | {"feedback": [RATING]}, ["judgeId"]),
        ("Evaluate", one | {"items": [EVALUATION]}, ["judgeId"]),
        ("Evaluate", {"judgeId": judge["id"], "versionId": id_ or "-", "items": [EVALUATION]}, ["versionId"]),
        ("CreateTrainingJob", make_job_request({"id": id_}), ["judgeId"]),
        ("RollbackJudge", one, ["judgeId"]),
        ("DeployJudgeVersion", {"versionId": id_}, ["versionId"]),
        ("StartTrainingJob", {"jobId": id_}, ["jobId"]),
        ("CancelTrainingJob", {"jobId": id_}, ["jobId"]),
        ("RetryTrainingJob", {"jobId": id_}, ["jobId"]),
    ]
    for name, input_, field in mutations:
        assert codes_and_fields(api.user_errors(name, input=input_)) == [("NOT_FOUND", field)], name
    assert codes_and_fields(api.payload("TrainingPreflight", input=make_job_request({"id": id_}))["userErrors"]) == [
        ("NOT_FOUND", ["judgeId"])
    ]


@pytest.mark.parametrize("reason", ["x" * 10_001, NUL], ids=["long", "NUL"])
def test_reason_has_at_most_10_000_characters(world: Scenario, reason: str) -> None:
    code = "INVALID" if reason == NUL else "LIMIT_EXCEEDED"
    for name, input_ in [
        ("CancelTrainingJob", {"jobId": world.job["id"]}),
        ("RollbackJudge", {"judgeId": world.judge["id"]}),
        ("DeployJudgeVersion", {"versionId": "ver_x", "force": True}),
    ]:
        assert codes_and_fields(world.api.user_errors(name, input=input_ | {"reason": reason})) == [(code, ["reason"])]


@pytest.mark.parametrize(("size", "code"), [(0, "INVALID"), (501, "LIMIT_EXCEEDED")])
def test_call_accepts_1_to_500_items(world: Scenario, size: int, code: str) -> None:
    one = {"judgeId": world.judge["id"]}
    for name, items, value in [
        ("RecordEvaluations", "evaluations", EVALUATION),
        ("SubmitFeedback", "feedback", RATING),
        ("Evaluate", "items", EVALUATION),
    ]:
        assert codes_and_fields(world.api.user_errors(name, input=one | {items: [value] * size})) == [(code, [items])]


DATES = {
    "no offset": "2026-01-31T12:00:00",
    "an impossible day": "2026-02-30T12:00:00Z",
    "an impossible hour": "2026-01-31T25:00:00Z",
    "a date only": "2026-01-31",
    "a number": 1769860800,
    "a week": "2026-W05-6T12:00:00Z",
    "year 0": "0000-01-01T00:00:00Z",
    "year 10000": "10000-01-01T00:00:00Z",
    "before year 1 in UTC": "0001-01-01T00:00:00+01:00",
    "after year 9999 in UTC": "9999-12-31T23:59:59-01:00",
    "an impossible offset": "2026-01-31T12:00:00+99:00",
    "nothing": "",
    "words": "yesterday",
    "NUL": "2026-01-31T12:00:00Z\x00",
    "other digits": "２０２６-01-31T12:00:00Z",
}


@pytest.mark.parametrize("value", DATES.values(), ids=DATES)
def test_invalid_date_is_rejected_with_its_path(world: Scenario, value: Any) -> None:
    api, judge = world.api, world.judge
    evaluations = {"judgeId": judge["id"], "evaluations": [EVALUATION | {"evaluatedAt": value}]}
    given = {"judgeId": judge["id"], "feedback": [RATING | {"submittedAt": value}]}
    for place, answer in {
        "input.evaluations[0].evaluatedAt": api.send("RecordEvaluations", input=evaluations),
        "input.feedback[0].submittedAt": api.send("SubmitFeedback", input=given),
        "input.trainingConfig.feedbackCutoffDate": api.send(
            "CreateTrainingJob", input=make_job_request(judge, config={"feedbackCutoffDate": value})
        ),
        "filter.createdAfter": api.send("TrainingJobs", filter={"createdAfter": value}),
        "since": api.send("FeedbackSummary", judgeId=judge["id"], since=value),
    }.items():
        (error,) = get_errors(answer)
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert f"${place.partition('.')[0]}" in error["message"]
        assert place.rpartition(".")[2] in error["message"]


WRONG_TYPES: list[tuple[str, str, Data, str]] = [
    ("a text for a list of objects", "CreateJudge", {"name": "J", "criteria": "Clarity"}, "at .criteria: "),
    ("a number for a name", "CreateJudge", {"name": 5, "criteria": []}, "at .name: "),
    ("null for a name", "CreateJudge", {"name": None, "criteria": []}, "at .name: "),
    ("nothing for a name", "CreateJudge", {"criteria": []}, "required field 'name'"),
    ("an unknown field", "CreateJudge", JUDGE | {"colour": "red"}, "unknown field 'colour'"),
    ("a text for a number", "CreateJudge", replace_value(JUDGE, ("criteria", 0, "min"), "1"), "at .criteria[0].min: "),
    (
        "a truth for a number",
        "CreateJudge",
        replace_value(JUDGE, ("criteria", 0, "min"), True),
        "at .criteria[0].min: ",
    ),
    (
        "a text for a score",
        "RecordEvaluations",
        {"judgeId": "jdg_here", "evaluations": [EVALUATION, replace_value(EVALUATION, FIRST_SCORE, "3")]},
        "at .evaluations[1].scores[0].score: ",
    ),
    (
        "null for an evaluation",
        "RecordEvaluations",
        {"judgeId": "jdg_here", "evaluations": [EVALUATION, None]},
        "at .evaluations[1]: ",
    ),
    (
        "a list for a text",
        "RecordEvaluations",
        {"judgeId": "jdg_here", "evaluations": [EVALUATION | {"output": ["a", "b"]}]},
        "at .evaluations[0].output: ",
    ),
    (
        "a fraction for a rating",
        "SubmitFeedback",
        {"judgeId": "jdg_here", "feedback": [RATING | {"rating": 4.5}]},
        "at .feedback[0].rating: ",
    ),
    (
        "a text for a truth",
        "SubmitFeedback",
        {"judgeId": "jdg_here", "feedback": [RATING | {"approved": "yes"}]},
        "at .feedback[0].approved: ",
    ),
    (
        "an unknown type of feedback",
        "SubmitFeedback",
        {"judgeId": "jdg_here", "feedback": [RATING | {"type": "PRAISE"}]},
        "at .feedback[0].type: ",
    ),
    (
        "the type of training in lower case",
        "CreateTrainingJob",
        {"judgeId": "jdg_here", "trainingType": "incremental", "trainingConfig": {}},
        "at .trainingType: ",
    ),
    (
        "a seed beyond 32 bits",
        "CreateTrainingJob",
        {"judgeId": "jdg_here", "trainingType": "INCREMENTAL", "trainingConfig": {"seed": 2**31}},
        "at .trainingConfig.seed: ",
    ),
    (
        "epochs beyond 64 bits",
        "CreateTrainingJob",
        {"judgeId": "jdg_here", "trainingType": "INCREMENTAL", "trainingConfig": {"maxEpochs": 2**70}},
        "at .trainingConfig.maxEpochs: ",
    ),
    (
        "no configuration",
        "CreateTrainingJob",
        {"judgeId": "jdg_here", "trainingType": "INCREMENTAL"},
        "required field 'trainingConfig'",
    ),
]


@parametrize_rows(WRONG_TYPES)
def test_wrong_type_is_a_request_error_with_its_path(world: Scenario, case: tuple[str, Data, str]) -> None:
    name, input_, place = case
    (error,) = world.api.errors(name, input=input_)
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "'$input' has invalid value" in error["message"]
    assert place in error["message"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_json_with_nan_or_infinity_is_rejected(world: Scenario, number: str) -> None:
    body = json.dumps({"query": "mutation ($input: RecordEvaluationsInput!) { x }", "variables": {"score": 0}})
    headers = {"content-type": "application/json"}
    answer = world.api.http.post("/graphql", content=body.replace("0}", number + "}"), headers=headers)
    assert answer.status_code == 400
    get_errors(answer)


def test_number_too_large_for_a_float_is_rejected_in_documents(world: Scenario) -> None:
    document = f"""mutation {{ recordEvaluations(input: {{judgeId: "jdg_here", evaluations: [{{output: "x",
        scores: [{{criterionId: "{OVERRATED}", score: 1e999}}]}}]}}) {{ userErrors {{ code field message }} }} }}"""
    answer = world.api.post(document).json()
    if "errors" in answer:
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    else:
        (error,) = answer["data"]["recordEvaluations"]["userErrors"]
        assert error["field"] == ["evaluations", "0", "scores", "0", "score"]


@pytest.mark.parametrize("half", [r"\ud800", r"\udc00", r"x\ud83d"])
def test_unpaired_surrogate_is_rejected_in_json_and_documents(world: Scenario, half: str) -> None:
    headers = {"content-type": "application/json"}
    whole = json.dumps({"query": "{ __typename }", "variables": {"text": "?"}})
    answer = world.api.http.post("/graphql", content=whole.replace("?", half), headers=headers)
    assert answer.status_code == 400
    get_errors(answer)
    answer = world.api.post(f'mutation {{ createJudge(input: {{name: "{half}", criteria: []}}) {{ __typename }} }}')
    assert get_errors(answer)[0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
def test_page_size_is_1_to_100(world: Scenario, first: int) -> None:
    api, judge, job = world.api, world.judge, world.job
    (evaluation,) = record_evaluations(api, judge, [make_item(1)])
    for errors in (
        api.errors("Judges", first=first),
        api.errors("JudgeVersions", judgeId=judge["id"], first=first),
        api.errors("TrainingJobs", first=first),
        api.errors("TrainingJobEvents", jobId=job["id"], first=first),
        api.errors("Evaluation", id=evaluation["id"], first=first),
    ):
        assert [error["extensions"] for error in errors] == [{"code": "INVALID", "field": ["first"]}]


def make_broken_cursors(api: Api) -> list[str]:
    whole = api.run("Judges")["pageInfo"]["endCursor"]
    return ["", "x", "====", "jdg_here", whole[:-2], "é", "a" * 5000, NUL, "ZXZlbnQ6MTAwMDAwMDAwMDAwMDAwMDAwMDAwMDA"]


def test_invalid_cursor_is_rejected(world: Scenario) -> None:
    api, judge, job = world.api, world.judge, world.job
    (evaluation,) = record_evaluations(api, judge, [make_item(1)])
    of_jobs = api.run("TrainingJobs")["pageInfo"]["endCursor"]
    for after in (*make_broken_cursors(api)[:-2], of_jobs):
        for errors in (
            api.errors("Judges", after=after),
            api.errors("JudgeVersions", judgeId=judge["id"], after=after),
            api.errors("TrainingJobEvents", jobId=job["id"], after=after),
            api.errors("Evaluation", id=evaluation["id"], after=after),
        ):
            assert [error["extensions"] for error in errors] == [{"code": "INVALID", "field": ["after"]}], after


def test_invalid_bounds_are_rejected(world: Scenario) -> None:
    bounds = {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
    (error,) = world.api.errors("FeedbackSummary", judgeId=world.judge["id"], **bounds)
    assert error["extensions"] == {"code": "INVALID", "field": ["until"]}
    (error,) = world.api.errors("FeedbackSummary", judgeId=world.judge["id"], targetCriteria=["crit_x"])
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert error["extensions"]["field"][0] == "targetCriteria"


def test_body_over_16_mebibytes_is_rejected(world: Scenario) -> None:
    answer = world.api.send("RecordEvaluations", input={"judgeId": "jdg_here", "evaluations": ["x" * 2**24]})
    assert answer.status_code == 413
    assert [error["extensions"]["code"] for error in get_errors(answer)] == ["LIMIT_EXCEEDED"]
