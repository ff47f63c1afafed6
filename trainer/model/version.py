"""A judge version: everything needed to turn a judge's raw scores into trained ones, as a value and as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Bools, Floats, Floats32
from trainer.data import Items, Scale
from trainer.features.encoder import Encoder
from trainer.features.vocabulary import Lexicon
from trainer.model import decode
from trainer.model import npz as archive
from trainer.model.ordinal import LOGITS, Coefficients, exceedances
from trainer.scales import level_steps, to_grid, to_unit

FORMAT = 1

RAW, MEAN, MEDIAN = 0, 1, 2
"""What a criterion's point estimate is."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of n items on C criteria, all (n, C), in points; NaN where the judge gave no raw score.

    `expected`: the mean, for ranking. `point`: the estimate that proved closest. `verdict`: on the scale's own grid.
    `lower`, `upper`: 90 % interval for one person's score, NaN for criteria not learned.
    """

    expected: Floats
    point: Floats
    verdict: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A calibrator and a joint model (calibrator with residual) per criterion of `scales`, and how far to trust each.

    `learned` (C,): False passes the raw score through. `gate` (C,): share of the joint model in the pooled
    distribution. `point` (C,): RAW, MEAN or MEDIAN. `reach` (C,): probability mass of the 90 % interval.
    `stretch`, `centre` (C,): a verdict is the grid's score nearest to centre + stretch (point - centre).
    `*_precision`: Fisher information of the labels learned from, for warm starts. `recipe`: the settings it was
    trained with, so that it can be trained again on other labels.
    """

    scales: tuple[Scale, ...]
    encoder: Encoder
    calibrator: Coefficients
    joint: Coefficients
    calibrator_precision: Coefficients
    joint_precision: Coefficients
    learned: Bools
    gate: Floats
    estimator: NDArray[np.int8]
    interval_mass: Floats
    spread_factor: Floats
    spread_center: Floats
    recipe: dict[str, Any]

    @property
    def parameter_count(self) -> int:
        """Numbers learned from labels that scoring uses."""
        per_line = 2 + sum(level_steps(scale) for scale in self.scales) / max(1, len(self.scales))
        return int(sum(per_line * (1 + (g > 0)) + self.encoder.width * (g > 0) for g in self.gate[self.learned]))

    def position(self, scale: Scale) -> int | None:
        """Where this version keeps a criterion; None if it does not know it, or with another scale."""
        for index, own in enumerate(self.scales):
            if own.key == scale.key:
                same = (own.minimum, own.maximum, own.step) == (scale.minimum, scale.maximum, scale.step)
                return index if same else None
        return None

    def score(self, items: Items, scales: Sequence[Scale] | None = None) -> Scores:
        """Score items; `scales` name the columns of `items.raw` where they differ from the version's own."""
        columns = tuple(self.scales if scales is None else scales)
        out = Scores(*(np.full(items.raw.shape, np.nan) for _ in fields(Scores)))
        for column, (scale, exceed) in enumerate(zip(columns, self.exceedances(items, columns), strict=True)):
            has = ~np.isnan(items.raw[:, column])
            raw = items.raw[has, column]
            place = self.position(scale)
            if exceed is None or place is None:
                out.expected[has, column] = out.point[has, column] = raw
                out.verdict[has, column] = to_grid(scale, raw)
            elif len(raw):
                spread = (float(self.spread_factor[place]), float(self.spread_center[place]))
                read = readings(
                    scale, exceed, raw, int(self.estimator[place]), float(self.interval_mass[place]), spread
                )
                for field, values in zip(fields(Scores), read, strict=True):
                    getattr(out, field.name)[has, column] = values
        return out

    def exceedances(self, items: Items, scales: Sequence[Scale] | None = None) -> list[Floats | None]:
        """P(a person's score >= level k) for each column's items with a raw score; None for criteria not learned."""
        columns = tuple(self.scales if scales is None else scales)
        if items.raw.shape != (len(items), len(columns)):
            raise ValueError(f"raw scores {items.raw.shape} for {len(items)} items and {len(columns)} criteria")
        places = [place if place is None or self.learned[place] else None for place in map(self.position, columns)]
        wanted = any(place is not None and self.gate[place] > 0 for place in places)
        features = self.encoder.encode(items, columns) if wanted and len(items) else None
        return [
            None if place is None else self._exceedances(place, items.raw[:, column], features)
            for column, place in enumerate(places)
        ]

    def _exceedances(self, place: int, raw: Floats, features: Floats32 | None) -> Floats:
        has, gate = ~np.isnan(raw), self.gate[place]
        line = LOGITS * (to_unit(self.scales[place], raw[has]) - 0.5)
        exceed = (1.0 - gate) * self._line(self.calibrator, place, line, None) if gate < 1 else 0.0
        if gate > 0 and features is not None:
            exceed = exceed + gate * self._line(self.joint, place, line, features[has])
        return np.asarray(exceed)

    def _line(self, c: Coefficients, place: int, line: Floats, features: Floats32 | None) -> Floats:
        """Exceedances of one criterion, from its own parameters only: other criteria can't change a bit of it."""
        z = line * c.slope[place] + c.shift[place]
        if features is not None:
            z = z + features @ c.weights[place].astype(np.float32)
        steps = np.array([level_steps(self.scales[place])], np.int32)
        one = Coefficients(c.slope[[place]], c.shift[[place]], c.bend[[place], : steps[0]], c.weights[:0], c.offsets)
        return exceedances(one, z, np.zeros(len(z), np.int32), steps)

    def dumps(self) -> bytes:
        """As bytes; equal versions give equal bytes."""
        header = {
            "format": FORMAT,
            "scales": [asdict(scale) for scale in self.scales],
            "keys": self.encoder.keys,
            "rationales": self.encoder.reasons is not None,
            "rare": [lexicon.unseen_rarity for lexicon in self.encoder.lexicons],
            "recipe": self.recipe,
        }
        arrays: archive.Arrays = {
            "center": self.encoder.center,
            "factor": self.encoder.factor,
            "learned": self.learned,
            "gate": self.gate,
            "point": self.estimator,
            "reach": self.interval_mass,
            "stretch": self.spread_factor,
            "centre": self.spread_center,
        }
        for name, lexicon in zip(_LEXICONS, self.encoder.lexicons, strict=False):
            arrays[name], arrays[f"{name}.rarity"] = lexicon.hashes, lexicon.rarity
        for name in _PARTS:
            part: Coefficients = getattr(self, name)
            for field in fields(Coefficients):
                value = getattr(part, field.name)
                narrow = field.name == "weights"  # used as float32 anyway
                arrays[f"{name}.{field.name}"] = value.astype(np.float32) if narrow else value
        return archive.dumps(header, arrays)

    @classmethod
    def loads(cls, data: bytes) -> Version:
        """A version from its bytes.

        Raises:
            ValueError: the data is damaged, not a version, or of a newer format.
        """
        try:
            header, arrays = archive.loads(data)
            if header["format"] != FORMAT:
                raise ValueError(f"its format is {header['format']}, this program reads {FORMAT}")
            scales = tuple(Scale(**scale) for scale in header["scales"])
            lexicons = [
                Lexicon(arrays[name], arrays[f"{name}.rarity"], float(rare))
                for name, rare in zip(_LEXICONS, header["rare"], strict=False)
            ]
            reasons = lexicons[1] if header["rationales"] else None
            encoder = Encoder(tuple(header["keys"]), lexicons[0], reasons, arrays["center"], arrays["factor"])
            parts = {name: _part(arrays, name) for name in _PARTS}
            version = cls(
                scales, encoder, learned=arrays["learned"], gate=arrays["gate"], estimator=arrays["point"],
                interval_mass=arrays["reach"], spread_factor=arrays["stretch"], spread_center=arrays["centre"],
                recipe=dict(header["recipe"]), **parts,
            )  # fmt: skip
            version._check()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"These bytes are not a judge version: {error}") from error
        return version

    def _check(self) -> None:
        count = len(self.scales)
        for key, name in _SELECTION_KEYS.items():
            if getattr(self, name).shape != (count,):
                raise ValueError(f"{key} does not fit its {count} criteria")
        if not self.encoder.factor.shape == self.encoder.center.shape == self.encoder.block.shape:
            raise ValueError("center and factor of its features do not fit them")
        if any(lexicon.hashes.shape != lexicon.rarity.shape for lexicon in self.encoder.lexicons):
            raise ValueError("a lexicon's words and their rarities differ in number")
        for part, width in ((self.calibrator, 0), (self.joint, self.encoder.width)):
            steps = max((level_steps(scale) for scale in self.scales), default=0)
            shapes = [part.slope.shape, part.shift.shape, part.weights.shape, part.bend.shape[:1]]
            if shapes != [(count,), (count,), (count, width), (count,)] or part.bend.shape[1] < steps:
                raise ValueError("its parameters do not fit its criteria")


