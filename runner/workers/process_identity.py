"""Who holds a claim, in words by which another process of the same machine can tell that the holder is gone."""

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def host_identity() -> str:
    """This machine since its start, and on Linux this container of it: where process numbers mean the same."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}/{namespace}"


def process_identity() -> str:
    """The name under which this process claims jobs."""
    pid = os.getpid()
    return f"{host_identity()}:{pid}:{_start_ticks(pid) or 0}"


def has_ended(owner: str) -> bool:
    """Whether an owner is a process of this machine that has ended. In doubt, no: its lease will tell."""
    try:
        place, pid, started = owner.rsplit(":", 2)
        if place != host_identity() or not (_PROC / "self/stat").exists():
            return False
        return _start_ticks(int(pid)) != int(started)
    except ValueError:
        return False


def _start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since the machine's start; None where there is none, or a dead one."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, started = fields[0], fields[19]
    return None if state in "ZX" else int(started)
