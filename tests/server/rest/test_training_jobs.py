"""Tests of `POST /training/jobs`: the documented examples, and every kind of invalid request."""

import json
import re
import shlex
from typing import Any

import httpx
import pytest

from tests.server.api import Api, Data, assert_nothing_leaks
from tests.server.processes import Server
from tests.server.scenarios import (
    FAIR,
    OVERRATED,
    add_corrected_evaluations,
    make_correction,
    make_item,
    make_judge,
    record_evaluations,
    submit_feedback,
)

EXAMPLES = [
    """
curl -X POST https://api.judge.example.com/training/jobs \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "judge_id": "jdg_xyz789",
    "training_type": "incremental",
    "training_config": {
      "feedback_cutoff_date": "2024-01-01T00:00:00Z",
      "minimum_feedback_count": 20,
      "validation_split": 0.2,
      "learning_rate": 0.001,
      "max_epochs": 50,
      "early_stopping": true
    },
    "execution_options": {
      "priority": "high",
      "auto_deploy": false,
      "backup_current_version": true,
      "notification_email": "[email protected]",
      "webhook_url": "https://your-app.com/webhooks/training"
    }
  }'
""",
    """
curl -X POST https://api.judge.example.com/training/jobs \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "judge_id": "jdg_xyz789",
    "training_type": "fine_tune",
    "training_config": {
      "target_criteria": ["crit_clarity", "crit_accuracy"],
      "minimum_feedback_count": 15,
      "learning_rate": 0.0005,
      "max_epochs": 30
    },
    "execution_options": {
      "priority": "normal",
      "auto_deploy": true
    }
  }'
""",
    """
curl -X POST https://api.judge.example.com/training/jobs \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "judge_id": "jdg_new001",
    "training_type": "incremental",
    "training_config": {
      "minimum_feedback_count": 50
    }
  }'
""",
]

# The documented response: its keys, their order and their values.
SHAPE: Data = {
    "job_id": str,
    "judge_id": str,
    "training_type": str,
    "status": str,
    "feedback_data_summary": {
        "total_feedback_count": int,
        "correction_count": int,
        "rating_count": int,
        "date_range": {"earliest": str, "latest": str},
    },
    "estimated_duration": int,
    "created_at": str,
    "created_by": str,
}


def describe_shape(value: Any) -> Any:
    return {key: describe_shape(inner) for key, inner in value.items()} if isinstance(value, dict) else type(value)


def run_curl(command: str, api: Api) -> httpx.Response:
    """Send the request of a curl command with its host, key and e-mail address replaced by real ones."""
    command = command.replace("YOUR_API_KEY", str(api.key)).replace("[email protected]", "team@example.com")
    words = shlex.split(command.replace("\\\n", " "))
    program, *options = words
    assert program == "curl"
    method, headers, body, address = "GET", {}, "", ""
    while options:
        option = options.pop(0)
        match option:
            case "-X":
                method = options.pop(0)
            case "-H":
                name, _, value = options.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                body = options.pop(0)
            case _:
                address = option
    path = re.sub(r"^https://api\.judge\.example\.com", "", address)
    return httpx.request(method, api.url + path, headers=headers, content=body, trust_env=False)


@pytest.fixture
def judges(api: Api) -> None:
    """Create the judges of the examples with enough feedback."""
    for id_ in ("jdg_xyz789", "jdg_new001"):
        add_corrected_evaluations(api, make_judge(api, id=id_), range(50))


