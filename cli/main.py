"""The `judgesmith` command: the server's own commands beside those of the client."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

# Of the two halves only the one that is asked for is imported: a server that was killed must be back at once.
SERVER_COMMANDS = ("serve", "work", "migrate", "check-counters", "schema", "keys")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"judgesmith {version('judgesmith')}")
        raise typer.Exit


def build_app(asked_for: str | None = None) -> typer.Typer:
    """The command; with its name, only as much as that command needs."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    if asked_for not in SERVER_COMMANDS:
        from cli.app import app as client

        app.add_typer(client)
    if asked_for in SERVER_COMMANDS or asked_for is None or asked_for.startswith("-"):
        from runner.processes.spawn import ONE_THREAD

        os.environ.update(ONE_THREAD)  # before anything loads numpy
        from cli.commands.server import app as server

        app.add_typer(server)

    @app.callback()
    def judgesmith(
        _version: Annotated[
            bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
        ] = False,
    ) -> None:
        """Turn people's corrections of an automated judge into a better judge, with statistical proof."""

    return app


def run() -> None:
    """Run the command."""
    build_app(next(iter(sys.argv[1:]), None))(prog_name="judgesmith")
