"""Tests of the application's two halves."""

import os
import subprocess
import sys

from tests.waiting import STALLED_SECONDS

SERVER = """
import os, sys
from cli.main import build_app
assert "numpy" not in sys.modules
build_app("serve")
assert "numpy" in sys.modules
print(os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_NUM_THREADS"])
"""


def test_a_server_computes_in_one_thread_whatever_its_environment_says() -> None:
    """More threads would compete with training for the cores, and could give other bits than were proven."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"}
    command = [sys.executable, "-c", SERVER]
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=STALLED_SECONDS,
    )
    assert done.stdout.split() == ["1", "1"]
