"""Output of the command: results go to stdout, progress and errors to stderr."""

import sys
from collections.abc import Callable

import orjson
import typer
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_PIPED_WIDTH = 160  # columns; a file has no width of its own, and tables must not be cut to that of a terminal


def stdout() -> Console:
    """Return the console for results."""
    return _console(stderr=False, tty=sys.stdout.isatty())


def stderr() -> Console:
    """Return the console for progress and errors."""
    return _console(stderr=True, tty=sys.stderr.isatty())


def print_error(message: str) -> None:
    """Print an error to stderr."""
    stderr().print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)


def print_result(
    result: object, render: Callable[[], RenderableType], *, as_json: bool, soft_wrap: bool = False
) -> None:
    """Print a command's result to stdout.

    Args:
        result: the result as data.
        render: returns the result as people read it.
        as_json: print the data as JSON instead.
        soft_wrap: leave the wrapping of long lines to the terminal, so that they can be copied.
    """
    if as_json:
        typer.echo(orjson.dumps(result))
    else:
        stdout().print(render(), soft_wrap=soft_wrap)


def new_table(*headings: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table.

    Args:
        headings: the headings of left-aligned columns, which wrap long cells.
        right: the headings of the right-aligned columns after them.
    """
    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right")
    return table


def _console(*, stderr: bool, tty: bool) -> Console:
    return Console(stderr=stderr, highlight=False, markup=False, width=None if tty else _PIPED_WIDTH)
