"""Importer of version files, which may be hostile: a bad file costs little and changes nothing.

The checks proceed from the outside in:

1. The archive is measured without unpacking it.
2. The header of each array must match its size.
3. The values must be finite and in range, and the scales must be the judge's.
4. Synthetic items are scored.
"""

import io
import itertools
import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.errors import DomainError, Invalid, LimitExceeded
from models.judge import Criterion
from runner.dataset.dataset import to_scales
from trainer.data import Items, Scale
from trainer.features.encoder import Encoder
from trainer.model.optimizers import Schedule
from trainer.model.ordinal import COEFFICIENT_KEYS
from trainer.model.prior import Prior
from trainer.model.version import MEDIAN, RAW, Version

MAX_BYTES = 8 * 2**20
"""Size of a file. A version with a hundred criteria has about one megabyte."""
MAX_UNPACKED_BYTES = 64 * 2**20
"""Size of all entries of the archive after unpacking."""
MAX_HEADER_BYTES = 2**20
MAX_ENTRIES = 100
MAX_PARAMETER = 1e9
"""Absolute value of a parameter. Those of real versions are below a thousand."""

_DTYPES = {"<f8", "<f4", "<i4", "<u8", "|i1", "|b1"}
_PARTS = ("calibrator", "joint", "calibrator_precision", "joint_precision")
_TEXTS = ["", "One word.", "A few words, and 2 numbers:\n- 17\n- 4!"]


def read_version(content: bytes, criteria: tuple[Criterion, ...]) -> Version:
    """Read a version from a file, and check that it can score for a judge with these criteria.

    Raises:
        Invalid: The file is damaged, is not a version, or has other scales.
        LimitExceeded: The file is larger than any version is.
    """
    try:
        _check_archive(content)
        version = Version.loads(content)
        for problem in itertools.chain(_find_scale_mismatches(version, criteria), _find_invalid_values(version)):
            raise _invalid_file(problem)
        _check_scoring(version, to_scales(criteria))
    except DomainError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise _invalid_file(str(error).rstrip(".") or "it is damaged") from error
    except (ArithmeticError, LookupError, NotImplementedError, RecursionError, TypeError) as error:
        raise _invalid_file(f"its content makes no sense ({type(error).__name__})") from error
    return version


def _invalid_file(problem: str) -> Invalid:
    return Invalid(f"The file holds no judge version that can be used here: {problem}. Nothing was changed.", ("file",))


