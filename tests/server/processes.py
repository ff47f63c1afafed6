"""Real server processes, as an operator starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parents[2]
READY = "Judgesmith is ready at "


@dataclass(frozen=True)
class Server:
    """A server that accepts requests."""

    url: str
    data_dir: Path
    database_url: str
    process: "subprocess.Popen[str]"
    said: tuple[str, ...]  # its lines before it was ready

    @property
    def admin_key(self) -> str:
        """The key that the first start made."""
        return (self.data_dir / "admin.key").read_text().strip()

    def log(self) -> str:
        return (self.data_dir / "stderr.log").read_text()

    def terminate(self) -> int:
        """Ask the server to end, as an operator's tools do; its status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=10)


def embedded_url(data_dir: Path) -> str:
    """The address of the database that a server makes in its data folder."""
    return f"sqlite+aiosqlite:///{data_dir / 'judgesmith.sqlite'}"


def environment(**variables: str) -> dict[str, str]:
    """The process's environment without settings of ours but those that are named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUDGESMITH_")}
    return kept | {f"JUDGESMITH_{name.upper()}": value for name, value in variables.items()}


@contextmanager
def running(data_dir: Path, *options: str, database_url: str | None = None, **settings: str) -> Iterator[Server]:
    """A server on a free port, ready; ended in the end if it still runs."""
    data_dir.mkdir(parents=True, exist_ok=True)
    if database_url is not None:
        options = (*options, "--database-url", database_url)
    with (data_dir / "stderr.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.start", "serve", "--port", "0", "--data-dir", str(data_dir), *options],
            cwd=HOME,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    with process.stdout:
        try:
            said: list[str] = []
            for line in process.stdout:
                if line.startswith(READY):
                    break
                said.append(line.strip())
            else:
                raise AssertionError(f"The server did not start: {said} {(data_dir / 'stderr.log').read_text()}")
            url = line.removeprefix(READY).strip()
            yield Server(url, data_dir, database_url or embedded_url(data_dir), process, tuple(said))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=15)


def command(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli.start", *words],
        cwd=HOME,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
