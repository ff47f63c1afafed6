"""The `judgesmith` command: the server's own commands and those of the client."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

# Only the half that the command belongs to is imported: a server that was killed must restart quickly.
SERVER_COMMANDS = ("serve", "work", "migrate", "check-counters", "schema", "keys")


def _show_version(requested: bool) -> None:
    if requested:
        typer.echo(f"judgesmith {version('judgesmith')}")
        raise typer.Exit


def build_app(command: str | None = None) -> typer.Typer:
    """Return the application.

    Args:
        command: the first word of the command line. The application then has only the half of the commands that it
            belongs to. Default: both halves.
    """
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    if command not in SERVER_COMMANDS:
        from cli.app import app as client

        app.add_typer(client)
    if command in SERVER_COMMANDS or command is None or command.startswith("-"):
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