@pytest.mark.usefixtures("judges")
@pytest.mark.parametrize("command", EXAMPLES, ids=["incremental", "fine_tune", "new judge"])
def test_documented_examples_work_unchanged(api: Api, command: str) -> None:
    answer = run_curl(command, api)
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert describe_shape(job) == SHAPE
    assert list(job) == list(SHAPE)
    request = json.loads(command[command.index("{") : command.rindex("}") + 1])
    assert (job["judge_id"], job["training_type"]) == (request["judge_id"], request["training_type"])
    assert job["status"] == "queued"
    summary = job["feedback_data_summary"]
    assert (summary["total_feedback_count"], summary["correction_count"], summary["rating_count"]) == (50, 50, 0)
    assert summary["date_range"]["earliest"].startswith("2026-01-01T00:00:00")
    assert job["estimated_duration"] >= 1
    assert job["created_by"] == api.run("Viewer")["user"]["id"]

    assert answer.headers["location"] == f"/training/jobs/{job['job_id']}"
    assert api.http.get(answer.headers["location"]).json() == job
    same = api.run("TrainingJob", id=job["job_id"])
    config, options = same["trainingConfig"], same["executionOptions"]
    for name, value in request["training_config"].items():
        match name:
            case "target_criteria":
                assert [criterion["key"] for criterion in config["targetCriteria"]] == value
            case _:
                assert config[to_camel_case(name)] == value
    for name, value in request.get("execution_options", {}).items():
        expected = {"[email protected]": "team@example.com", "high": "HIGH", "normal": "NORMAL"}.get(value, value)
        assert options[to_camel_case(name)] == expected


def to_camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


@pytest.fixture
def body(api: Api) -> Data:
    """Return a valid request."""
    add_corrected_evaluations(api, make_judge(api, id="jdg_rest"), range(20))
    return {"judge_id": "jdg_rest", "training_type": "full_retrain", "training_config": {}}


def post(api: Api, body: Any, **headers: str) -> httpx.Response:
    return api.http.post("/training/jobs", json=body, headers=headers)


def assert_rejected(answer: httpx.Response, status: int, code: str) -> list[Data]:
    """Assert that a response is an error and return its details.

    Args:
        answer: the response.
        status: expected HTTP status.
        code: expected code.
    """
    assert answer.status_code == status, answer.text
    (error,) = answer.json().values()
    assert list(error) == ["code", "message", "details"]
    assert error["code"] == code
    assert error["message"]
    assert_nothing_leaks(answer)
    return list(error["details"] or [])


BAD_FIELDS: list[tuple[str, tuple[str, ...], Any]] = [
    ("judge_id that is a number", ("judge_id",), 5),
    ("judge_id that is null", ("judge_id",), None),
    ("training_type in upper case", ("training_type",), "INCREMENTAL"),
    ("training_type that is unknown", ("training_type",), "magic"),
    ("training_config that is null", ("training_config",), None),
    ("training_config that is a list", ("training_config",), []),
    ("execution_options that are a text", ("execution_options",), "fast"),
    ("cutoff without an offset", ("training_config", "feedback_cutoff_date"), "2024-01-01T00:00:00"),
    ("cutoff of an impossible day", ("training_config", "feedback_cutoff_date"), "2024-02-30T00:00:00Z"),
    ("cutoff beyond all years", ("training_config", "feedback_cutoff_date"), "9999-12-31T23:59:59-01:00"),
    ("cutoff that is a number", ("training_config", "feedback_cutoff_date"), 1704067200),
    ("minimum_feedback_count of 0", ("training_config", "minimum_feedback_count"), 0),
    ("minimum_feedback_count that is a text", ("training_config", "minimum_feedback_count"), "20"),
    ("minimum_feedback_count that is a fraction", ("training_config", "minimum_feedback_count"), 20.5),
    ("validation_split of 1", ("training_config", "validation_split"), 1),
    ("validation_split of 0", ("training_config", "validation_split"), 0),
    ("learning_rate of 0", ("training_config", "learning_rate"), 0),
    ("learning_rate of 5", ("training_config", "learning_rate"), 5),
    ("learning_rate that is a text", ("training_config", "learning_rate"), "0.1"),
    ("max_epochs of 0", ("training_config", "max_epochs"), 0),
    ("max_epochs beyond 64 bits", ("training_config", "max_epochs"), 2**70),
    ("early_stopping that is a number", ("training_config", "early_stopping"), 1),
    ("seed below 0", ("training_config", "seed"), -1),
    ("seed beyond 32 bits", ("training_config", "seed"), 2**31),
    ("target_criteria of a full retrain", ("training_config", "target_criteria"), [FAIR]),
    ("target_criteria that are a text", ("training_config", "target_criteria"), FAIR),
    ("unknown field", ("training_config", "colour"), "red"),
    ("priority in upper case", ("execution_options", "priority"), "HIGH"),
    ("priority that is unknown", ("execution_options", "priority"), "urgent"),
    ("auto_deploy that is a text", ("execution_options", "auto_deploy"), "yes"),
    ("notification_email that is none", ("execution_options", "notification_email"), "[email protected]"),
    ("webhook_url that is none", ("execution_options", "webhook_url"), "your-app"),
    ("webhook_url of this machine", ("execution_options", "webhook_url"), "http://127.0.0.1/"),
]


