"""Third-party programs in Node. Their packages are installed on first use if Node is available."""

import fcntl
import functools
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import STALLED_SECONDS

NODE_FOLDER = Path(__file__).parents[2] / "node"


@functools.cache
def _find_problem() -> str | None:
    """Return the reason why the packages cannot be used, or None if they can."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        return "Node is not installed."
    lock = NODE_FOLDER / "package-lock.json"
    packages = NODE_FOLDER / "node_modules"
    stamp = packages / f".{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    with (NODE_FOLDER / ".npmrc").open() as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)  # tests run in several processes
        if stamp.exists():
            return None
        finished = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--silent"],
            cwd=NODE_FOLDER,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode != 0:
            return f"npm could not install the packages: {finished.stdout[-500:]}{finished.stderr[-500:]}"
        stamp.touch()
    return None


def require_node() -> None:
    """Skip the test, with the reason, if the packages cannot be used."""
    if problem := _find_problem():
        pytest.skip(problem)


def script_command(script: str, *arguments: str) -> list[str]:
    """Return the command line that runs a script of `tests/node/`."""
    return ["node", str(NODE_FOLDER / script), *arguments]


def run_script(script: str, *arguments: str) -> list[Any]:
    """Run a script to its end and return the JSON values it printed, one per line."""
    finished = subprocess.run(
        script_command(script, *arguments), capture_output=True, text=True, timeout=2 * STALLED_SECONDS, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]
