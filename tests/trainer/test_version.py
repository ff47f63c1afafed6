"""Versions as values and as bytes."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.synthetic_tasks import make_task
from trainer.model import npz as archive
from trainer.model.optimizers import Schedule
from trainer.model.version import Version


def test_round_trip_keeps_every_bit(base: Version) -> None:
    """Bytes, version, bytes: the same; and the same scores."""
    again = Version.loads(base.dumps())
    assert again.dumps() == base.dumps()
    items = make_task(100, seed=9).items
    assert np.array_equal(again.score(items).expected, base.score(items).expected)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x03\x04 broken"])
def test_bytes_that_are_no_version_are_refused(data: bytes) -> None:
    """A clear error, not a crash inside numpy."""
    with pytest.raises(ValueError, match="not a judge version"):
        Version.loads(data)


def test_damaged_bytes_are_refused(base: Version) -> None:
    """Cut off, or a bit flipped anywhere: an error or the same version, never another one."""
    blob = base.dumps()
    for cut in range(0, len(blob), len(blob) // 20):
        with pytest.raises(ValueError, match="not a judge version"):
            Version.loads(blob[:cut])
    for at in range(10, len(blob), len(blob) // 40):
        flipped = blob[:at] + bytes([blob[at] ^ 0x10]) + blob[at + 1 :]
        try:
            again = Version.loads(flipped)
        except ValueError:
            continue
        assert again.dumps() == blob


def test_pickles_and_missing_parts_are_refused(base: Version) -> None:
    """An archive that lacks an array, holds objects or is of another format is no version."""
    header, arrays = archive.loads(base.dumps())
    for wrong in (
        archive.dumps(header | {"format": 999}, arrays),
        archive.dumps(header, {k: v for k, v in arrays.items() if k != "gate"}),
        archive.dumps(header, arrays | {"gate": arrays["gate"][:1]}),
        archive.dumps({}, arrays),
    ):
        with pytest.raises(ValueError, match="not a judge version"):
            Version.loads(wrong)


def test_columns_are_matched_by_key(base: Version) -> None:
    """Items may bring criteria in another order, or ones the version does not know: those pass through raw."""
    items = make_task(60, seed=9).items
    swapped = replace(items, raw=items.raw[:, ::-1])
    a, b = base.score(items), base.score(swapped, base.scales[::-1])
    assert np.allclose(a.expected, b.expected[:, ::-1])
    unknown = replace(base.scales[0], key="crit_new")
    assert np.array_equal(base.score(items, (unknown, base.scales[1])).point[:, 0], items.raw[:, 0])


def test_scoring_needs_no_scipy() -> None:
    """A server that only scores does not pay for scipy."""
    code = "import sys, trainer.model.version; assert not any(m.startswith('scipy') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


PAGE = Path(__file__).parents[2] / "docs/reference/version-files.md"


def read_file(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A version's file by Python's own means and numpy's."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        arrays = {name: np.load(io.BytesIO(archive.read(name))) for name in archive.namelist()[1:]}
        return json.loads(archive.read("header.json")), {name.removesuffix(".npy"): a for name, a in arrays.items()}


def test_the_page_names_all_that_a_file_holds(base: Version) -> None:
    """Every field of the header and of the recipe, every array, with its type."""
    header, arrays = read_file(base.dumps())
    page = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_.*]+)`", page))
    assert {*header, *header["scales"][0], *header["recipe"], *header["recipe"]["prior"]} <= named
    models = {name: name.split(".") for name in arrays if f"{name.split('.')[0]}.*" in named}
    assert {*Schedule.__slots__, *(field for _, field in models.values()), *(arrays.keys() - models)} <= named
    for line in page.splitlines():
        found = re.match(r"\| ((?:`\w+`(?:, )?)+) \| `(\S+)` `\((C|D),\)`", line)
        for name in re.findall(r"\w+", found[1]) if found else []:
            assert arrays[name].dtype.str == found[2].replace("\\", "")
            assert arrays[name].shape == (base.encoder.width if found[3] == "D" else len(base.scales),)


@pytest.mark.parametrize("gate", [0.0, 0.5, 1.0])
def test_the_pages_formulas_give_the_versions_means(base: Version, gate: float) -> None:
    """Computed from the file's arrays as the page says, without any of the code that does it."""
    items = make_task(60, seed=21).items
    version = replace(base, gate=np.full(2, gate), learned=np.ones(2, np.bool_))
    header, arrays = read_file(version.dumps())
    x, expected = version.encoder.encode(items, version.scales), version.score(items).expected
    for c, scale in enumerate(header["scales"]):
        a, b = scale["minimum"], scale["maximum"]
        steps = round((b - a) / scale["step"])
        level, whole = np.arange(1, steps + 1), np.zeros((len(items), steps))
        for model, share in (("calibrator", 1 - gate), ("joint", gate)):
            own = {name: arrays[f"{model}.{name}"][c] for name in ("slope", "shift", "bend", "weights")}
            z = 8 * ((items.raw[:, c] - a) / (b - a) - 0.5) * own["slope"] + own["shift"]
            z = z + x @ own["weights"] if model == "joint" else z
            t = np.maximum.accumulate(8 * ((level - 0.5) / steps - 0.5) + own["bend"][:steps])
            whole += share / (1 + np.exp(t - z[:, None]))
        assert np.allclose(a + (b - a) / steps * whole.sum(1), expected[:, c], atol=1e-6)
