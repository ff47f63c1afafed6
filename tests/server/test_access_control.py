"""Tests of keys, roles and the isolation of workspaces."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from models.access import Role
from tests.server.api import Api, Data, get_errors, open_socket
from tests.server.conftest import Enter, make_key
from tests.server.processes import Server
from tests.server.scenarios import (
    Trained,
    add_corrected_evaluations,
    create_job,
    make_correction,
    make_feedback,
    make_item,
    make_job_request,
    make_judge,
    record_evaluations,
    submit_feedback,
)
from tests.waiting import STALLED_SECONDS

HOUR = timedelta(hours=1)


def bad_keys(server: Server) -> dict[str, dict[str, str]]:
    expired = make_key(server, workspace="expired", expires_at=datetime.now(UTC) - HOUR)
    good = make_key(server, workspace="good")
    return {
        "no header": {},
        "an empty header": {"authorization": ""},
        "no scheme": {"authorization": good},
        "another scheme": {"authorization": f"Basic {good}"},
        "no key": {"authorization": "Bearer"},
        "a wrong key": {"authorization": "Bearer jsk_wrong"},
        "half a key": {"authorization": f"Bearer {good[:-1]}"},
        "more than a key": {"authorization": f"Bearer {good} {good}"},
        "an expired key": {"authorization": f"Bearer {expired}"},
    }


def test_request_without_a_valid_key_is_rejected(quiet_server: Server) -> None:
    job = {"judge_id": "jdg_x", "training_type": "incremental", "training_config": {}}
    with httpx.Client(base_url=quiet_server.url, trust_env=False, timeout=STALLED_SECONDS) as client:
        for name, headers in bad_keys(quiet_server).items():
            answer = client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), name
            assert [error["extensions"]["code"] for error in get_errors(answer)] == ["UNAUTHENTICATED"]
            for answer in (
                client.post("/training/jobs", json=job, headers=headers),
                client.get("/training/jobs/job_x", headers=headers),
            ):
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), name
                assert answer.json()["error"]["code"] == "UNAUTHENTICATED"


def test_key_is_valid_until_it_expires_in_any_case_of_the_scheme(quiet_server: Server) -> None:
    key = make_key(quiet_server, workspace="long", expires_at=datetime.now(UTC) + HOUR)
    with httpx.Client(base_url=quiet_server.url, trust_env=False, timeout=STALLED_SECONDS) as client:
        for header in (f"Bearer {key}", f"bearer {key}", f"BEARER   {key}"):
            answer = client.post("/graphql", json={"query": "{ viewer { id } }"}, headers={"authorization": header})
            assert answer.status_code == 200


def test_viewer_reads_own_identity_but_no_key(quiet_server: Server, enter: Enter) -> None:
    cleo = enter(quiet_server, workspace="Who & Co", role=Role.TRAINER, user="cleo")
    viewer = cleo.run("Viewer")
    assert (viewer["name"], viewer["role"]) == ("cleo", "TRAINER")
    assert (viewer["user"]["name"], viewer["workspace"]["name"]) == ("cleo", "Who & Co")
    prefixes = [one["id"].partition("_")[0] for one in (viewer, viewer["user"], viewer["workspace"])]
    assert prefixes == ["key", "usr", "wsp"]
    assert cleo.key is not None
    assert cleo.key not in cleo.send("Viewer").text


@pytest.fixture(scope="module")
def shared(quiet_server: Server, enter: Enter) -> tuple[Data, dict[Role, Api]]:
    """Create a judge with feedback and a waiting job with notifications, and a key of every role."""
    by_role = {role: enter(quiet_server, workspace="shared", role=role, user=role.value) for role in Role}
    admin = by_role[Role.ADMIN]
    judge = make_judge(admin)
    add_corrected_evaluations(admin, judge, range(20))
    targets: Data = {"notificationEmail": "team@example.com", "webhookUrl": "https://hooks.example.com/secret"}
    job = create_job(admin, judge, autoStart=False, **targets)
    return {"judge": judge, "job": job}, by_role


NEEDS: dict[str, Role] = {
    "RecordEvaluations": Role.ANNOTATOR,
    "SubmitFeedback": Role.ANNOTATOR,
    "Evaluate and record": Role.ANNOTATOR,
    "CreateJudge": Role.TRAINER,
    "TrainingPreflight": Role.TRAINER,
    "CreateTrainingJob": Role.TRAINER,
    "StartTrainingJob": Role.TRAINER,
    "CancelTrainingJob": Role.TRAINER,
    "RetryTrainingJob": Role.TRAINER,
    "DeployJudgeVersion": Role.TRAINER,
    "RollbackJudge": Role.TRAINER,
    "DeployJudgeVersion by force": Role.ADMIN,
}


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
@pytest.mark.parametrize("name", NEEDS)
def test_operation_requires_its_role_and_names_it(shared: tuple[Data, dict[Role, Api]], role: Role, name: str) -> None:
    inputs: dict[str, Data] = {
        "RecordEvaluations": {"judgeId": "jdg_x", "evaluations": [make_item(0)]},
        "SubmitFeedback": {"judgeId": "jdg_x", "feedback": [make_correction(0)]},
        "Evaluate": {"judgeId": "jdg_x", "items": [make_item(0)], "record": True},
        "CreateJudge": {"name": "", "criteria": []},
        "TrainingPreflight": make_job_request({"id": "jdg_x"}),
        "CreateTrainingJob": make_job_request({"id": "jdg_x"}),
        "StartTrainingJob": {"jobId": "job_x"},
        "CancelTrainingJob": {"jobId": "job_x"},
        "RetryTrainingJob": {"jobId": "job_x"},
        "DeployJudgeVersion": {"versionId": "ver_x"},
        "RollbackJudge": {"judgeId": "jdg_x"},
    }
    operation, needed, api = name.partition(" ")[0], NEEDS[name], shared[1][role]
    input_ = inputs[operation] | ({"force": True, "reason": "so"} if name.endswith("force") else {})
    if role.covers(needed):
        assert api.user_errors(operation, input=input_)
    else:
        (error,) = api.errors(operation, input=input_)
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert needed.name in error["message"]


def test_every_role_may_read_and_evaluate(shared: tuple[Data, dict[Role, Api]]) -> None:
    things, by_role = shared
    judge, job = things["judge"]["id"], things["job"]["id"]
    for api in by_role.values():
        assert api.run("Judge", id=judge)["id"] == judge
        assert api.run("TrainingJob", id=job)["id"] == job
        assert api.run("FeedbackSummary", judgeId=judge)["totalFeedbackCount"] == 20
        assert len(api.run("Evaluate", input={"judgeId": judge, "items": [make_item(500)]})["results"]) == 1
        assert api.http.get(f"/training/jobs/{job}").status_code == 200


def test_rest_requires_the_same_role(shared: tuple[Data, dict[Role, Api]]) -> None:
    things, by_role = shared
    body = {"judge_id": things["judge"]["id"], "training_type": "incremental", "training_config": {}}
    for role in (Role.VIEWER, Role.ANNOTATOR):
        answer = by_role[role].http.post("/training/jobs", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


def test_notification_targets_are_hidden_below_trainer(shared: tuple[Data, dict[Role, Api]]) -> None:
    things, by_role = shared
    for role, api in by_role.items():
        answer = api.send("TrainingJob", id=things["job"]["id"])
        options = answer.json()["data"]["trainingJob"]["executionOptions"]
        if role.covers(Role.TRAINER):
            assert options["notificationEmail"] == "team@example.com"
            assert options["webhookUrl"] == "https://hooks.example.com/secret"
        else:
            assert "example.com" not in answer.text
            assert options["notificationEmail"] is not None  # the status of a notification is visible to everybody


def test_delivery_targets_are_hidden_below_trainer(quiet_server: Server, enter: Enter) -> None:
    admin = enter(quiet_server, workspace="notified")
    judge = make_judge(admin)
    add_corrected_evaluations(admin, judge, range(20))
    job = create_job(admin, judge, autoStart=False, notificationEmail="team@example.com")
    admin.run("CancelTrainingJob", input={"jobId": job["id"]})
    (delivery,) = admin.run("TrainingJob", id=job["id"])["notifications"]
    assert (delivery["deliveryChannel"], delivery["target"], delivery["deliveryStatus"]) == (
        "EMAIL",
        "team@example.com",
        "PENDING",
    )
    viewer = enter(quiet_server, workspace="notified", role=Role.VIEWER, user="vic")
    assert "example.com" not in viewer.send("TrainingJob", id=job["id"]).text


def test_two_workspaces_may_use_the_same_external_id(quiet_server: Server, enter: Enter) -> None:
    one, two = enter(quiet_server), enter(quiet_server)
    judges = [make_judge(api, id="jdg_xyz789", name=name) for api, name in ((one, "One"), (two, "Two"))]
    assert judges[0]["id"] == judges[1]["id"] == "jdg_xyz789"
    add_corrected_evaluations(one, judges[0], range(3))
    assert one.run("Judge", id="jdg_xyz789")["name"] == "One"
    assert two.run("Judge", id="jdg_xyz789")["name"] == "Two"
    assert two.run("FeedbackSummary", judgeId="jdg_xyz789")["totalFeedbackCount"] == 0
    assert one.run("FeedbackSummary", judgeId="jdg_xyz789")["totalFeedbackCount"] == 3
    (error,) = one.user_errors("CreateJudge", input={"id": "jdg_xyz789", "name": "J", "criteria": [{"name": "C"}]})
    assert error["code"] == "CONFLICT"


@pytest.fixture(scope="module")
def secret(trained: Trained) -> dict[str, str]:
    """Return the ids of all objects in a workspace."""
    api, judge = trained.api, trained.judge
    viewer = api.run("Viewer")
    (evaluation,) = record_evaluations(api, judge, [make_item(0)])
    recorded = submit_feedback(api, judge, [make_feedback(0, "COMMENT", externalId="secret", comment="mine")])
    last = api.run("TrainingJobEvents", jobId=trained.job["id"])["events"]["pageInfo"]["endCursor"]
    return {
        "jdg": judge["id"],
        "ver": trained.version["id"],
        "job": trained.job["id"],
        "evl": evaluation["id"],
        "fb": recorded["feedback"][0]["id"],
        "usr": viewer["user"]["id"],
        "wsp": viewer["workspace"]["id"],
        "key": viewer["id"],
        "criterion": judge["criteria"][0]["id"],
        "cursor": last,
    }


@pytest.fixture
def outsider(server: Server, enter: Enter) -> tuple[Api, Data]:
    """Return an administrator of another workspace with a judge."""
    api = enter(server)
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(20))
    return api, judge


Call = Callable[[Api, Data, str], Any]


def make_mutation(name: str, input_: Callable[[Data, str], Data]) -> Call:
    return lambda api, mine, id_: api.payload(name, input=input_(mine, id_))


ASKED: dict[str, tuple[str, Call]] = {
    **{
        f"node of {prefix}": (
            prefix,
            lambda api, _, id_: api.post("query ($id: ID!) { node(id: $id) { id } }", {"id": id_}).json(),
        )
        for prefix in ("jdg", "ver", "job", "evl", "fb", "usr", "wsp", "key")
    },
    "judge": ("jdg", lambda api, _, id_: api.send("Judge", id=id_).json()),
    "versions": ("jdg", lambda api, _, id_: api.send("JudgeVersions", judgeId=id_).json()),
    "job": ("job", lambda api, _, id_: api.send("TrainingJob", id=id_).json()),
    "events": ("job", lambda api, _, id_: api.send("TrainingJobEvents", jobId=id_).json()),
    "evaluation": ("evl", lambda api, _, id_: api.send("Evaluation", id=id_).json()),
    "summary": ("jdg", lambda api, _, id_: api.send("FeedbackSummary", judgeId=id_).json()),
    "summary by criterion": (
        "criterion",
        lambda api, mine, id_: api.send("FeedbackSummary", judgeId=mine["id"], targetCriteria=[id_]).json(),
    ),
    "jobs of a judge": ("jdg", lambda api, _, id_: api.send("TrainingJobs", filter={"judgeId": id_}).json()),
    "jobs of a user": ("usr", lambda api, _, id_: api.send("TrainingJobs", filter={"createdBy": id_}).json()),
    "preflight": ("jdg", lambda api, _, id_: api.send("TrainingPreflight", input=make_job_request({"id": id_})).json()),
    "record": (
        "jdg",
        make_mutation("RecordEvaluations", lambda _, id_: {"judgeId": id_, "evaluations": [make_item(900)]}),
    ),
    "record by criterion": (
        "criterion",
        make_mutation(
            "RecordEvaluations",
            lambda mine, id_: {
                "judgeId": mine["id"],
                "evaluations": [make_item(900, scores=[{"criterionId": id_, "score": 3}])],
            },
        ),
    ),
    "record by version": (
        "ver",
        make_mutation(
            "RecordEvaluations",
            lambda mine, id_: {"judgeId": mine["id"], "evaluations": [make_item(900, versionId=id_)]},
        ),
    ),
    "submit": (
        "jdg",
        make_mutation("SubmitFeedback", lambda _, id_: {"judgeId": id_, "feedback": [make_correction(0)]}),
    ),
    "submit by evaluation": (
        "evl",
        make_mutation(
            "SubmitFeedback",
            lambda mine, id_: {
                "judgeId": mine["id"],
                "feedback": [{"evaluationId": id_, "type": "APPROVAL", "approved": True}],
            },
        ),
    ),
    "evaluate": ("jdg", make_mutation("Evaluate", lambda _, id_: {"judgeId": id_, "items": [make_item(900)]})),
    "evaluate by version": (
        "ver",
        make_mutation(
            "Evaluate", lambda mine, id_: {"judgeId": mine["id"], "versionId": id_, "items": [make_item(900)]}
        ),
    ),
    "train": ("jdg", make_mutation("CreateTrainingJob", lambda _, id_: make_job_request({"id": id_}))),
    "train by criterion": (
        "criterion",
        make_mutation(
            "CreateTrainingJob", lambda mine, id_: make_job_request(mine, "FINE_TUNE", {"targetCriteria": [id_]})
        ),
    ),
    "start": ("job", make_mutation("StartTrainingJob", lambda _, id_: {"jobId": id_})),
    "cancel": ("job", make_mutation("CancelTrainingJob", lambda _, id_: {"jobId": id_})),
    "retry": ("job", make_mutation("RetryTrainingJob", lambda _, id_: {"jobId": id_})),
    "deploy": ("ver", make_mutation("DeployJudgeVersion", lambda _, id_: {"versionId": id_})),
    "deploy by force": (
        "ver",
        make_mutation("DeployJudgeVersion", lambda _, id_: {"versionId": id_, "force": True, "reason": "mine now"}),
    ),
    "roll back": ("jdg", make_mutation("RollbackJudge", lambda _, id_: {"judgeId": id_})),
    "job by REST": ("job", lambda api, _, id_: api.http.get(f"/training/jobs/{id_}").text),
    "train by REST": (
        "jdg",
        lambda api, _, id_: (
            api.http.post(
                "/training/jobs", json={"judge_id": id_, "training_type": "validation", "training_config": {}}
            ).text
        ),
    ),
    "follow a job": ("job", lambda api, _, id_: read_rejection(api, "TrainingJobStatus", jobId=id_)),
    "follow a judge": ("jdg", lambda api, _, id_: read_rejection(api, "TrainingJobActivity", judgeId=id_)),
    "follow feedback": ("jdg", lambda api, _, id_: read_rejection(api, "FeedbackSummaryChanged", judgeId=id_)),
}


def read_rejection(api: Api, name: str, **variables: Any) -> Data:
    """Return the error of a rejected subscription."""
    with open_socket(api) as live:
        live.subscribe(name, **variables)
        message = live.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "NOT_FOUND"
        return message


@pytest.mark.parametrize("name", ASKED)
def test_ids_of_another_workspace_are_reported_as_unknown(
    outsider: tuple[Api, Data], secret: dict[str, str], name: str
) -> None:
    api, mine = outsider
    kind, ask = ASKED[name]
    real = secret[kind]
    made_up = real[:-4] + "zzzz"
    assert str(ask(api, mine, real)).replace(real, "ID") == str(ask(api, mine, made_up)).replace(made_up, "ID")


def test_cursor_of_another_workspace_reveals_nothing(outsider: tuple[Api, Data], secret: dict[str, str]) -> None:
    api, mine = outsider
    assert api.run("Judges")["totalCount"] == 1
    job = create_job(api, mine, autoStart=False)
    with open_socket(api) as live:
        live.subscribe("TrainingJobActivity", after="ZXZlbnQ6MA")  # before the first event
        assert live.next()["trainingJob"]["id"] == job["id"]
    events = api.run("TrainingJobEvents", jobId=job["id"], after=secret["cursor"])["events"]
    assert events["totalCount"] == len(events["edges"])
