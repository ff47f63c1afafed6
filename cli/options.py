"""Option groups and parameters that several commands share, and the registration of commands.

A command takes a group of options as one keyword-only parameter whose type is a dataclass marked with `option_group`.
`register` replaces it by the fields of the dataclass in the signature that Typer reads.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, dataclass_transform, get_type_hints

import typer

from cli.client.address import DEFAULT_URL
from cli.errors import ApiError

if TYPE_CHECKING:
    from cli.client.client import Client

JudgeId = Annotated[str, typer.Argument(metavar="JUDGE", help="The judge's id.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
VersionId = Annotated[str, typer.Argument(metavar="VERSION", help="The version's id.")]
First = Annotated[int, typer.Option("--first", min=1, max=100, help="Number of rows to show, 1 to 100.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for programs.")]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="ISO-DATE",
        help="Only feedback given at or after this time, in local time unless it has an offset. Default: no limit.",
    ),
]
Until = Annotated[
    str | None, typer.Option(metavar="ISO-DATE", help="Only feedback given before this time. Default: no limit.")
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CRITERION", help="Only this criterion, by id or key; may be repeated. Default: all criteria."
    ),
]

_INTERRUPTED_STATUS = 130
_GROUP_MARK = "__is_option_group__"

Group = TypeVar("Group")


@dataclass_transform(frozen_default=True)
def option_group(cls: type[Group]) -> type[Group]:
    """Make a class a frozen dataclass whose fields are the options of a command."""
    group = dataclass(frozen=True)(cls)
    setattr(group, _GROUP_MARK, True)
    return group


@option_group
class ClientOptions:
    """The options of every command that is a client of the API."""

    json: Json = False
    url: Annotated[str, typer.Option("--url", envvar="JUDGESMITH_URL", help="Address of the server.")] = DEFAULT_URL
    key: Annotated[
        str | None, typer.Option("--key", envvar="JUDGESMITH_API_KEY", help="API key.", show_default=False)
    ] = None

    @contextmanager
    def connect(self, *, error_status: int = 1, when_interrupted: str = "Stopped.") -> "Iterator[Client]":
        """Connect to the server; report the errors of the API as `report_errors` does.

        Args:
            error_status: the command's exit status after an error.
            when_interrupted: the message after Ctrl-C.
        """
        from cli.client.client import Client  # not imported by the server's commands

        with report_errors(error_status, when_interrupted), Client(self.url, self.key) as client:
            yield client


def register(app: typer.Typer, name: str, command: Callable[..., None]) -> None:
    """Add a command to an application.

    Args:
        app: the application.
        name: the command's name.
        command: the function. Its docstring up to `Args:` is the help text.
    """
    help_text = (inspect.getdoc(command) or "").partition("\n\nArgs:")[0]
    app.command(name, help=help_text)(expand_option_groups(command))


def expand_option_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose signature has the fields of option groups in place of the groups."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        annotation = hints[parameter.name]
        if not hasattr(annotation, _GROUP_MARK):
            parameters.append(parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=annotation))
            continue
        groups[parameter.name] = annotation
        for name, hint in get_type_hints(annotation, include_extras=True).items():
            default = getattr(annotation, name, parameter.empty)
            parameters.append(inspect.Parameter(name, parameter.KEYWORD_ONLY, annotation=hint, default=default))

    @wraps(command)
    def expanded(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{one.name: values.pop(one.name) for one in fields(group)})
        command(**values)

    expanded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return expanded


def parse_timestamp(text: str | None) -> str | None:
    """Return a date or time in ISO 8601 with the offset that the API requires; local time if it has none.

    Raises:
        typer.BadParameter: the text is not in ISO 8601.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date. Write it like 2026-01-31 or 2026-01-31T09:00Z.") from error
    return (time if time.tzinfo else time.astimezone()).isoformat()


@contextmanager
def report_errors(status: int = 1, when_interrupted: str = "Stopped.") -> Iterator[None]:
    """Report an error of the API as one line on stderr and exit, without a traceback.

    Args:
        status: the exit status.
        when_interrupted: the message after Ctrl-C, which exits with status 130.
    """
    try:
        yield
    except ApiError as error:
        from cli import console

        console.print_error(str(error))
        raise typer.Exit(status) from error
    except KeyboardInterrupt:
        from cli import console

        console.stderr().print(when_interrupted)
        raise typer.Exit(_INTERRUPTED_STATUS) from None