def _check_archive(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise LimitExceeded(
            f"The file has {len(content):,} bytes; a version's has at most {MAX_BYTES:,}. Nothing was changed.",
            ("file",),
        )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES or len({entry.filename for entry in entries}) != len(entries):
            raise _invalid_file("it has too many entries, or two of the same name")
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > MAX_UNPACKED_BYTES:
            raise LimitExceeded(
                f"The file would unpack to {unpacked:,} bytes; a version's has at most {MAX_UNPACKED_BYTES:,}. Nothing "
                "was changed.",
                ("file",),
            )
        for entry in entries:
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
                raise _invalid_file(f"{entry.filename!r} is packed or encrypted in a way that versions are not")
            if entry.filename == "header.json":
                if entry.file_size > MAX_HEADER_BYTES:
                    raise _invalid_file("its header is too large")
            else:
                _check_array(entry.filename, archive.read(entry))


def _check_array(name: str, content: bytes) -> None:
    """Check that the size in an array's header equals its content, so that no memory is allocated for missing bytes."""
    stream = io.BytesIO(content)
    if not name.endswith(".npy") or np.lib.format.read_magic(stream) != (1, 0):
        raise _invalid_file(f"{name!r} is no plain numpy array")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.str not in _DTYPES:
        raise _invalid_file(f"the array {name!r} holds {dtype}, which no version does")
    if any(size < 0 for size in shape) or len(content) - stream.tell() != math.prod(shape) * dtype.itemsize:
        raise _invalid_file(f"the array {name!r} does not have the size that its header states")


def _find_invalid_values(version: Version) -> Iterator[str]:
    """Yield what is wrong with a version's values, whatever the judge."""
    if version.learned.dtype != np.bool_:
        yield "learned is not an array of booleans"
    if not (_is_within(version.gate, 0, 1) and _is_within(version.estimator, RAW, MEDIAN)):
        yield "gate or point is out of range"
    if not _is_within(version.interval_mass[~np.isnan(version.interval_mass)], 0, 1):
        yield "reach is out of range"
    if not (
        _is_within(version.spread_factor, 0, MAX_PARAMETER)
        and _is_within(version.spread_center, -MAX_PARAMETER, MAX_PARAMETER)
    ):
        yield "stretch or centre is out of range"
    for name in ("center", "factor"):
        if not _is_within(getattr(version.encoder, name), -MAX_PARAMETER, MAX_PARAMETER):
            yield f"{name} is not finite, or far too large"
    if not all(isinstance(key, str) for key in version.encoder.keys):
        yield "the keys of its features are not texts"
    yield from _find_invalid_lexicons(version.encoder)
    yield from _find_invalid_parameters(version)
    if not (_is_schedule(version.recipe.get("schedule")) and _is_prior(version)):
        yield "its recipe can't be followed"


def _find_invalid_lexicons(encoder: Encoder) -> Iterator[str]:
    for lexicon in encoder.lexicons:
        if lexicon.hashes.dtype != np.uint64 or np.any(lexicon.hashes[1:] <= lexicon.hashes[:-1]):
            yield "the words of a lexicon are not hashes that rise"
        if not (_is_within(lexicon.rarity, 0, MAX_PARAMETER) and 0 <= lexicon.unseen_rarity <= MAX_PARAMETER):
            yield "the rarity of a lexicon's words is out of range"


def _find_invalid_parameters(version: Version) -> Iterator[str]:
    for part in _PARTS:
        least = 0.0 if part.endswith("precision") else -MAX_PARAMETER
        for field, key in COEFFICIENT_KEYS.items():
            if not _is_within(getattr(getattr(version, part), field), least, MAX_PARAMETER):
                yield f"{part}.{key} holds numbers that are not finite, or out of range"
        if getattr(version, part).offsets.size:
            yield f"{part} holds offsets of raters"


def _is_within(values: np.ndarray[Any, Any], least: float, most: float) -> bool:
    return bool(np.all((values >= least) & (values <= most)))  # false for NaN


def _is_schedule(stored: Any) -> bool:
    if stored is None:
        return True
    schedule = Schedule(**stored)
    return (
        type(schedule.learning_rate) is float
        and 0 < schedule.learning_rate <= 1
        and type(schedule.max_epochs) is int
        and 1 <= schedule.max_epochs <= 10_000
        and type(schedule.early_stopping) is bool
    )


def _is_prior(version: Version) -> bool:
    prior = Prior.from_record(version.recipe["prior"])
    blocks = int(version.encoder.feature_block.max(initial=-1)) + 1
    return (
        prior.block_precision.shape == (blocks,)
        and _is_within(prior.block_precision, 1 / MAX_PARAMETER, MAX_PARAMETER)
        and 1 / MAX_PARAMETER <= prior.deviation_precision <= MAX_PARAMETER
        and 1 / MAX_PARAMETER <= prior.offset_precision <= MAX_PARAMETER
        and math.isfinite(prior.log_bayes_factor)
    )


def _find_scale_mismatches(version: Version, criteria: Sequence[Criterion]) -> Iterator[str]:
    """Yield the differences between a version's scales and the judge's."""
    known = {criterion.key: criterion for criterion in criteria}
    keys = [scale.key for scale in version.scales]
    if not keys or len(set(keys)) != len(keys):
        yield "it names no criterion, or one twice"
    for scale in version.scales:
        own = known.get(scale.key)
        if own is None:
            yield f"the judge has no criterion {str(scale.key)[:80]!r}; it has {', '.join(list(known)[:10])}"
        elif (scale.minimum, scale.maximum, scale.step) != (own.minimum, own.maximum, own.step):
            yield (
                f"{scale.key} goes from {scale.minimum:g} to {scale.maximum:g} by {scale.step:g} in the file, and from "
                f"{own.minimum:g} to {own.maximum:g} by {own.step:g} in the judge"
            )


def _check_scoring(version: Version, scales: tuple[Scale, ...]) -> None:
    """Score synthetic items from one end of the scales to the other, and check that the scores stay on the scale."""
    raw = np.array([[s.minimum, (s.minimum + s.maximum) / 2, s.maximum] for s in scales]).T
    absent: list[str | None] = [None] * len(_TEXTS)
    texts: list[str | None] = [*_TEXTS]
    items = Items(list("abc"), absent, absent, texts, list(_TEXTS), texts, raw)
    if not _has_our_features(version, items, scales):
        raise _invalid_file("its features are not those of this program")
    with np.errstate(all="ignore"):
        scores = version.score(items, scales)
    for values in (scores.point, scores.expected, scores.verdict):
        if not all(_is_within(values[:, c], s.minimum - 1e-6, s.maximum + 1e-6) for c, s in enumerate(scales)):
            raise _invalid_file("its scores leave the scale")


def _has_our_features(version: Version, items: Items, scales: tuple[Scale, ...]) -> bool:
    try:
        return version.encoder.encode(items, scales).shape == (len(items), version.encoder.width)
    except ValueError:  # the number of features differs
        return False
