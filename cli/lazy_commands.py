"""Group of commands that imports a command only when it is called, so that help and completion are quick."""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class CommandSource(NamedTuple):
    """The place of a command, and the first sentence of its help."""

    location: str  # module:name of a function or of a Typer application
    summary: str


class LazyCommands(MutableMapping[str, Any]):
    """Commands by name, in the order of the help, each imported when it is first read.

    The values are Click commands, whose class Typer does not export.
    """

    def __init__(self, sources: dict[str, CommandSource]) -> None:
        self.sources = sources
        # Any: Typer's commands have no common public type.
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name, self.sources[name])
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        raise TypeError("The commands are fixed.")

    def __delitem__(self, name: str) -> None:
        raise TypeError("The commands are fixed.")

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)


def lazy_group(sources: dict[str, CommandSource]) -> type[TyperGroup]:
    """Return the class of a group with these commands."""

    class LazyGroup(TyperGroup):
        """Group whose help and completion read the summaries instead of the commands."""

        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes | {"commands": {}})
            self.commands = LazyCommands(sources)

        def list_commands(self, ctx: Any) -> list[str]:
            return list(sources)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            summaries = TyperGroup(commands=_summaries(sources))
            summaries.format_commands(ctx, formatter)

        def shell_complete(self, ctx: Any, incomplete: str) -> Any:
            loaded, self.commands = self.commands, _summaries(sources)
            try:
                return super().shell_complete(ctx, incomplete)
            finally:
                self.commands = loaded

    return LazyGroup


# Any: Typer's commands have no common public type.
def _summaries(sources: dict[str, CommandSource]) -> dict[str, Any]:
    """Return commands that have a help text only."""
    return {name: TyperGroup(name=name, help=source.summary) for name, source in sources.items()}


def _load(name: str, source: CommandSource) -> Any:
    module, _, attribute = source.location.partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        from cli.options import register  # imports the client

        only = typer.Typer(add_completion=False, rich_markup_mode=None)
        register(only, name, found)
        found = only
    command = typer.main.get_command(found)
    command.name = name
    return command
