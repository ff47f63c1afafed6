"""A server of one's own for as long as it is needed: a process on a free port with a data folder."""

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

_READY = "Judgesmith is ready at "
_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 12.0
_LOG_TAIL = 20


@dataclass(frozen=True)
class LocalServer:
    """Where a local server answers and who may ask."""

    url: str
    key_file: Path
    process: subprocess.Popen[str]

    @property
    def key(self) -> str:
        """The key of the administrator, which the first start made."""
        return self.key_file.read_text(encoding="utf-8").strip()

    def wait(self) -> None:
        """Wait until Ctrl-C; a server that ends before is an error."""
        try:
            status = self.process.wait()
        except KeyboardInterrupt:
            return
        raise ApiError(f"The server ended with status {status}.")


@contextmanager
def local_server(data_folder: Path) -> Iterator[LocalServer]:
    """Start a server, wait until it is ready, and stop it in the end."""
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "cli.start", "serve", "--port", "0", "--data-dir", str(data_folder)],
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if not name.startswith("JUDGESMITH_")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # a Ctrl-C is ours to handle: it ends the server in order
    )
    tail: deque[str] = deque(maxlen=_LOG_TAIL)
    try:
        url = _wait_until_ready(process, data_folder / "server.log", tail)
        yield LocalServer(url, data_folder / "admin.key", process)
    except ApiError as error:
        raise ApiError(f"{error}\n\nThe server's last lines:\n{''.join(tail)}", error.code) from error
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[str], log: Path, tail: "deque[str]") -> str:
    ready: Queue[str | None] = Queue()
    assert process.stdout is not None
    threading.Thread(target=_read, args=(process.stdout, log, ready, tail), daemon=True).start()
    try:
        url = ready.get(timeout=_START_TIMEOUT)
    except Empty:
        raise ApiError(f"The server was not ready within {_START_TIMEOUT:.0f} seconds.") from None
    if url is None:
        raise ApiError("The server could not start.")
    return url


def _read(output: IO[str], log: Path, ready: "Queue[str | None]", tail: "deque[str]") -> None:
    """Keep the server's output, and tell when it says that it is ready; None when it ended before."""
    with log.open("w", encoding="utf-8") as file, output:
        for line in output:
            file.write(line)
            file.flush()
            tail.append(line)
            if line.startswith(_READY):
                ready.put(line.removeprefix(_READY).strip())
    ready.put(None)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
