"""README snippets: all of them run, in order, against a real server."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.client.subscription import Endpoint, stream_results
from cli.demo.local_server import LocalServer, local_server
from tests.waiting import wait_until

from . import markdown
from .markdown import Block

README = (markdown.ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = markdown.blocks(README)
SERVE = "judgesmith serve"
REQUEST_SECONDS = 600
"""Bound of one request on a busy machine."""


def test_snippets_run_in_order_against_a_real_server(tmp_path: Path) -> None:
    folder = tmp_path / "judgesmith-data"
    folder.mkdir()
    with running_serve_command(tmp_path / "elsewhere"), local_server(folder) as server:
        reader = Reader(server, tmp_path)
        for block, following in zip(BLOCKS, [*BLOCKS[1:], Block("", "")], strict=True):
            if block.language == "graphql":
                assert following.language == "json", f"Variables are missing after:\n{block.text}"
                reader.send(block.text, following.text)
            elif block.language == "sh" and block.text.strip() != SERVE:
                reader.type(block.text)
        assert reader.active_version() is not None
    assert reader.operations == [
        "createJudge",
        "recordEvaluations",
        "submitFeedback",
        "createTrainingJob",
        "trainingJobStatus",
        "evaluate",
    ]
    if reader.skipped_curl:
        pytest.skip("curl is not installed: all snippets except the REST call ran")


def test_only_make_commands_are_not_run() -> None:
    others = [block.text for block in BLOCKS if block.language not in ("graphql", "json", "sh")]
    assert others == ["make demo\nmake test\n"]


class Reader:
    """Reader of the README who runs one snippet after the other."""

    def __init__(self, server: LocalServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.job_id = ""
        self.operations: list[str] = []
        self.skipped_curl = False

    def send(self, document: str, variables: str) -> None:
        """Send an operation and check that it succeeds."""
        payload = {"query": document, "variables": json.loads(variables.replace("job_...", self.job_id))}
        (name, result) = self._watch(payload) if document.startswith("subscription") else self._post(payload)
        assert not result.get("userErrors"), result
        if name == "createTrainingJob":
            self.job_id = result["trainingJob"]["id"]
        elif name == "trainingJobStatus":
            assert result["trainingJob"]["status"] == "COMPLETED", result
            assert result["trainingJob"]["deployment"]["deployed"] is False, result
        self.operations.append(name)

    def type(self, commands: str) -> None:
        """Run commands in a new shell."""
        if commands.startswith("curl") and shutil.which("curl") is None:
            self.skipped_curl = True
            return
        environment = plain_environment() | {
            "JUDGESMITH_URL": self.server.url,
            "JUDGESMITH_API_KEY": self.server.key,
            "no_proxy": "127.0.0.1",
        }
        output = self.folder / "output.log"
        with (
            output.open("w", encoding="utf-8") as log,
            subprocess.Popen(
                ["bash", "-eu", "-o", "pipefail", "-c", commands],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                wait_until(lambda: process.poll() is not None, commands, progress=lambda: output.stat().st_size)
            finally:
                process.kill()
        assert process.returncode == 0, f"{commands}\n{output.read_text(encoding='utf-8')}"

    def active_version(self) -> object:
        """Return the active version after all snippets: the practice data suffices to prove one better."""
        _, judge = self._post({"query": '{ judge(id: "jdg_essays") { activeVersion { number } } }'})
        return judge["activeVersion"]

    def _post(self, payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        headers = {"authorization": f"Bearer {self.server.key}"}
        answer = httpx.post(
            f"{self.server.url}/graphql", json=payload, headers=headers, timeout=REQUEST_SECONDS, trust_env=False
        )
        body = answer.json()
        assert "errors" not in body, body
        ((name, result),) = body["data"].items()
        return name, result

    def _watch(self, payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        url = self.server.url.replace("http", "ws", 1) + "/graphql"
        address = Endpoint(url, {"Authorization": f"Bearer {self.server.key}"})
        *_, last = stream_results(address, payload, use_proxies=False)
        ((name, result),) = last.items()
        return name, result


@contextmanager
def running_serve_command(folder: Path) -> Iterator[None]:
    """Run the README's serve command meanwhile; check that it gets ready and stops on SIGTERM."""
    assert SERVE in [block.text.strip() for block in BLOCKS]
    folder.mkdir()
    with subprocess.Popen(
        SERVE.split(),
        executable=shutil.which("judgesmith", path=plain_environment()["PATH"]),
        cwd=folder,
        env=plain_environment() | {"JUDGESMITH_PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield
            output = [process.stdout.readline() for _ in range(2)]
        finally:
            process.send_signal(signal.SIGTERM)
    assert "admin.key" in output[0]
    assert output[1].startswith("Judgesmith is ready at http://127.0.0.1:")
    assert (folder / "judgesmith-data" / "judgesmith.sqlite").is_file()


def plain_environment() -> dict[str, str]:
    """Return the environment with the installed commands on its path and without the machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUDGESMITH_")}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
