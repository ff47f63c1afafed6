"""Other people's programs in Node: their packages are installed once, where Node is."""

import fcntl
import functools
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[2] / "node"


@functools.cache
def _problem() -> str | None:
    """Why Node's packages can't be used; None: they can."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        return "Node is not here."
    lock = HERE / "package-lock.json"
    packages = HERE / "node_modules"
    stamp = packages / f".{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    with (HERE / ".npmrc").open() as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)  # tests run in several processes
        if stamp.exists():
            return None
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            return f"npm could not install the packages: {done.stdout[-500:]}{done.stderr[-500:]}"
        stamp.touch()
    return None


def need_node() -> None:
    """Skip the test where Node's packages can't be used, and say why."""
    if problem := _problem():
        pytest.skip(problem)


def command(script: str, *arguments: str) -> list[str]:
    """What runs a script of ours."""
    return ["node", str(HERE / script), *arguments]


def lines(script: str, *arguments: str) -> list[Any]:
    """Run a script to its end: what it printed, JSON by line."""
    done = subprocess.run(command(script, *arguments), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
