"""What all client commands share: where the server is, who asks, and how errors are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from cli import console
from cli.client.client import DEFAULT_URL
from cli.errors import ApiError

Url = Annotated[str, typer.Option("--url", envvar="JUDGESMITH_URL", help="Address of the server.")]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="JUDGESMITH_API_KEY", help="API key.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for programs.")]
JudgeId = Annotated[str, typer.Argument(metavar="JUDGE", help="The judge's id.")]
Since = Annotated[
    str | None,
    typer.Option(metavar="ISO-DATE", help="Only feedback given at or after this moment; local time without an offset."),
]
Until = Annotated[str | None, typer.Option(metavar="ISO-DATE", help="Only feedback given before this moment.")]
Target = Annotated[
    list[str] | None, typer.Option(metavar="CRITERION", help="Only this criterion, by id or key; may be repeated.")
]

__all__ = ["DEFAULT_URL", "Json", "JudgeId", "Key", "Since", "Target", "Until", "Url", "friendly_errors", "moment"]

_INTERRUPTED = 130


def moment(text: str | None) -> str | None:
    """A date or moment in ISO 8601 with the offset that the API asks for."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date. Write it like 2026-01-31 or 2026-01-31T09:00Z.") from error
    return (at if at.tzinfo else at.astimezone()).isoformat()


@contextmanager
def friendly_errors(status: int = 1, when_interrupted: str = "Stopped.") -> Iterator[None]:
    """Tell an error of the API in a line on stderr and end with `status`, without a traceback."""
    try:
        yield
    except ApiError as error:
        console.complain(str(error))
        raise typer.Exit(status) from error
    except KeyboardInterrupt:
        console.stderr().print(when_interrupted)
        raise typer.Exit(_INTERRUPTED) from None
