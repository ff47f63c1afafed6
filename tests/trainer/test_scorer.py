"""Offline scorer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import make_task
from trainer.model.version import Version
from trainer.scorer import load, score

HEAVY = ("scipy", "sqlalchemy", "strawberry", "starlette", "models", "store", "runner")


def _lines(count: int) -> tuple[list[dict], np.ndarray]:
    items = make_task(count, seed=9).items
    lines = [
        {"external_id": items.ids[i], "input": items.inputs[i], "output": items.outputs[i],
         "scores": {"crit_0": items.raw[i, 0], "c1": items.raw[i, 1]}}
        for i in range(len(items))
    ]  # fmt: skip
    return lines, items


def test_offline_scores_equal_those_of_the_version(base: Version, tmp_path: Path) -> None:
    """Criteria may be named by key or by name, and lines are scored in chunks."""
    path = tmp_path / "version.npz"
    path.write_bytes(base.dumps())
    lines, items = _lines(1400)
    found = list(score(load(path), lines))
    expected = base.score(items)
    assert [line["external_id"] for line in found] == items.ids
    for key, column in (("crit_0", 0), ("crit_1", 1)):
        for name, values in (("expected", expected.expected), ("score", expected.point), ("upper", expected.upper)):
            assert np.allclose([line["scores"][key][name] for line in found], values[:, column], atol=1e-6)


def test_the_command_imports_nothing_but_numpy(base: Version, tmp_path: Path) -> None:
    path = tmp_path / "version.npz"
    path.write_bytes(base.dumps())
    lines, _ = _lines(4)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    code = (
        "import sys; sys.argv = ['scorer', sys.argv[1]]\n"
        "from trainer import scorer\nscorer.main()\n"
        f"loaded = {{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r})\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["external_id"] for line in done.stdout.splitlines()] == ["e0", "e1"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"scores": {"crit_0": 3}}, "output"),
        ({"output": "x", "scores": {"nope": 3}}, "no criterion 'nope'"),
        ({"output": "x", "scores": {"crit_0": 9}}, "1 to 5, not 9"),
        ({"output": "x", "scores": {"crit_0": "4"}}, "1 to 5, not '4'"),
        ({"output": "x", "scores": {"crit_0": True}}, "1 to 5, not True"),
        ({"output": 7, "scores": {"crit_0": 4}}, "output"),
        ([1, 2], "output"),
    ],
)
def test_invalid_lines_are_rejected_with_a_reason(base: Version, line: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        list(score(base, [line]))
