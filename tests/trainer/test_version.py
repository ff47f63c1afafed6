"""Versions as values and as bytes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.made_up import make_task
from trainer import archive
from trainer.version import Version


def test_round_trip_keeps_every_bit(base: Version) -> None:
    """Bytes, version, bytes: the same; and the same scores."""
    again = Version.loads(base.dumps())
    assert again.dumps() == base.dumps()
    items = make_task(100, seed=9).items
    assert np.array_equal(again.score(items).expected, base.score(items).expected)
    assert base.parameter_count > 0


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
    code = "import sys, trainer.version; assert not any(m.startswith('scipy') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
