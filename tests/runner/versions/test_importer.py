"""Import of version files: usable files are accepted, all others rejected with the reason."""

import dataclasses
import io
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.errors import DomainError, ErrorCode
from models.judge import Criterion
from runner.versions.importer import MAX_BYTES, MAX_PARAMETER, read_version
from tests.trainer.synthetic_tasks import make_task
from trainer.model import npz as archive
from trainer.model.version import Version
from trainer.train import train


def criterion(ordinal: int, key: str, **scale: float) -> Criterion:
    wide = {"minimum": 1.0, "maximum": 5.0, "step": 1.0} | scale
    return Criterion(id=f"cri_{ordinal}", ordinal=ordinal, key=key, name=key, weight=1.0, **wide)


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return a trained version."""
    version = train(make_task(120), lambda _: None).version
    assert version is not None
    return version


@pytest.fixture(scope="module")
def criteria(content: bytes) -> tuple[Criterion, ...]:
    """Return the criteria of the version's judge."""
    scales = Version.loads(content).scales
    return tuple(
        criterion(n, scale.key, minimum=scale.minimum, maximum=scale.maximum, step=scale.step)
        for n, scale in enumerate(scales)
    )


def changed(content: bytes, change: Callable[[dict[str, Any], archive.Arrays], None]) -> bytes:
    header, arrays = archive.loads(content)
    change(header, arrays)
    return archive.dumps(header, arrays)


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def array_file(head: dict[str, Any], data: bytes = b"") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, head)
    return stream.getvalue() + data


def rejection_of(content: bytes, criteria: tuple[Criterion, ...]) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        read_version(content, criteria)
    assert refusal.value.field == ("file",)
    assert "Nothing was changed" in refusal.value.message
    return refusal.value


def test_a_version_is_read_as_it_was_written(content: bytes, criteria: tuple[Criterion, ...]) -> None:
    assert read_version(content, criteria).dumps() == content


def test_a_judge_may_have_more_criteria_than_the_version_in_another_order(
    content: bytes, criteria: tuple[Criterion, ...]
) -> None:
    more = tuple(criterion(n, key) for n, key in enumerate(["crit_new", *(c.key for c in reversed(criteria))]))

    assert read_version(content, more).dumps() == content


