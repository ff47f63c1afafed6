"""Tests of the options that commands share."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.app import COMMANDS, app

# Commands that print only a key, a schema or an address, or that run until they are stopped.
PLAIN = {"demo", "serve", "work", "migrate", "schema", "keys create", "keys revoke", "keys webhook-secret"}


@pytest.mark.parametrize("command", ["import", "train", "watch", "cancel", "jobs", "judges", "summary"])
def test_every_client_command_takes_a_server_and_a_key(command: str) -> None:
    text = CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"]).stdout
    assert all(part in text for part in ("--url", "JUDGESMITH_URL", "--key", "JUDGESMITH_API_KEY"))


def test_an_unreachable_server_is_reported_in_one_line() -> None:
    result = CliRunner().invoke(app, ["judges", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert result.stderr == ("Error: No server answers at http://127.0.0.1:9. Is `judgesmith serve` running there?\n")


def leaves(command: Any, *path: str) -> Iterator[tuple[str, set[str]]]:
    """Yield every command with its options."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, *path, name)
    if not hasattr(command, "commands"):
        yield " ".join(path), {option for one in command.params for option in one.opts}


def test_every_command_with_a_result_can_print_it_as_json() -> None:
    found = dict(leaves(typer.main.get_command(app)))
    assert {name for name, options in found.items() if "--json" not in options} == PLAIN


def test_summaries_of_the_commands_are_those_of_their_help() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    helps = {name: " ".join(command.help.split("\n\n")[0].split()) for name, command in commands.items()}
    assert {name: source.summary for name, source in COMMANDS.items()} == helps


def test_unknown_command_is_answered_with_a_similar_one() -> None:
    assert "Did you mean 'import'" in CliRunner().invoke(app, ["improt"]).output


def test_completion_lists_commands_with_their_summaries() -> None:
    variables = {"_JUDGESMITH_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "judgesmith im"}
    output = CliRunner().invoke(app, [], prog_name="judgesmith", env=variables).output
    assert '"import":"Load evaluations and feedback from files."' in output
    assert '"import-version"' in output
    assert "export" not in output


@pytest.mark.parametrize("command", ["cancel", "summary", "serve", "keys list"])
def test_help_texts_leave_the_arguments_of_the_function_out(command: str) -> None:
    text = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*command.split(), "--help"]).stdout
    assert "Args:" not in text
    assert "client_options" not in text
