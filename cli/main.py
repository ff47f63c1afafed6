"""The `judgesmith` command: the server's own commands and those of the client."""

import os

from runner.processes.one_thread import ONE_THREAD


def run() -> None:
    """Run the command."""
    os.environ.update(ONE_THREAD)  # before anything loads numpy
    from cli.app import app

    app(prog_name="judgesmith")