@pytest.mark.parametrize("case", [pytest.param(row[1:], id=row[0]) for row in BAD_FIELDS])
def test_invalid_value_is_rejected_with_its_field(api: Api, body: Data, case: tuple[tuple[str, ...], Any]) -> None:
    path, value = case
    inner = body
    for step in path[:-1]:
        inner = inner.setdefault(step, {})
    inner[path[-1]] = value
    (detail,) = assert_rejected(post(api, body), 422, "INVALID")
    assert detail["code"] == "INVALID"
    if path[-1] == "colour":
        assert "colour" in detail["message"]
    else:
        assert detail["field"] == ".".join(path)
    assert api.run("TrainingJobs")["totalCount"] == 0


def test_missing_field_is_named(api: Api, body: Data) -> None:
    for name in ("judge_id", "training_type", "training_config"):
        (detail,) = assert_rejected(
            post(api, {key: value for key, value in body.items() if key != name}), 422, "INVALID"
        )
        assert name in detail["message"]


def test_all_problems_are_reported(api: Api, body: Data) -> None:
    bad = body | {"training_config": {"learning_rate": 0, "max_epochs": 0}}
    details = assert_rejected(post(api, bad), 422, "INVALID")
    assert [detail["field"] for detail in details] == ["training_config.learning_rate", "training_config.max_epochs"]


def test_too_little_feedback_is_rejected_with_both_numbers(api: Api, body: Data) -> None:
    answer = post(api, body | {"training_config": {"minimum_feedback_count": 21}})
    (detail,) = assert_rejected(answer, 422, "INSUFFICIENT_FEEDBACK")
    assert detail["field"] == "training_config.minimum_feedback_count"
    assert (detail["usable_count"], detail["required_count"]) == (20, 21)
    assert re.search(r"\b20\b.*\b21\b", answer.json()["error"]["message"])


@pytest.mark.parametrize(
    "judge_id", ["jdg_unknown", "", "x" * 5000, "jdg_\x00"], ids=["made up", "empty", "long", "NUL"]
)
def test_unknown_judge_is_not_found(api: Api, body: Data, judge_id: str) -> None:
    (detail,) = assert_rejected(post(api, body | {"judge_id": judge_id}), 404, "NOT_FOUND")
    assert detail["field"] == "judge_id"


def test_unknown_criterion_is_reported_with_its_path(api: Api, body: Data) -> None:
    bad = body | {"training_type": "fine_tune", "training_config": {"target_criteria": [OVERRATED, "crit_x"]}}
    (detail,) = assert_rejected(post(api, bad), 404, "NOT_FOUND")
    assert detail["field"] == "training_config.target_criteria.1"


@pytest.mark.parametrize("job_id", ["job_unknown", "x" * 3000, "job_%00", "job_%F0%9F%99%82", "jdg_rest"])
def test_unknown_job_is_not_found(api: Api, body: Data, job_id: str) -> None:
    assert_rejected(api.http.get(f"/training/jobs/{job_id}"), 404, "NOT_FOUND")


def test_null_as_execution_options_is_the_same_as_none_given(api: Api, body: Data) -> None:
    answer = post(api, body | {"execution_options": None})
    assert answer.status_code == 201, answer.text


