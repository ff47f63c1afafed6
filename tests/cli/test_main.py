"""What is loaded for a command, and how."""

import os
import subprocess
import sys

SERVER = """
import os, sys
from cli.main import build_app
assert "numpy" not in sys.modules
build_app("serve")
assert "numpy" in sys.modules
print(os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_NUM_THREADS"])
"""


def test_a_server_calculates_in_one_thread_whatever_its_environment_says() -> None:
    """More would fight with training for the cores, and might score other bits than were proven."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"}
    done = subprocess.run(
        [sys.executable, "-c", SERVER], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["1", "1"]
