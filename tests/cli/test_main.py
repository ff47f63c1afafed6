"""Tests of the entry point: its imports, and the environment of numpy."""

import os
import subprocess
import sys

import pytest

from tests.waiting import STALLED_SECONDS

RUN = """
import os, sys
from cli.main import run
sys.argv = ["judgesmith", *{arguments}]
assert "numpy" not in sys.modules
try:
    run()
except SystemExit:
    pass
print(file=sys.stderr)
print(*(name for name in {names} if name in sys.modules), file=sys.stderr)
print(os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_NUM_THREADS"], file=sys.stderr)
"""
HEAVY = ["numpy", "scipy", "sqlalchemy", "strawberry", "graphql", "starlette", "pydantic", "httpx", "rich", "asyncio"]


def run_with(*arguments: str, **environment: str) -> list[str]:
    """Run the command in a new process, and return the last two lines that the script prints."""
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(arguments=arguments, names=HEAVY)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=STALLED_SECONDS,
    )
    return done.stderr.splitlines()[-2:]


def test_a_server_computes_in_one_thread_whatever_its_environment_says() -> None:
    """More threads would compete with training for the cores, and could give other bits than were proven."""
    imported, threads = run_with("serve", "--help", OPENBLAS_NUM_THREADS="4", OMP_NUM_THREADS="4")
    assert "numpy" in imported.split()
    assert threads == "1 1"


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ()], ids=str)
def test_help_and_version_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert run_with(*arguments)[0] == ""


def test_completion_imports_nothing_heavy_but_what_typer_needs() -> None:
    variables = {"_JUDGESMITH_COMPLETE": "complete_bash", "COMP_WORDS": "judgesmith im", "COMP_CWORD": "1"}
    assert run_with(**variables)[0] in ("", "pydantic")
    assert run_with("--show-completion", "bash")[0] in ("", "pydantic")
