"""Local server process on a free port with its own data folder, for as long as the demo needs it."""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from cli.errors import ApiError

_READY_PREFIX = "Judgesmith is ready at "
_START_TIMEOUT_SECONDS = 60.0
_STOP_TIMEOUT_SECONDS = 12.0
_LOG_TAIL_LINES = 20


@dataclass(frozen=True)
class LocalServer:
    """A running local server.

    Attributes:
        url: its address.
        key_file: the file with the administrator's API key.
        process: the process.
    """

    url: str
    key_file: Path
    process: subprocess.Popen[str]

    @property
    def key(self) -> str:
        """The administrator's API key, which the first start created."""
        return self.key_file.read_text(encoding="utf-8").strip()

    def wait(self) -> None:
        """Wait until Ctrl-C.

        Raises:
            ApiError: the server ended before.
        """
        try:
            status = self.process.wait()
        except KeyboardInterrupt:
            return
        raise ApiError(f"The server ended with status {status}.")


@contextmanager
def local_server(data_folder: Path) -> Iterator[LocalServer]:
    """Start a server, wait until it is ready, and stop it at the end.

    Raises:
        ApiError: the server could not start; the message has the last lines of its output.
    """
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "cli.start", "serve", "--port", "0", "--data-dir", str(data_folder)],
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if not name.startswith("JUDGESMITH_")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # a Ctrl-C reaches only the demo, which then stops the server in order
    )
    tail: deque[str] = deque(maxlen=_LOG_TAIL_LINES)
    try:
        url = _wait_until_ready(process, data_folder / "server.log", tail)
        yield LocalServer(url, data_folder / "admin.key", process)
    except ApiError as error:
        raise ApiError(f"{error}\n\nThe server's last lines:\n{''.join(tail)}", error.code) from error
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[str], log: Path, tail: "deque[str]") -> str:
    """Return the server's address once it is ready.

    Args:
        process: the server.
        log: the file that gets its output.
        tail: gets the last lines of its output.

    Raises:
        ApiError: it ended or was not ready in time.
    """
    ready: Queue[str | None] = Queue()
    assert process.stdout is not None
    threading.Thread(target=_read_output, args=(process.stdout, log, ready, tail), daemon=True).start()
    try:
        url = ready.get(timeout=_START_TIMEOUT_SECONDS)
    except Empty:
        raise ApiError(f"The server was not ready within {_START_TIMEOUT_SECONDS:.0f} seconds.") from None
    if url is None:
        raise ApiError("The server could not start.")
    return url


def _read_output(output: IO[str], log: Path, ready: "Queue[str | None]", tail: "deque[str]") -> None:
    """Copy the server's output until it ends.

    Args:
        output: the server's output.
        log: the file that gets it.
        ready: gets the server's address once it is ready, and None at the end of the output.
        tail: gets the last lines.
    """
    with log.open("w", encoding="utf-8") as file, output:
        for line in output:
            file.write(line)
            file.flush()
            tail.append(line)
            if line.startswith(_READY_PREFIX):
                ready.put(line.removeprefix(_READY_PREFIX).strip())
    ready.put(None)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
