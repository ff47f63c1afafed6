"""Tests of watching a job on a terminal and in a file."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from cli.client.client import Client
from cli.display.watch import watch_job
from cli.errors import ApiError

from .results import Data, job, updates


class FakeClient(Client):
    """Client of one job with a fixed list of updates."""

    def execute(self, name: str, **variables: Any) -> Data:
        return {"trainingJob": job() if variables["id"] == "job_1" else None}

    def subscribe(self, name: str, **variables: Any) -> Iterator[Data]:
        return iter(updates())


@pytest.fixture
def client() -> Iterator[FakeClient]:
    with FakeClient() as fake:
        yield fake


def test_a_file_gets_plain_lines_and_not_one_for_every_epoch(client: FakeClient) -> None:
    out = io.StringIO()
    finished = watch_job(client, "job_1", Console(file=out, width=160, highlight=False, markup=False))
    lines = out.getvalue().splitlines()
    assert finished["status"] == "COMPLETED"
    assert "\x1b" not in out.getvalue()
    assert sum("Epoch" in line for line in lines) == 9
    assert any("A [strange] warning." in line for line in lines)
    assert any("Proven better" in line for line in lines)


def test_a_terminal_gets_a_live_view_and_then_the_table(client: FakeClient) -> None:
    out = io.StringIO()
    watch_job(client, "job_1", Console(file=out, width=160, force_terminal=True, highlight=False, markup=False))
    assert "\x1b" in out.getvalue()
    assert "better" in out.getvalue()


def test_an_unknown_job_is_an_error(client: FakeClient) -> None:
    with pytest.raises(ApiError, match="There is no training job job_9"):
        watch_job(client, "job_9", Console(file=io.StringIO()))
