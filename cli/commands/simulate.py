"""`judgesmith simulate`: simulated data in files that `judgesmith import` loads."""

from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.demo.simulated_files import FILES, write_simulation
from cli.demo.simulation import Simulation
from cli.options import Json, option_group


@option_group
class SimulationOptions:
    """The options of `simulate` that describe the data."""

    items: Annotated[int, typer.Option(min=1, help="Number of evaluations, at least 1.")] = 300
    criteria: Annotated[int, typer.Option(min=1, max=100, help="Number of the judge's criteria, 1 to 100.")] = 3
    raters: Annotated[int, typer.Option(min=1, help="Number of people who give feedback, at least 1.")] = 8
    per_item: Annotated[
        int, typer.Option(min=1, help="Number of people who rate each evaluation, at most --raters.")
    ] = 2
    groups: Annotated[
        int | None, typer.Option(min=1, help="Number of groups of items. Default: one for every five items.")
    ] = None
    scale: Annotated[str, typer.Option(metavar="LOW-HIGH", help="Ends of the scale of the scores.")] = "1-5"
    drift: Annotated[float, typer.Option(help="Points of the scale by which people become stricter over time.")] = 0.0
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the random numbers; the same seed gives the same files.")
    ] = 0

    def to_simulation(self) -> Simulation:
        """Return the specification of the data.

        Raises:
            typer.BadParameter: no data can have these properties.
        """
        try:
            low, high = (float(end) for end in self.scale.split("-"))
        except ValueError as error:
            raise typer.BadParameter(f"The scale {self.scale!r} is not of the form LOW-HIGH, like 1-5.") from error
        try:
            return Simulation(
                items=self.items,
                criteria=self.criteria,
                raters=self.raters,
                per_item=self.per_item,
                groups=self.groups,
                low=low,
                high=high,
                drift=self.drift,
                seed=self.seed,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error


def simulate_command(
    out_dir: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder to write into, which is created if there is none.")
    ],
    *,
    simulation: SimulationOptions,
    json: Json = False,
) -> None:
    """Write simulated evaluations and feedback to files.

    Args:
        out_dir: the folder to write into.
        simulation: the properties of the data.
        json: print JSON.
    """
    write_simulation(simulation.to_simulation(), out_dir)
    console.print_result(
        {"evaluations": simulation.items, "files": {name: f"{out_dir}/{name}" for name in FILES}},
        lambda: (
            f"{simulation.items:,} simulated evaluations with feedback are in {out_dir}. To load them:\n\n"
            f"  judgesmith import --new {out_dir}/judge.json --evaluations {out_dir}/evaluations.jsonl.gz "
            f"--feedback {out_dir}/feedback.jsonl.gz"
        ),
        as_json=json,
        soft_wrap=True,
    )
