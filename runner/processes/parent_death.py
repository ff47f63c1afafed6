"""End of a child process together with the server or worker that started it."""

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent dies.

    This works on Linux only; ``exit_at_end_of_input`` works everywhere.

    Args:
        parent: process id of the parent; if it has died already, exit at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C


def exit_at_end_of_input() -> None:
    """Exit when stdin is closed, which a background thread watches. The parent keeps stdin open as long as it lives."""
    threading.Thread(target=_wait_for_end_of_input, daemon=True).start()


def _wait_for_end_of_input() -> None:
    sys.stdin.buffer.read()
    os._exit(2)
