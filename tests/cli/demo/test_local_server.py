"""Tests of starting and stopping the demo's server."""

import sys
from pathlib import Path

import pytest

from cli.demo import local_server as demo_server
from cli.demo.local_server import local_server
from cli.errors import ApiError
from tests.waiting import STALLED_SECONDS


def replace_program(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Run a script in place of the server.

    Args:
        folder: the folder for the script.
        monkeypatch: undoes the replacement.
        text: the shell script.
    """
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setattr(demo_server, "_START_TIMEOUT_SECONDS", STALLED_SECONDS)
    monkeypatch.setattr(sys, "executable", str(path))


def test_a_server_is_used_once_it_is_ready_and_stopped_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = 'echo "starting"; echo "Judgesmith is ready at http://127.0.0.1:1234"; exec sleep 3600'
    replace_program(tmp_path, monkeypatch, ready)
    (tmp_path / "admin.key").write_text("jsk_1\n", encoding="utf-8")
    with local_server(tmp_path) as server:
        assert (server.url, server.key) == ("http://127.0.0.1:1234", "jsk_1")
        assert server.process.poll() is None
    assert server.process.poll() is not None


def test_a_server_that_cannot_start_is_reported_with_its_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_program(tmp_path, monkeypatch, 'echo "The database is locked." >&2; exit 3')
    with pytest.raises(ApiError, match="The database is locked"), local_server(tmp_path):
        pass


def test_settings_of_the_environment_do_not_reach_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGESMITH_DATABASE_URL", "postgresql://elsewhere")
    replace_program(tmp_path, monkeypatch, 'echo "url=$JUDGESMITH_DATABASE_URL."; exit 3')
    with pytest.raises(ApiError, match=r"url=\."), local_server(tmp_path):
        pass
