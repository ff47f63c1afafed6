"""The `judgesmith` command: the server's own commands beside those of the client."""

from importlib.metadata import version
from typing import Annotated

import typer

from cli.commands import app
from cli.serving import keys_app, migrate, schema, serve, work


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"judgesmith {version('judgesmith')}")
        raise typer.Exit


@app.callback()
def _judgesmith(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Turn people's corrections of an automated judge into a better judge, with statistical proof."""


def run() -> None:
    """Run the command."""
    app.command("serve")(serve)
    app.command("work")(work)
    app.command("migrate")(migrate)
    app.command("schema")(schema)
    app.add_typer(keys_app, name="keys")
    app(prog_name="judgesmith")
