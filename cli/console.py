"""Where the command writes: results to stdout, everything else to stderr."""

import sys

from rich.console import Console
from rich.text import Text

_PIPED_WIDTH = 160  # a file has no width of its own; tables shall not be cut to that of a terminal


def stdout() -> Console:
    """The console for results."""
    return _console(stderr=False, tty=sys.stdout.isatty())


def stderr() -> Console:
    """The console for progress and errors."""
    return _console(stderr=True, tty=sys.stderr.isatty())


def complain(message: str) -> None:
    """Tell an error on stderr."""
    stderr().print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)


def _console(*, stderr: bool, tty: bool) -> Console:
    return Console(stderr=stderr, highlight=False, markup=False, width=None if tty else _PIPED_WIDTH)
