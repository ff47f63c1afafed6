"""Tests of health endpoints, commands, keys and a clean shutdown."""

import signal
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.api import Api, Data, fetch, open_socket
from tests.server.conftest import LEASE_SECONDS, Enter
from tests.server.processes import PROJECT_ROOT, Server, run_command, run_server
from tests.server.scenarios import add_corrected_evaluations, create_job, follow_job, make_judge

STOPPED = (0, -signal.SIGTERM, 128 + signal.SIGTERM)  # exit statuses of a server stopped by SIGTERM


def test_health_and_readiness_endpoints_respond(quiet_server: Server) -> None:
    assert fetch(f"{quiet_server.url}/healthz").status_code == 200
    ready = fetch(f"{quiet_server.url}/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True})


def test_metrics_count_jobs_without_names(quiet_server: Server, enter: Enter) -> None:
    def figures() -> dict[str, float]:
        answer = fetch(f"{quiet_server.url}/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert "Very Secret" not in answer.text
        lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    queued = 'judgesmith_training_jobs{status="queued"}'
    before = figures()[queued]
    api = enter(quiet_server, workspace="Very Secret Workspace", user="Very Secret User")
    judge = make_judge(api, name="Very Secret Judge")
    add_corrected_evaluations(api, judge, range(20))
    create_job(api, judge)
    assert figures()[queued] == before + 1


@pytest.mark.parametrize("path", ["/nothing", "/graphql/more", "/training", "/training/jobs/a/b", "/judges/jdg_x"])
def test_unknown_path_gets_a_json_404(quiet_server: Server, path: str) -> None:
    answer = fetch(quiet_server.url + path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert path in answer.json()["error"]["message"]


def test_only_the_first_start_creates_a_private_key_file(data_dir: Path) -> None:
    with run_server(data_dir, "--no-runner") as server:
        key, file = server.admin_key, data_dir / "admin.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert str(file) in " ".join(server.startup_lines)
        assert key not in " ".join(server.startup_lines) + server.log()
        api = Api(server.url, key)
        with api.http:
            assert api.run("Viewer")["role"] == "ADMIN"
            judge = make_judge(api)
        assert server.terminate() in STOPPED
    with closing(sqlite3.connect(data_dir / "judgesmith.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with run_server(data_dir, "--no-runner") as server:
        assert server.admin_key == key
        assert server.startup_lines == ()
        api = Api(server.url, key)
        with api.http:
            assert api.run("Judge", id=judge["id"]) == judge


def test_command_creates_a_key_and_prints_only_its_secret(quiet_server: Server) -> None:
    words = ("keys", "create", "--role", "trainer", "--workspace", "by command", "--user", "cleo", "--expires", "30")
    created = run_command(*words, "--data-dir", str(quiet_server.data_dir))
    assert (created.returncode, created.stderr) == (0, "")
    (key,) = created.stdout.splitlines()
    api = Api(quiet_server.url, key)
    with api.http:
        viewer = api.run("Viewer")
    assert (viewer["name"], viewer["role"], viewer["workspace"]["name"]) == ("cleo", "TRAINER", "by command")


def test_server_commands_succeed_or_report_the_reason(tmp_path: Path) -> None:
    """Run the commands concurrently, because most of their time is their startup."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    unreachable = "postgresql+asyncpg://judge:hushhush@127.0.0.1:1/judge"
    good: dict[str, tuple[str, ...]] = {
        "schema": ("schema",),
        "migrate": ("migrate", "--data-dir", str(tmp_path / "new")),
    }
    bad: dict[str, tuple[str, ...]] = {
        "another database": ("serve", "--database-url", "mysql://localhost/judge"),
        "a database that is away": ("serve", "--database-url", unreachable, "--data-dir", str(tmp_path / "away")),
        "a file for a folder": ("serve", "--data-dir", str(blocked)),
        "a role that is none": ("keys", "create", "--role", "king", "--data-dir", str(tmp_path / "role")),
    }
    every = good | bad
    with ThreadPoolExecutor(2) as pool:
        finished = dict(zip(every, pool.map(lambda words: run_command(*words), every.values()), strict=True))
    for name in good:
        assert (finished[name].returncode, finished[name].stderr) == (0, ""), name
    assert finished["schema"].stdout == (PROJECT_ROOT / "schema" / "schema.graphql").read_text()
    assert (tmp_path / "new" / "judgesmith.sqlite").is_file()
    for name in bad:
        output = finished[name].stdout + finished[name].stderr
        assert finished[name].returncode != 0, name
        assert output.strip(), name
        assert "Traceback" not in output, output
        assert "hushhush" not in output, output


def test_port_in_use_is_reported(quiet_server: Server, tmp_path: Path) -> None:
    port = quiet_server.url.rpartition(":")[2]
    finished = run_command("serve", "--port", port, "--data-dir", str(tmp_path))
    assert finished.returncode != 0
    assert "in use" in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr


def test_shutdown_keeps_the_running_job_and_its_attempt(data_dir: Path) -> None:
    with run_server(data_dir, lease_seconds=LEASE_SECONDS) as server:
        api = Api(server.url, server.admin_key)
        with api.http:
            judge = make_judge(api)
            add_corrected_evaluations(api, judge, range(400))
            job = create_job(api, judge)
            seen: list[Data] = []
            with open_socket(api) as live:
                live.subscribe("TrainingJobStatus", jobId=job["id"])
                live.subscribe("FeedbackSummaryChanged", "2", judgeId=judge["id"])
                while not seen or seen[-1]["event"].get("to") != "TRAINING":
                    message = live.receive()
                    if message["id"] == "1":
                        seen.append(message["payload"]["data"]["trainingJobStatus"])
                assert server.terminate() in STOPPED
    assert "Traceback" not in server.log()
    with run_server(data_dir, lease_seconds=LEASE_SECONDS) as server:
        api = Api(server.url, server.admin_key)
        with api.http:
            rest = follow_job(api, job, after=seen[-1]["cursor"])
            finished = api.run("TrainingJob", id=job["id"])
            moves = [u["event"]["to"] for u in rest if u["event"]["__typename"] == "StatusChanged"]
            assert moves == ["QUEUED", "PREPARING", "TRAINING", "VALIDATING", "COMPLETED"]
            assert (finished["status"], finished["attempt"]) == ("COMPLETED", 1)
            assert finished["resultVersion"]["number"] == 1
            events = [u["event"]["id"] for u in seen + rest]
            assert events == [u["event"]["id"] for u in follow_job(api, job)]
