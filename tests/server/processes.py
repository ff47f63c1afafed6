"""Server processes and commands, started as an operator starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import STALLED_SECONDS

PROJECT_ROOT = Path(__file__).parents[2]
READY_PREFIX = "Judgesmith is ready at "


@dataclass(frozen=True)
class Server:
    """A server that accepts requests."""

    url: str
    data_dir: Path
    database_url: str
    process: "subprocess.Popen[str]"
    startup_lines: tuple[str, ...]  # printed before it was ready

    @property
    def admin_key(self) -> str:
        """The key that the first start created."""
        return (self.data_dir / "admin.key").read_text().strip()

    def log(self) -> str:
        """Return what the server has logged."""
        return (self.data_dir / "stderr.log").read_text()

    def terminate(self) -> int:
        """Stop the server with SIGTERM and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=STALLED_SECONDS)


def embedded_url(data_dir: Path) -> str:
    """Return the URL of the database that a server creates in its data folder."""
    return f"sqlite+aiosqlite:///{data_dir / 'judgesmith.sqlite'}"


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of this process, in which only the named settings are set."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JUDGESMITH_")}
    return inherited | {f"JUDGESMITH_{name.upper()}": value for name, value in variables.items()}


@contextmanager
def run_server(data_dir: Path, *options: str, database_url: str | None = None, **settings: str) -> Iterator[Server]:
    """Start a server on a free port, wait until it is ready, and stop it at the end of the block.

    Args:
        data_dir: data folder of the server, which also gets its log.
        options: further options of the command.
        database_url: URL of the database. Default: the embedded one in the data folder.
        settings: settings to pass as environment variables.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    if database_url is not None:
        options = (*options, "--database-url", database_url)
    with (data_dir / "stderr.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.start", "serve", "--port", "0", "--data-dir", str(data_dir), *options],
            cwd=PROJECT_ROOT,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    with process.stdout:
        try:
            startup_lines: list[str] = []
            for line in process.stdout:
                if line.startswith(READY_PREFIX):
                    break
                startup_lines.append(line.strip())
            else:
                raise AssertionError(
                    f"The server did not start: {startup_lines} {(data_dir / 'stderr.log').read_text()}"
                )
            url = line.removeprefix(READY_PREFIX).strip()
            yield Server(url, data_dir, database_url or embedded_url(data_dir), process, tuple(startup_lines))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=STALLED_SECONDS)


def run_command(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a `judgesmith` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli.start", *words],
        cwd=PROJECT_ROOT,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * STALLED_SECONDS,
        check=False,
    )
