"""Tests of option groups and of the registration of commands."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from cli.commands import jobs, listings
from cli.options import option_group, register
from models.job import Priority, TrainingType
from models.job_status import JobStatus


@option_group
class Size:
    """The size of a box."""

    width: Annotated[int, typer.Option(min=1)] = 2
    height: Annotated[int, typer.Option(min=1)] = 3


def build_app() -> typer.Typer:
    app = typer.Typer()

    def measure(name: str, *, size: Size, unit: str = "cm", json: bool = False) -> None:
        """Print the size of a box.

        Args:
            name: the box.
            size: its size.
            unit: the unit.
            json: print JSON.
        """
        typer.echo(f"{name}: {size.width} x {size.height} {unit} {json}")

    register(app, "measure", measure)
    return app


def test_the_options_of_a_group_take_its_place() -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(build_app(), ["--help"])
    places = [result.stdout.index(option) for option in ("--width", "--height", "--unit", "--json")]
    assert places == sorted(places)
    assert "Args:" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "output"),
    [([], "box: 2 x 3 cm False\n"), (["--height", "5", "--unit", "m", "--json"], "box: 2 x 5 m True\n")],
)
def test_a_command_gets_its_options_as_a_group(arguments: list[str], output: str) -> None:
    assert CliRunner().invoke(build_app(), ["box", *arguments]).stdout == output


def test_the_options_of_a_group_are_checked() -> None:
    assert CliRunner().invoke(build_app(), ["box", "--width", "0"]).exit_code == 2


@pytest.mark.parametrize(
    ("choices", "members"),
    [(listings.Status, JobStatus), (jobs.Type, TrainingType), (jobs.Priority, Priority)],
)
def test_the_choices_of_an_option_are_those_of_the_api(choices: type, members: type) -> None:
    assert set(choices.__members__) == set(members.__members__)
