"""Who holds a claim, in words by which another process of the same machine can tell that the holder is gone."""

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def machine() -> str:
    """This machine since its start, and on Linux this container of it: where process numbers mean the same."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}/{namespace}"


def this_process() -> str:
    """The name under which this process claims jobs."""
    pid = os.getpid()
    return f"{machine()}:{pid}:{_started(pid) or 0}"


def is_gone(owner: str) -> bool:
    """Whether an owner is a process of this machine that has ended. In doubt, no: its lease will tell."""
    try:
        place, pid, started = owner.rsplit(":", 2)
        if place != machine() or not (_PROC / "self/stat").exists():
            return False
        return _started(int(pid)) != int(started)
    except ValueError:
        return False


def _started(pid: int) -> int | None:
    """When a process started, in clock ticks since the machine's start; None where there is none, or a dead one."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, started = fields[0], fields[19]
    return None if state in "ZX" else int(started)