_SELECTION_KEYS = {
    "learned": "learned",
    "gate": "gate",
    "point": "estimator",
    "reach": "interval_mass",
    "stretch": "spread_factor",
    "centre": "spread_center",
}
"""Fields of `Version` by their keys in a version file."""
_LEXICONS = ("lexicon", "reasons")
_PARTS = ("calibrator", "joint", "calibrator_precision", "joint_precision")


def _part(arrays: archive.Arrays, name: str) -> Coefficients:
    values = {field.name: np.asarray(arrays[f"{name}.{field.name}"], np.float64) for field in fields(Coefficients)}
    return Coefficients(**values)


def readings(
    scale: Scale, exceed: Floats, raw: Floats, point: int, reach: float, spread: tuple[float, float] = (1.0, 0.0)
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Expected score, point, verdict, lower and upper end of n items on one criterion, in points.

    `spread`: the factor by which points are stretched before they become verdicts, and from where.
    """
    expected = decode.mean(scale, exceed)
    chosen = (raw, expected, decode.quantile(scale, exceed, 0.5))[point] if point != MEAN else expected
    verdict = to_grid(scale, spread[1] + spread[0] * (chosen - spread[1]))
    if np.isnan(reach):
        nothing = np.full(len(raw), np.nan)
        return expected, chosen, verdict, nothing, nothing
    lower = decode.quantile(scale, exceed, 0.5 - reach / 2)
    upper = decode.quantile(scale, exceed, 0.5 + reach / 2)
    return expected, chosen, verdict, lower, upper
