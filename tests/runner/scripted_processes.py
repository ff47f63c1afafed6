"""Training processes that report what a test's script contains."""

import asyncio
import base64
import os
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

import msgspec
import orjson
import pytest

from runner.training.messages import OutcomeReport
from tests.factories import evidence

Report = dict[str, Any]

# Reads its request, writes its lines, then ends, or stays until its input ends or it is killed.
_PROGRAM = """
import sys
sys.stdin.readline()
sys.stdout.write(sys.argv[1])
sys.stdout.flush()
if sys.argv[2] == "hold":
    sys.stdin.read()
sys.exit(int(sys.argv[3]))
"""


def is_running(process: Process) -> bool:
    """Return whether a process runs."""
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    return process.returncode is None


def progress_report(phase: str, fraction: float, epoch: int | None = None, message: str = "On the way") -> Report:
    """Return a progress report.

    Args:
        phase: training or validating.
        fraction: share of the job that is done, 0 to 1.
        epoch: number of the epoch; None for a report without one.
        message: message of the event.
    """
    loss = None if epoch is None else 1.0 / epoch
    body = {"phase": phase, "fraction": fraction, "message": message, "epoch": epoch, "max_epochs": epoch and 9}
    return {"progress": body | {"loss": loss, "validation_loss": None, "mean_absolute_error": None}}


def outcome_report(version: bytes | None = b"learned", *, warnings: tuple[Report, ...] = (), **proof: bool) -> Report:
    """Return the report that ends a successful training."""
    content = None if version is None else base64.b64encode(version).decode()
    rest = {
        "evidence": msgspec.to_builtins(evidence(**proof)),
        "chosen": {"max_epochs": 2},
        "warnings": warnings,
        "lineage": {"seed": 0},
    }
    return {"outcome": {"version": content} | rest}


def outcome(version: bytes | None = b"learned") -> OutcomeReport:
    """Return the decoded outcome of a successful training."""
    return msgspec.convert(outcome_report(version)["outcome"], OutcomeReport)


LOADED: Report = {"loaded": {"labels": 3, "items": 2, "excluded": {"comments": 1}}}
TRAINED = (
    LOADED,
    progress_report("training", 0.2, 1),
    progress_report("training", 0.6, 2),
    progress_report("validating", 0.9),
)
BEGUN = (LOADED, progress_report("training", 0.2, 1))


class ScriptedProcesses:
    """Training processes with a script each; all further processes use the last script."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self._scripts: list[tuple[str, ...]] = []

    def add_script(self, *reports: Report, hold: bool = False, code: int = 0) -> None:
        """Add a script.

        Args:
            reports: reports to write.
            hold: stay until killed, or until the input ends.
            code: exit status.
        """
        lines = b"".join(orjson.dumps(report) + b"\n" for report in reports).decode()
        self._scripts.append((lines, "hold" if hold else "end", str(code)))

    async def start(self) -> Process:
        """Start a process with the next script."""
        script = self._scripts[min(len(self.started), len(self._scripts) - 1)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-E", "-c", _PROGRAM, *script, stdin=PIPE, stdout=PIPE
        )
        self.started.append(process)
        return process


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedProcesses:
    """Replace training processes by scripted ones."""
    processes = ScriptedProcesses()
    monkeypatch.setattr("runner.processes.spawn.start_process", processes.start)
    return processes
