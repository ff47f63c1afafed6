"""Identity of the process that holds a claim, so that another process on the same host can detect its death."""

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def host_identity() -> str:
    """Return the identity of this host since its boot, and on Linux of this container: the scope of a process id."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}/{namespace}"


def process_identity() -> str:
    """Return the name under which this process claims jobs."""
    pid = os.getpid()
    return f"{host_identity()}:{pid}:{_start_ticks(pid) or 0}"


def has_ended(owner: str) -> bool:
    """Return whether an owner is a process of this host that has ended.

    If that cannot be determined, return False; the claim then ends by its lease.
    """
    try:
        host, pid, started = owner.rsplit(":", 2)
        if host != host_identity() or not (_PROC / "self/stat").exists():
            return False
        return _start_ticks(int(pid)) != int(started)
    except ValueError:
        return False


def _start_ticks(pid: int) -> int | None:
    """Return when a process started, in clock ticks since the boot; None if there is no such process or it is dead."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, started = fields[0], fields[19]
    return None if state in "ZX" else int(started)
