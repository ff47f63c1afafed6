"""Generator for the parts of the reference that come from the code: settings, commands, roles, REST endpoints.

`python -m tests.docs.generated` writes them into the pages; a test compares the pages with the code.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic_core import PydanticUndefined
from starlette.routing import Route
from typer.core import TyperArgument, TyperOption

from cli.app import app
from models import permissions
from schema.build import build_schema
from schema.strawberry_compat.core_schema import core_schema
from server.app import create_app
from server.rest import openapi
from server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def settings_table() -> str:
    """Return one row per setting: its variable, default and description."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `JUDGESMITH_{name.upper()}` | {_default(field.default)} | {_cell(field.description or '')} |")
    return "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if value is None:
        return "not set"
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, tuple):
        value = list(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def commands_reference() -> str:
    """Return a section per command with its arguments and options."""
    return "\n".join(_command(name, command) for name, command in commands().items())


def commands() -> dict[str, Any]:
    """Return all commands by full name, in the order of the help."""
    group = typer.main.get_command(app)
    return dict(_flat("judgesmith", group))


def _flat(prefix: str, group: Any) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, command in group.commands.items():
        full = f"{prefix} {name}"
        found += _flat(full, command) if hasattr(command, "commands") else [(full, command)]
    return found


def _command(name: str, command: Any) -> str:
    parameters = [parameter for parameter in command.params if parameter.name != "help"]
    arguments = [parameter for parameter in parameters if isinstance(parameter, TyperArgument)]
    options = [parameter for parameter in parameters if isinstance(parameter, TyperOption)]
    usage = " ".join([name, *map(_metavar, arguments)])
    lines = [f"## {name}", "", f"`{usage}{' [OPTIONS]' if options else ''}`", ""]
    lines += [_paragraph(part) for part in (command.help or "").split("\n\n")]
    if arguments or options:
        lines += ["| | Meaning | Default |", "|---|---|---|"]
        lines += [f"| `{_metavar(argument)}` | {_cell(argument.help or '')} | |" for argument in arguments]
        lines += [_option(option) for option in options]
        lines.append("")
    return "\n".join(lines)


def _paragraph(text: str) -> str:
    return " ".join(text.split()) + "\n"


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    text = _cell(option.help or "")
    if choices := _choices(option.type_descriptor.annotation):
        text += " One of " + ", ".join(f"`{choice.value}`" for choice in choices) + "."
    if option.envvar:
        text += f" Variable: `{option.envvar}`."
    if option.required:
        default = "required"
    elif option.default is None or option.is_flag or callable(option.default):
        default = ""
    else:
        default = f"`{getattr(option.default, 'value', option.default)}`"
    return f"| {names} | {text} | {default} |"


def _metavar(argument: TyperArgument) -> str:
    return argument.metavar or argument.name.upper()


def _choices(annotation: Any) -> list[Enum]:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return list(kind)
    return []


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def roles_table() -> str:
    """Return one row per operation and endpoint with its minimum role."""
    routes = create_app(Settings()).routes
    core = core_schema(build_schema())
    there = {f"{m} {route.path}" for route in routes if isinstance(route, Route) for m in route.methods or ()}
    for root in (core.query_type, core.mutation_type, core.subscription_type):
        there |= {f"{root.name}.{name}" for name in root.fields} if root is not None else set()
    rows = ["| Operation | Minimum role |", "|---|---|"]
    for door, role in permissions.PERMISSIONS.items():
        if door.partition("(")[0] in there:
            rows.append(f"| `{door}` | `{role.name}` |")
    for field, role in permissions.HIDDEN_FIELDS.items():
        rows.append(f"| the unredacted value of `{field}` | `{role.name}` |")
    return "\n".join(rows) + "\n"


def rest_reference() -> str:
    """Return a section per REST endpoint with its role and statuses."""
    described = openapi.build_document(create_app(Settings()).routes)
    lines: list[str] = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            lines += [f"## {method.upper()} {path}", "", f"{operation['summary']} {operation['description']}", ""]
            lines += ["| Parameter | In | Meaning |", "|---|---|---|"] if operation["parameters"] else []
            lines += [f"| `{p['name']}` | {p['in']} | {_cell(p['description'])} |" for p in operation["parameters"]]
            lines += ["", "| Status | When |", "|---|---|"]
            for status, answer in operation["responses"].items():
                text = answer.get("description") or openapi.ERRORS[int(status)]
                lines.append(f"| {status} | {_cell(text if int(status) >= 400 else 'Done.')} |")
            lines.append("")
    return "\n".join(lines)


GENERATED = {
    REFERENCE / "roles.md": ("roles", roles_table),
    REFERENCE / "rest.md": ("rest", rest_reference),
    REFERENCE / "settings.md": ("settings", settings_table),
    REFERENCE / "commands.md": ("commands", commands_reference),
}


def main() -> None:
    """Write the generated parts into their pages."""
    for path, (marker, make) in GENERATED.items():
        text = path.read_text(encoding="utf-8")
        head, rest = text.split(f"<!-- {marker} -->\n")
        tail = rest.split(f"<!-- end of {marker} -->")[1]
        path.write_text(
            f"{head}<!-- {marker} -->\n\n{make()}\n<!-- end of {marker} -->{tail}",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
