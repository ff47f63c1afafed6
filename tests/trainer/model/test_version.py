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

PAGE = Path(__file__).parents[3] / "docs/reference/version-files.md"


def test_round_trip_keeps_every_bit(base: Version) -> None:
    """The bytes are the same after reading and writing, and so are the scores."""
    again = Version.loads(base.dumps())
    assert again.dumps() == base.dumps()
    items = make_task(100, seed=9).items
    assert np.array_equal(again.score(items).expected, base.score(items).expected)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x03\x04 broken"])
def test_bytes_that_are_not_a_version_are_rejected(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a judge version"):
        Version.loads(data)


def test_damaged_bytes_never_load_as_another_version(base: Version) -> None:
    """The file is cut off, or a bit is flipped; the result is an error or the same version."""
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


def test_incomplete_versions_and_unknown_formats_are_rejected(base: Version) -> None:
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
    """Items may have criteria in another order, or unknown ones, whose raw scores pass through."""
    items = make_task(60, seed=9).items
    swapped = replace(items, raw=items.raw[:, ::-1])
    a, b = base.score(items), base.score(swapped, base.scales[::-1])
    assert np.allclose(a.expected, b.expected[:, ::-1])
    unknown = replace(base.scales[0], key="crit_new")
    assert np.array_equal(base.score(items, (unknown, base.scales[1])).point[:, 0], items.raw[:, 0])


def test_scoring_does_not_import_scipy() -> None:
    code = "import sys, trainer.model.version; assert not any(m.startswith('scipy') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def read_file(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of a version file, read by Python's and numpy's own means."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        arrays = {name: np.load(io.BytesIO(archive.read(name))) for name in archive.namelist()[1:]}
        return json.loads(archive.read("header.json")), {name.removesuffix(".npy"): a for name, a in arrays.items()}


def test_the_reference_page_names_every_field_and_array_with_its_type(base: Version) -> None:
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
def test_the_formulas_of_the_reference_page_give_the_expected_scores(base: Version, gate: float) -> None:
    """They are computed from the file's arrays without the trainer's code."""
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
