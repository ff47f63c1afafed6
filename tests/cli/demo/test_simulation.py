"""Tests of simulated data: it is reproducible, of any size, and has something to learn."""

import gzip
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.demo.simulation import Simulation, simulate, simulated_judge
from models.bulk.lines import CriterionNames
from models.bulk.reader import read_evaluations, read_feedback
from tests.factories import loose_criteria

FILES = ("judge.json", "evaluations.jsonl.gz", "feedback.jsonl.gz", "README.md")


def write(folder: Path, *options: str) -> list[bytes]:
    result = CliRunner().invoke(app, ["simulate", str(folder), "--items", "40", *options])
    assert result.exit_code == 0, result.output
    return [(folder / name).read_bytes() for name in FILES]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again, other = (
        write(tmp_path / name, "--seed", seed) for name, seed in (("1", "3"), ("again", "3"), ("2", "4"))
    )
    assert again == first
    assert other[1:3] != first[1:3]


def test_every_line_can_be_imported(tmp_path: Path) -> None:
    judge, evaluations, feedback, _ = write(tmp_path, "--criteria", "12", "--scale", "0-100")
    names = [criterion["name"] for criterion in json.loads(judge)["criteria"]]
    criteria = CriterionNames(loose_criteria(*names, minimum=0, maximum=100))
    items = read_evaluations(enumerate(gzip.decompress(evaluations).splitlines(), 1), criteria, idempotent=False)
    given = read_feedback(enumerate(gzip.decompress(feedback).splitlines(), 1), criteria, idempotent=False)
    assert items.rejected == given.rejected == []
    ids = {item.spec.external_id for item in items.parsed}
    assert len(ids) == 40
    assert {item.spec.evaluation_external_id for item in given.parsed} == ids
    scores = [score for item in given.parsed for score in item.scores or [] if score is not None]
    assert min(scores) >= 0
    assert 5 < max(scores) <= 100


def test_every_file_is_labelled_as_simulated(tmp_path: Path) -> None:
    judge, _, _, readme = write(tmp_path)
    assert "Simulated" in json.loads(judge)["description"]
    assert b"Neither the scores nor the feedback were given by anyone" in readme
    (item,) = islice(simulate(Simulation()), 1)
    assert "simulated" in item.evaluation["group"]
    assert all("simulated" in line["submitted_by"] for line in item.feedback)


def test_all_kinds_of_feedback_occur() -> None:
    kinds = {line["type"] for item in simulate(Simulation(items=100)) for line in item.feedback}
    assert kinds == {"correction", "rating", "approval", "comment"}


def test_items_come_one_by_one() -> None:
    assert len(list(islice(simulate(Simulation(items=10**9, groups=10)), 5))) == 5


def corrections(spec: Simulation) -> list[tuple[float, float]]:
    """Return pairs of the judge's and a person's score of the same item on the same criterion."""
    return [
        (item.evaluation["scores"][name], score)
        for item in simulate(spec)
        for line in item.feedback
        for name, score in line.get("corrected_scores", {}).items()
    ]


def test_the_judge_is_related_to_people_but_biased() -> None:
    judge, people = np.array(corrections(Simulation(items=600))).T
    assert 0.5 < np.corrcoef(judge, people)[0, 1] < 0.9
    assert judge.mean() - people.mean() > 0.15
    assert judge.std() < people.std()


def test_with_drift_people_become_stricter() -> None:
    spec = Simulation(items=600, drift=1.5, groups=60)
    judge, people = np.array(corrections(spec)).T
    third = len(people) // 3
    shift = people - judge
    assert shift[-third:].mean() < shift[:third].mean() - 0.4


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--scale", "5"], "LOW-HIGH"), (["--scale", "5-1"], "empty"), (["--raters", "2", "--per-item", "3"], "2 in all")],
)
def test_impossible_properties_are_rejected(tmp_path: Path, options: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["simulate", str(tmp_path), *options])
    assert result.exit_code == 2
    assert message in result.output


def test_the_judge_file_names_the_criteria_and_scale() -> None:
    judge = simulated_judge(Simulation(criteria=2, low=0, high=4))
    assert [(c["name"], c["min"], c["max"]) for c in judge["criteria"]] == [("clarity", 0, 4), ("accuracy", 0, 4)]