def test_other_scales_are_rejected_and_both_are_named(content: bytes, criteria: tuple[Criterion, ...]) -> None:
    key = criteria[0].key
    wider = (criterion(0, key, maximum=7.0), *criteria[1:])
    renamed = (criterion(0, "crit_else"), *criteria[1:])

    assert (
        f"{key} goes from 1 to 5 by 1 in the file, and from 1 to 7 by 1 in the judge"
        in rejection_of(content, wider).message
    )
    assert f"no criterion '{key}'; it has crit_else" in rejection_of(content, renamed).message


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "a text": lambda _: b"hello",
    "half a file": lambda content: content[: len(content) // 2],
    "all but the last byte": lambda content: content[:-1],
    "an archive of something else": lambda _: zipped(readme_txt=b"hi"),
    "no arrays": lambda _: zipped(header_json=b"{}"),
    "a header that is no object": lambda _: zipped(header_json=b"[]"),
    "a header of many brackets": lambda _: zipped(header_json=b"[" * 200_000),
    "pickled objects": lambda _: zipped(
        header_json=b"{}", evil_npy=array_file({"descr": "|O", "fortran_order": False, "shape": (1,)}, b"cos\nsystem\n")
    ),
    "an array of an exabyte": lambda _: zipped(
        header_json=b"{}", big_npy=array_file({"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**9)})
    ),
    "an array of less than nothing": lambda _: zipped(
        header_json=b"{}", odd_npy=array_file({"descr": "<f8", "fortran_order": False, "shape": (-1,)})
    ),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_or_hostile_file_is_rejected(
    content: bytes, criteria: tuple[Criterion, ...], damage: Callable[[bytes], bytes]
) -> None:
    assert rejection_of(damage(content), criteria).code is ErrorCode.INVALID


def test_an_archive_bomb_is_measured_and_not_unpacked(criteria: tuple[Criterion, ...]) -> None:
    bomb = zipped(header_json=b"{}", zeros_npy=bytes(200 * 2**20))

    assert len(bomb) < 2**20
    assert rejection_of(bomb, criteria).code is ErrorCode.LIMIT_EXCEEDED
    assert rejection_of(bytes(MAX_BYTES + 1), criteria).code is ErrorCode.LIMIT_EXCEEDED


def put(name: str, value: float) -> Callable[[dict[str, Any], archive.Arrays], None]:
    def change(_: dict[str, Any], arrays: archive.Arrays) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name].flat[0] = value

    return change


def reshape(name: str) -> Callable[[dict[str, Any], archive.Arrays], None]:
    def change(_: dict[str, Any], arrays: archive.Arrays) -> None:
        arrays[name] = arrays[name][..., :-1]

    return change


def narrow(header: dict[str, Any], arrays: archive.Arrays) -> None:
    for name in ("center", "factor", "joint.weights", "joint_precision.weights"):
        reshape(name)(header, arrays)


def turn(name: str) -> Callable[[dict[str, Any], archive.Arrays], None]:
    def change(_: dict[str, Any], arrays: archive.Arrays) -> None:
        arrays[name] = arrays[name][::-1].copy()

    return change


def head(**values: Any) -> Callable[[dict[str, Any], archive.Arrays], None]:
    return lambda header, _: header.update(values)


MEANINGLESS: dict[str, tuple[Callable[[dict[str, Any], archive.Arrays], None], str]] = {
    "NaN": (put("joint.slope", float("nan")), "joint.slope holds numbers that are not finite"),
    "infinity": (put("center", float("inf")), "center is not finite"),
    "a huge number": (put("joint.weights", 10 * MAX_PARAMETER), "joint.weights"),
    "a lexicon out of order": (turn("lexicon"), "hashes that rise"),
    "a rarity without end": (put("lexicon.rarity", float("inf")), "rarity of a lexicon"),
    "negative information": (put("joint_precision.slope", -1.0), "joint_precision.slope"),
    "a share above 1": (put("gate", 1.5), "gate or point"),
    "an unknown estimate": (put("point", 7), "gate or point"),
    "a mass above 1": (put("reach", 2.0), "reach"),
    "a verdict from nowhere": (put("centre", float("nan")), "stretch or centre"),
    "a stretch that turns scores round": (put("stretch", -1.0), "stretch or centre"),
    "too few parameters": (reshape("joint.weights"), "do not fit"),
    "features of another width": (narrow, "features"),
    "fewer words than features": (reshape("lexicon"), "features"),
    "another format": (head(format=99), "format is 99"),
    "a recipe of texts": (head(recipe={"schedule": {"learning_rate": "x", "max_epochs": 1, "early_stopping": True}}),
        "recipe"),
    "a recipe of other words": (head(recipe={"schedule": {"shell": "rm"}}), "makes no sense"),
    "a prior of nothing": (head(recipe={"prior": {"precision": [], "apart": 1, "worth": 0}}), "recipe"),
    "offsets without hold": (lambda header, _: header["recipe"]["prior"].update(offset=0.0), "recipe"),
    "no prior": (head(recipe={"schedule": None}), "makes no sense"),
    "keys that are numbers": (head(keys=[1, 2]), "keys"),
    "no criteria": (head(scales=[]), "fit"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "why"), MEANINGLESS.values(), ids=MEANINGLESS)
def test_impossible_values_are_rejected(
    content: bytes,
    criteria: tuple[Criterion, ...],
    change: Callable[[dict[str, Any], archive.Arrays], None],
    why: str,
) -> None:
    assert why in rejection_of(changed(content, change), criteria).message


def test_a_file_with_changed_bytes_is_the_same_version_or_rejected(
    content: bytes, criteria: tuple[Criterion, ...]
) -> None:
    chance = random.Random(4)
    for _ in range(150):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            version = read_version(bytes(broken), criteria)
        except DomainError:
            continue
        assert dataclasses.replace(version).dumps() == content
