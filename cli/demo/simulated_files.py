"""Writer of simulated data to files in the import format."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from cli.demo.simulation import Simulation, simulate, simulated_judge
from cli.import_format import CriterionDescription

FILES = ("judge.json", "evaluations.jsonl.gz", "feedback.jsonl.gz")
_README = """\
# Simulated feedback

Made by `judgesmith simulate` with seed {seed}. Neither the scores nor the feedback were given by anyone: good for
trying things out, worthless as evidence about a real judge.
"""


def write_simulation(
    spec: Simulation,
    folder: Path,
    *,
    judge_id: str | None = None,
    judge_name: str | None = None,
    criteria: list[CriterionDescription] | None = None,
) -> None:
    """Write the files of a simulation into a folder, which is created if there is none.

    Args:
        spec: the properties of the data.
        folder: the folder.
        judge_id: the judge's id. Default: none, so that each import creates a judge.
        judge_name: the judge's name. Default: the simulation's.
        criteria: the judge's criteria. Default: the simulation's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    judge = simulated_judge(spec)
    if judge_id is not None:
        judge["id"] = judge_id
    judge["name"] = judge_name or judge["name"]
    judge["criteria"] = criteria or judge["criteria"]
    judge_path, evaluations_path, feedback_path = (folder / name for name in FILES)
    (folder / "README.md").write_text(_README.format(seed=spec.seed), encoding="utf-8")
    judge_path.write_bytes(orjson.dumps(judge, option=orjson.OPT_INDENT_2))
    with _open_gzip(evaluations_path) as evaluations, _open_gzip(feedback_path) as feedback:
        for item in simulate(spec):
            evaluations.write(orjson.dumps(item.evaluation) + b"\n")
            feedback.writelines(orjson.dumps(line) + b"\n" for line in item.feedback)


@contextmanager
def _open_gzip(path: Path) -> Iterator[gzip.GzipFile]:
    """Open a gzip file whose bytes depend only on its content: its header has no name and no time."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        yield packed
