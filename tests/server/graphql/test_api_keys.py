"""Tests of API keys and the audit log through the API."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.audit import AuditAction, KeylessActor
from models.errors import Conflict
from store import access, audit
from store.database.open import open_store
from store.database.store import Store
from tests.factories import make_viewer
from tests.server.api import Api, Data, fetch, open_socket
from tests.server.conftest import Enter, update_key
from tests.server.processes import Server, run_command
from tests.server.scenarios import (
    add_corrected_evaluations,
    create_job,
    make_correction,
    make_item,
    make_judge,
    record_evaluations,
    submit_feedback,
)
from tests.waiting import wait_until

Make = Callable[..., tuple[Data, Api]]


@pytest.fixture
def make(quiet_server: Server) -> Iterator[Make]:
    """Return a function that creates a key through the API and returns it with a client that uses it."""
    with ExitStack() as clients:

        def make(api: Api, role: str = "VIEWER", **more: Any) -> tuple[Data, Api]:
            payload = api.run("CreateApiKey", input={"role": role} | more)
            user = Api(quiet_server.url, payload["secret"])
            clients.callback(user.http.close)
            return payload["apiKey"], user

        yield make


def read_audit_log(api: Api, **variables: Any) -> list[Data]:
    found: list[Data] = api.run("AuditLog", **variables)["nodes"]
    return found


def test_secret_is_returned_once_and_later_only_its_prefix(quiet_server: Server, api: Api) -> None:
    payload = api.run("CreateApiKey", input={"role": "TRAINER", "userName": "cleo"})
    secret, key = payload["secret"], payload["apiKey"]
    assert len(secret) == len("jsk_") + 43  # 256 bits in base 64
    assert secret.startswith(key["prefix"])
    assert len(key["prefix"]) == 8
    assert (key["role"], key["user"]["name"], key["expiresAt"], key["revokedAt"]) == ("TRAINER", "cleo", None, None)
    for answer in (api.send("ApiKeys"), api.send("AuditLog"), api.send("Users")):
        assert secret[8:] not in answer.text
    for file in quiet_server.data_dir.glob("judgesmith.sqlite*"):
        assert secret[8:].encode() not in file.read_bytes()
    assert secret[8:] not in quiet_server.log()


def test_key_acts_as_its_user(api: Api, make: Make) -> None:
    _, cleo = make(api, "TRAINER", userName="cleo")
    _, again = make(api, "TRAINER", userName="cleo")
    _, own = make(api, "TRAINER")
    judge = make_judge(cleo)
    by = cleo.query("query ($id: ID!) { judge(id: $id) { createdBy { name } } }", id=judge["id"])
    assert by["judge"]["createdBy"]["name"] == "cleo"
    assert cleo.run("Viewer")["user"] == again.run("Viewer")["user"]
    assert own.run("Viewer")["user"] == api.run("Viewer")["user"]
    assert [user["name"] for user in api.run("Users")["nodes"]] == ["ann", "cleo"]


def test_invalid_key_input_is_rejected_with_its_field(api: Api) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    for wrong, field in (
        ({"expiresAt": past}, "expiresAt"),
        ({"userName": " "}, "userName"),
        ({"userName": "x" * 201}, "userName"),
        ({"userName": "a\x00b"}, "userName"),
    ):
        (error,) = api.user_errors("CreateApiKey", input={"role": "VIEWER"} | wrong)
        assert error["field"] == [field]
    assert api.run("ApiKeys")["totalCount"] == 1


def test_key_is_valid_until_it_expires(quiet_server: Server, api: Api, make: Make) -> None:
    expiry = datetime.now(UTC) + timedelta(hours=1)
    key, short = make(api, expiresAt=expiry.isoformat())
    assert datetime.fromisoformat(key["expiresAt"]) == expiry
    assert short.send("Viewer").status_code == 200
    update_key(quiet_server, short.key, "expires_at = 1")
    wait_until(lambda: short.send("Viewer").status_code == 401)  # as after a change by another process


def test_revoked_key_is_rejected_and_can_be_revoked_again(api: Api, make: Make) -> None:
    key, cleo = make(api, "TRAINER", userName="cleo")
    judge = make_judge(cleo)
    revoked = api.run("RevokeApiKey", input={"keyId": key["id"], "reason": "lost"})["apiKey"]
    assert revoked["revokedAt"] is not None
    assert cleo.send("Judges").status_code == 401
    assert cleo.http.get("/training/jobs/job_x").status_code == 401
    assert cleo.http.post("/training/jobs", json={}).status_code == 401
    assert api.run("RevokeApiKey", input={"keyId": key["id"]})["apiKey"] == revoked
    assert api.run("Judge", id=judge["id"])["id"] == judge["id"]
    assert key["id"] not in [one["id"] for one in api.run("ApiKeys")["nodes"]]
    assert key["id"] in [one["id"] for one in api.run("ApiKeys", includeRevoked=True)["nodes"]]
    log = read_audit_log(api, filter={"targetId": key["id"]})
    assert [(entry["action"], entry["reason"]) for entry in log] == [("KEY_REVOKED", "lost"), ("KEY_CREATED", None)]


def test_revoked_key_closes_its_open_socket(api: Api, make: Make) -> None:
    key, cleo = make(api, "VIEWER")
    judge = make_judge(api)
    with open_socket(cleo) as live:
        live.subscribe("FeedbackSummaryChanged", judgeId=judge["id"])
        live.next()
        api.run("RevokeApiKey", input={"keyId": key["id"]})
        time.sleep(2.1)
        add_corrected_evaluations(api, judge, range(1))
        assert live.close_code() == 4401


def test_key_of_another_workspace_is_reported_as_unknown(quiet_server: Server, api: Api, enter: Enter) -> None:
    other = enter(quiet_server)
    theirs = other.run("Viewer")["id"]
    (error,) = api.user_errors("RevokeApiKey", input={"keyId": theirs})
    (made_up,) = api.user_errors("RevokeApiKey", input={"keyId": "key_x"})
    assert error["code"] == "NOT_FOUND"
    assert error["message"].replace(theirs, "key_x") == made_up["message"]
    assert other.send("Viewer").status_code == 200


def test_last_admin_key_is_revoked_only_by_force(quiet_server: Server, enter: Enter, make: Make) -> None:
    admin = enter(quiet_server)
    own = admin.run("Viewer")["id"]
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    trainer, _ = make(admin, "TRAINER", expiresAt=soon)
    (error,) = admin.user_errors("RevokeApiKey", input={"keyId": own})
    assert (error["code"], error["field"]) == ("CONFLICT", ["keyId"])
    _, second = make(admin, "ADMIN", userName="bea")
    admin.run("RevokeApiKey", input={"keyId": own})
    assert admin.send("Viewer").status_code == 401
    second.run("RevokeApiKey", input={"keyId": trainer["id"]})
    second.run("RevokeApiKey", input={"keyId": second.run("Viewer")["id"], "force": True, "reason": "closing down"})
    assert second.send("Viewer").status_code == 401


async def test_concurrent_revocations_leave_one_admin_key(store: Store) -> None:
    one, _ = await make_viewer(store, user="one")
    two, _ = await make_viewer(store, user="two")
    outcomes = await asyncio.gather(
        store.write(lambda c: access.revoke_key(c, one, two.key_id)),
        store.write(lambda c: access.revoke_key(c, two, one.key_id)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 1


def test_last_use_of_a_key_is_recorded(api: Api, make: Make) -> None:
    key, cleo = make(api)
    assert key["lastUsedAt"] is None
    before = datetime.now(UTC)
    cleo.run("Viewer")

    def used() -> str | None:
        (found,) = [one for one in api.run("ApiKeys")["nodes"] if one["id"] == key["id"]]
        return None if found["lastUsedAt"] is None else str(found["lastUsedAt"])

    wait_until(used, "the record of the use")
    first = used()
    assert before <= datetime.fromisoformat(str(first)) <= datetime.now(UTC)
    cleo.run("Viewer")
    assert used() == first


def test_audit_log_lists_actor_action_and_object_newest_first(api: Api, make: Make) -> None:
    key, cleo = make(api, "TRAINER", userName="cleo")
    judge = make_judge(cleo, name="The judge")
    add_corrected_evaluations(cleo, judge, range(20))
    job = create_job(cleo, judge, autoStart=False)
    second = create_job(cleo, judge, autoStart=False)
    cleo.run("CancelTrainingJob", input={"jobId": job["id"], "reason": "wrong one"})
    retried = cleo.run("RetryTrainingJob", input={"jobId": job["id"]})["trainingJob"]
    log = read_audit_log(api, filter={"userId": cleo.run("Viewer")["user"]["id"]})
    assert [(entry["action"], entry["targetId"]) for entry in log] == [
        ("JOB_RETRIED", retried["id"]),
        ("JOB_CANCELLED", job["id"]),
        ("JOB_CREATED", second["id"]),
        ("JOB_CREATED", job["id"]),
        ("JUDGE_CREATED", judge["id"]),
    ]
    assert {(entry["user"]["name"], entry["apiKeyId"]) for entry in log} == {("cleo", key["id"])}
    assert log[1]["reason"] == "wrong one"
    assert log[-1]["message"] == "Created the judge The judge."
    assert [e["action"] for e in read_audit_log(api, filter={"actions": ["JOB_RETRIED"]})] == ["JOB_RETRIED"]
    later = {"since": log[0]["at"]}
    assert [e["action"] for e in read_audit_log(api, filter=later)] == ["JOB_RETRIED"]
    assert len(read_audit_log(api, filter={"until": log[0]["at"], "targetId": job["id"]})) == 2
    pages = api.run("AuditLog", first=2)
    assert [e["id"] for e in pages["nodes"]] == [e["id"] for e in log[:2]]
    assert api.run("AuditLog", first=100, after=pages["pageInfo"]["endCursor"])["nodes"][0]["id"] == log[2]["id"]


def test_rejected_or_repeated_action_is_not_audited(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(20))
    once = {"judgeId": judge["id"], "trainingType": "VALIDATION", "trainingConfig": {}, "idempotencyKey": "once"}
    api.run("CreateTrainingJob", input=once)
    before = api.run("AuditLog")["totalCount"]
    api.run("CreateTrainingJob", input=once)
    api.user_errors("CreateTrainingJob", input=once | {"trainingType": "FULL_RETRAIN"})
    api.user_errors("CreateJudge", input={"id": judge["id"], "name": "J", "criteria": [{"name": "C"}]})
    api.user_errors("RollbackJudge", input={"judgeId": judge["id"]})
    assert api.run("AuditLog")["totalCount"] == before


def test_retraction_is_audited_once(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(0)])
    [item] = submit_feedback(api, judge, [make_correction(0)])["feedback"]
    for reason in ("a slip", "once more"):
        api.run("RetractFeedback", input={"feedbackId": item["id"], "reason": reason})
    log = read_audit_log(api, filter={"actions": ["FEEDBACK_RETRACTED"]})
    assert [(entry["targetId"], entry["reason"]) for entry in log] == [(item["id"], "a slip")]


def test_idempotency_keys_are_separate_per_workspace(quiet_server: Server, api: Api, enter: Enter) -> None:
    other, ids = enter(quiet_server), set()
    for one in (api, other):
        judge = make_judge(one, id="jdg_same")
        add_corrected_evaluations(one, judge, range(20))
        once = {"judgeId": "jdg_same", "trainingType": "VALIDATION", "trainingConfig": {}, "idempotencyKey": "same"}
        ids.add(one.run("CreateTrainingJob", input=once)["trainingJob"]["id"])
    assert len(ids) == 2


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET message = 'nothing'", "DELETE FROM audit_log"])
async def test_database_rejects_changes_of_the_audit_log(store: Store, statement: str) -> None:
    viewer, _ = await make_viewer(store)
    with pytest.raises(DBAPIError, match="only grows"):
        await store.write(lambda c: c.execute(text(statement)))
    assert await store.read(
        lambda c: len(c.execute(audit.in_workspace(viewer.workspace_id, audit.AuditFilter())).all())
    )


async def test_failed_action_is_not_audited(store: Store) -> None:
    viewer, _ = await make_viewer(store)

    def fail(connection: Any) -> None:
        audit.record_action(
            connection, KeylessActor(viewer.workspace_id), AuditAction.JUDGE_CREATED, "jdg_x", "Created."
        )
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(fail)
    rows = await store.read(lambda c: c.execute(audit.in_workspace(viewer.workspace_id, audit.AuditFilter())).all())
    assert [row.action for row in rows] == [AuditAction.KEY_CREATED]


def test_command_lists_and_revokes_keys_while_a_server_runs(quiet_server: Server, enter: Enter) -> None:
    admin = enter(quiet_server, workspace="by hand", user="hanna")
    words = ("--workspace", "by hand", "--data-dir", str(quiet_server.data_dir))
    listed = run_command("keys", "list", *words)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "hanna" in listed.stdout
    assert "ADMIN" in listed.stdout
    assert admin.key is not None
    assert admin.key[8:] not in listed.stdout
    own = admin.run("Viewer")["id"]
    assert own in listed.stdout
    refused = run_command("keys", "revoke", own, *words)
    assert refused.returncode != 0
    assert "--force" in refused.stderr
    finished = run_command("keys", "revoke", own, "--force", *words)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert fetch(f"{quiet_server.url}/training/jobs/x", admin.http.headers).status_code == 401
    unknown = run_command("keys", "revoke", "key_x", *words)
    assert unknown.returncode != 0
    assert "There is no API key" in unknown.stderr

    async def trail() -> list[tuple[str, str | None]]:
        async with open_store(quiet_server.database_url) as store:

            def unit(connection: Any) -> list[tuple[str, str | None]]:
                workspace = access.find_workspace_by_name(connection, "by hand")
                assert workspace is not None
                rows = connection.execute(audit.in_workspace(workspace.id, audit.AuditFilter())).all()
                return [(row.action.name, row.user_id) for row in rows]

            return await store.read(unit)

    assert asyncio.run(trail()) == [
        ("KEY_CREATED", None),
        ("KEY_REVOKED", None),
    ]  # revoked by the operator, without a key
