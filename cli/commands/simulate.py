"""`judgesmith simulate`: writing a simulated set as files that `judgesmith import` loads."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli import console
from cli.demo.simulation import Simulation, simulate, simulated_judge
from cli.options import Json

_README = """\
# Simulated feedback

Made by `judgesmith simulate` with seed {seed}. Neither the scores nor the feedback were given by anyone: good for
trying things out, worthless as evidence about a real judge.
"""


def simulate_command(
    out_dir: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to write into; made if need be.")],
    items: Annotated[int, typer.Option(min=1, help="Evaluations.")] = 300,
    criteria: Annotated[int, typer.Option(min=1, max=100, help="Criteria of the judge.")] = 3,
    raters: Annotated[int, typer.Option(min=1, help="People who give feedback.")] = 8,
    per_item: Annotated[int, typer.Option(min=1, help="People who give feedback on each evaluation.")] = 2,
    groups: Annotated[int | None, typer.Option(min=1, help="Groups of items; left out: five items each.")] = None,
    scale: Annotated[str, typer.Option(metavar="LOW-HIGH", help="The scale of the scores.")] = "1-5",
    drift: Annotated[float, typer.Option(help="Points by which people become stricter over time.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Same seed: same files.")] = 0,
    json: Json = False,
) -> None:
    """Write simulated evaluations and feedback to files."""
    try:
        low, high = (float(end) for end in scale.split("-"))
    except ValueError as error:
        raise typer.BadParameter(f"The scale {scale!r} is not of the form LOW-HIGH, like 1-5.") from error
    try:
        spec = Simulation(
            items=items,
            criteria=criteria,
            raters=raters,
            per_item=per_item,
            groups=groups,
            low=low,
            high=high,
            drift=drift,
            seed=seed,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    write(spec, out_dir)
    if json:
        files = {name: f"{out_dir}/{name}" for name in ("judge.json", "evaluations.jsonl.gz", "feedback.jsonl.gz")}
        typer.echo(orjson.dumps({"evaluations": items, "files": files}))
        return
    console.stdout().print(
        f"{items:,} simulated evaluations with feedback are in {out_dir}. To load them:\n\n"
        f"  judgesmith import --new {out_dir}/judge.json --evaluations {out_dir}/evaluations.jsonl.gz "
        f"--feedback {out_dir}/feedback.jsonl.gz",
        soft_wrap=True,
    )


def write(spec: Simulation, folder: Path, **judge: Any) -> None:
    """Write the files of a simulation; `judge` overrides parts of the judge's description."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(_README.format(seed=spec.seed), encoding="utf-8")
    (folder / "judge.json").write_bytes(orjson.dumps(simulated_judge(spec) | judge, option=orjson.OPT_INDENT_2))
    evaluations_path, feedback_path = folder / "evaluations.jsonl.gz", folder / "feedback.jsonl.gz"
    with _gzip(evaluations_path) as evaluations, _gzip(feedback_path) as feedback:
        for item in simulate(spec):
            evaluations.write(orjson.dumps(item.evaluation) + b"\n")
            feedback.writelines(orjson.dumps(line) + b"\n" for line in item.feedback)


@contextmanager
def _gzip(path: Path) -> Iterator[gzip.GzipFile]:
    """A gzip file whose bytes depend on nothing but what is written: no name and no time in its header."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        yield packed