def post_text(api: Api, text: str | bytes) -> httpx.Response:
    return api.http.post("/training/jobs", content=text, headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    "text",
    ["", "{", "nothing", '{"judge_id": NaN}', '{"judge_id": "\\ud800"}', b"\xff\xfe"],
    ids=["empty", "cut off", "words", "NaN", "half a surrogate pair", "bytes"],
)
def test_invalid_json_is_malformed(api: Api, text: str | bytes) -> None:
    assert assert_rejected(post_text(api, text), 400, "MALFORMED") == []


@pytest.mark.parametrize("text", ["null", "5", '"x"', "[]", "[{}]", "[" * 10_000])
def test_body_that_is_no_object_is_rejected(api: Api, text: str) -> None:
    assert_rejected(post_text(api, text), 422, "INVALID")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "", "application/json5"])
def test_only_json_is_accepted(api: Api, body: Data, media: str) -> None:
    answer = api.http.post("/training/jobs", content=json.dumps(body), headers={"content-type": media})
    assert_rejected(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_json_content_type_may_name_its_encoding(api: Api, body: Data) -> None:
    assert post(api, body, **{"content-type": "application/json; charset=utf-8"}).status_code == 201


def test_body_over_16_mebibytes_is_rejected_with_and_without_content_length(api: Api, body: Data) -> None:
    large = json.dumps(body | {"judge_id": "x" * 2**24}).encode()
    headers = {"content-type": "application/json"}
    assert_rejected(api.http.post("/training/jobs", content=large, headers=headers), 413, "LIMIT_EXCEEDED")
    pieces = iter([large[: 2**23], large[2**23 :]])
    assert_rejected(api.http.post("/training/jobs", content=pieces, headers=headers), 413, "LIMIT_EXCEEDED")


def test_idempotency_key_returns_the_first_job_and_rejects_another_request(api: Api, body: Data) -> None:
    first = post(api, body, **{"idempotency-key": "once"})
    again = post(api, body, **{"idempotency-key": "once"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    (detail,) = assert_rejected(
        post(api, body | {"training_type": "validation"}, **{"idempotency-key": "once"}), 409, "IDEMPOTENCY_MISMATCH"
    )
    assert detail["field"] == "idempotency_key"
    assert api.run("TrainingJobs")["totalCount"] == 1
    by_graphql = {"judgeId": "jdg_rest", "trainingType": "FULL_RETRAIN", "trainingConfig": {}, "idempotencyKey": "once"}
    assert api.run("CreateTrainingJob", input=by_graphql)["trainingJob"]["id"] == first.json()["job_id"]


def test_response_shows_created_and_completed_status(api: Api, body: Data) -> None:
    made = post(api, body | {"execution_options": {"auto_start": False}}).json()
    assert made["status"] == "created"
    api.run("CancelTrainingJob", input={"jobId": made["job_id"]})
    assert api.http.get(f"/training/jobs/{made['job_id']}").json() == made | {"status": "cancelled"}


def test_feedback_counts_equal_those_of_the_summary(api: Api) -> None:
    judge = make_judge(api, id="jdg_mixed")
    record_evaluations(api, judge, [make_item(number) for number in range(3)])
    rating = {"evaluationExternalId": "e2", "type": "RATING", "rating": 5, "submittedAt": "2026-03-01T10:00:00+02:00"}
    submit_feedback(api, judge, [make_correction(0), make_correction(1), rating])
    config = {"minimum_feedback_count": 3}
    made = post(api, {"judge_id": "jdg_mixed", "training_type": "validation", "training_config": config}).json()
    assert made["feedback_data_summary"] == {
        "total_feedback_count": 3,
        "correction_count": 2,
        "rating_count": 1,
        "date_range": {"earliest": "2026-01-01T00:00:00+00:00", "latest": "2026-03-01T08:00:00+00:00"},
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_rejected(quiet_server: Server, api: Api, method: str) -> None:
    answer = api.http.request(method, "/training/jobs")
    assert_rejected(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST"
