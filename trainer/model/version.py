"""Judge version: everything needed to turn a judge's raw scores into trained ones, as a value and as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Bools, Floats, Floats32
from trainer.data import Items, Scale
from trainer.features.encoder import Encoder
from trainer.features.vocabulary import Lexicon
from trainer.model import decode
from trainer.model import npz as archive
from trainer.model.optimizers import ScheduleRecord
from trainer.model.ordinal import LOGITS, Coefficients, exceedances
from trainer.model.prior import PriorRecord
from trainer.scales import level_steps, to_grid, to_unit

FORMAT = 1
"""Format of version files that this program reads and writes."""

RAW, MEAN, MEDIAN = 0, 1, 2
"""Point estimators of a criterion: the judge's raw score, or the mean or median of the predicted distribution."""

_SELECTION_KEYS = {
    "learned": "learned",
    "gate": "gate",
    "point": "estimator",
    "reach": "interval_mass",
    "stretch": "spread_factor",
    "centre": "spread_center",
}
"""Fields of `Version` by their keys in a version file; the keys must never change."""
_LEXICON_KEYS = ("lexicon", "reasons")
"""Keys of the lexicons of outputs and rationales in a version file."""
_MODELS = ("calibrator", "joint", "calibrator_precision", "joint_precision")
"""Fields of `Version` that hold coefficients, and their keys in a version file."""


class RecipeRecord(TypedDict):
    """Settings that a version was trained with, as its file keeps them; these keys must never change."""

    schedule: ScheduleRecord | None
    training_type: str
    prior: PriorRecord


class _VersionHeader(TypedDict):
    """Header of a version file; docs/reference/version-files.md describes the fields."""

    format: int
    scales: list[Mapping[str, object]]
    keys: Sequence[str]
    rationales: bool
    rare: list[float]
    recipe: RecipeRecord


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of n items, in points: (n, C) on C criteria, or (n,) on one; NaN if the judge gave no raw score.

    `expected`: the mean, for ranking. `point`: the estimate that proved closest. `verdict`: on the scale's own grid.
    `lower`, `upper`: ends of the 90 % interval for one person's score, NaN for criteria that were not learned.
    """

    expected: Floats
    point: Floats
    verdict: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A calibrator and a joint model (calibrator plus residual) for the criteria of `scales`, and how to combine them.

    `learned` (C,): False passes the raw score through. `gate` (C,): share of the joint model in the pooled
    distribution, 0..1. `estimator` (C,): RAW, MEAN or MEDIAN. `interval_mass` (C,): probability mass of the 90 %
    interval. `spread_factor`, `spread_center` (C,): a verdict is the grid's score nearest to
    center + factor (point - center). `*_precision`: Fisher information of the labels learned from, for warm starts.
    `recipe`: the settings of the training, so that it can be repeated on other labels.
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
    recipe: RecipeRecord

    def find_criterion(self, scale: Scale) -> int | None:
        """Return a criterion's position in this version; None if the version lacks it or has it on another scale."""
        for index, own in enumerate(self.scales):
            if own.key == scale.key:
                same = (own.minimum, own.maximum, own.step) == (scale.minimum, scale.maximum, scale.step)
                return index if same else None
        return None

    def score(self, items: Items, scales: Sequence[Scale] | None = None) -> Scores:
        """Return the scores of items.

        Args:
            items: n items.
            scales: the columns of `items.raw`; None if they are the version's own criteria.

        Returns:
            Scores, (n, C). Criteria that the version did not learn keep the judge's raw score.
        """
        columns = tuple(self.scales if scales is None else scales)
        out = Scores(*(np.full(items.raw.shape, np.nan) for _ in fields(Scores)))
        for column, (scale, exceed) in enumerate(zip(columns, self.exceedances(items, columns), strict=True)):
            has_raw = ~np.isnan(items.raw[:, column])
            raw = items.raw[has_raw, column]
            c = self.find_criterion(scale)
            if exceed is None or c is None:
                out.expected[has_raw, column] = out.point[has_raw, column] = raw
                out.verdict[has_raw, column] = to_grid(scale, raw)
            elif len(raw):
                spread = (float(self.spread_factor[c]), float(self.spread_center[c]))
                found = point_estimates(
                    scale, exceed, raw, int(self.estimator[c]), float(self.interval_mass[c]), spread
                )
                for field in fields(Scores):
                    getattr(out, field.name)[has_raw, column] = getattr(found, field.name)
        return out

    def exceedances(self, items: Items, scales: Sequence[Scale] | None = None) -> list[Floats | None]:
        """Return P(a person's score >= level k), k = 1..K-1, of each column's items that have a raw score.

        Args:
            items: n items.
            scales: the columns of `items.raw`; None if they are the version's own criteria.

        Returns:
            Probabilities for each column, (items with a raw score, K-1); None for a criterion that was not learned.

        Raises:
            ValueError: the shape of `items.raw` does not fit.
        """
        columns = tuple(self.scales if scales is None else scales)
        if items.raw.shape != (len(items), len(columns)):
            raise ValueError(f"raw scores {items.raw.shape} for {len(items)} items and {len(columns)} criteria")
        found = [self.find_criterion(scale) for scale in columns]
        learned = [c if c is not None and self.learned[c] else None for c in found]
        needs_features = any(c is not None and self.gate[c] > 0 for c in learned)
        features = self.encoder.encode(items, columns) if needs_features and len(items) else None
        return [
            None if c is None else self._pooled_exceedances(c, items.raw[:, column], features)
            for column, c in enumerate(learned)
        ]

    def _pooled_exceedances(self, c: int, raw: Floats, features: Floats32 | None) -> Floats:
        """Return the exceedances of a criterion, pooled over both models by its gate.

        Args:
            c: position of the criterion.
            raw: the judge's scores in points, NaN where missing, (n,).
            features: of the items, (n, D); None if no gate is open.

        Returns:
            Exceedances, (items with a raw score, K-1).
        """
        has_raw, gate = ~np.isnan(raw), self.gate[c]
        raw_logit = LOGITS * (to_unit(self.scales[c], raw[has_raw]) - 0.5)
        exceed = (1.0 - gate) * self._model_exceedances(self.calibrator, c, raw_logit, None) if gate < 1 else 0.0
        if gate > 0 and features is not None:
            exceed = exceed + gate * self._model_exceedances(self.joint, c, raw_logit, features[has_raw])
        return np.asarray(exceed)

    def _model_exceedances(self, model: Coefficients, c: int, raw_logit: Floats, features: Floats32 | None) -> Floats:
        """Return the exceedances of one model on a criterion.

        Only the criterion's own parameters are used, so that other criteria cannot change a bit of the result.

        Args:
            model: calibrator or joint model.
            c: position of the criterion.
            raw_logit: the judge's scores in logits, (n,).
            features: of the items, (n, D); None for the calibrator.
        """
        z = raw_logit * model.slope[c] + model.intercept[c]
        if features is not None:
            z = z + features @ model.weights[c].astype(np.float32)
        steps = np.array([level_steps(self.scales[c])], np.int32)
        one = Coefficients(
            model.slope[[c]],
            model.intercept[[c]],
            model.threshold_deltas[[c], : steps[0]],
            model.weights[:0],
            model.offsets,
        )
        return exceedances(one, z, np.zeros(len(z), np.int32), steps)

    def dumps(self) -> bytes:
        """Return the version as bytes; equal versions give equal bytes."""
        header: _VersionHeader = {
            "format": FORMAT,
            "scales": [asdict(scale) for scale in self.scales],
            "keys": self.encoder.keys,
            "rationales": self.encoder.rationale_lexicon is not None,
            "rare": [lexicon.unseen_rarity for lexicon in self.encoder.lexicons],
            "recipe": self.recipe,
        }
        arrays: archive.Arrays = {"center": self.encoder.center, "factor": self.encoder.factor}
        arrays |= {key: getattr(self, field) for key, field in _SELECTION_KEYS.items()}
        for key, lexicon in zip(_LEXICON_KEYS, self.encoder.lexicons, strict=False):
            arrays[key], arrays[f"{key}.rarity"] = lexicon.hashes, lexicon.rarity
        for name in _MODELS:
            arrays |= getattr(self, name).to_arrays(name)
            arrays[f"{name}.weights"] = arrays[f"{name}.weights"].astype(np.float32)  # scoring uses float32 anyway
        return archive.dumps(header, arrays)

    @classmethod
    def loads(cls, data: bytes) -> Version:
        """Return the version that `dumps` wrote.

        Raises:
            ValueError: the data is damaged, not a version, or of a newer format.
        """
        try:
            header, arrays = archive.loads(data)
            if header["format"] != FORMAT:
                raise ValueError(f"its format is {header['format']}, this program reads {FORMAT}")
            models = {name: Coefficients.from_arrays(arrays, name) for name in _MODELS}
            version = cls(
                scales=tuple(Scale(**scale) for scale in header["scales"]),
                encoder=_read_encoder(header, arrays),
                calibrator=models["calibrator"],
                joint=models["joint"],
                calibrator_precision=models["calibrator_precision"],
                joint_precision=models["joint_precision"],
                learned=arrays["learned"],
                gate=arrays["gate"],
                estimator=arrays["point"],
                interval_mass=arrays["reach"],
                spread_factor=arrays["stretch"],
                spread_center=arrays["centre"],
                recipe=cast("RecipeRecord", dict(header["recipe"])),
            )
            version._check_shapes()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"These bytes are not a judge version: {error}") from error
        return version

    def _check_shapes(self) -> None:
        count = len(self.scales)
        for key, field in _SELECTION_KEYS.items():
            if getattr(self, field).shape != (count,):
                raise ValueError(f"{key} does not fit its {count} criteria")
        if not self.encoder.factor.shape == self.encoder.center.shape == self.encoder.feature_block.shape:
            raise ValueError("center and factor of its features do not fit them")
        if any(lexicon.hashes.shape != lexicon.rarity.shape for lexicon in self.encoder.lexicons):
            raise ValueError("a lexicon's words and their rarities differ in number")
        steps = max((level_steps(scale) for scale in self.scales), default=0)
        for model, width in ((self.calibrator, 0), (self.joint, self.encoder.width)):
            deltas = model.threshold_deltas
            shapes = [model.slope.shape, model.intercept.shape, model.weights.shape, deltas.shape[:1]]
            if shapes != [(count,), (count,), (count, width), (count,)] or deltas.shape[1] < steps:
                raise ValueError("its parameters do not fit its criteria")


# The header is JSON of unknown origin: `Version.loads` turns the errors of a wrong one into its own.
def _read_encoder(header: dict[str, Any], arrays: archive.Arrays) -> Encoder:
    lexicons = [
        Lexicon(arrays[key], arrays[f"{key}.rarity"], float(rare))
        for key, rare in zip(_LEXICON_KEYS, header["rare"], strict=False)
    ]
    rationale_lexicon = lexicons[1] if header["rationales"] else None
    return Encoder(tuple(header["keys"]), lexicons[0], rationale_lexicon, arrays["center"], arrays["factor"])


def point_estimates(
    scale: Scale,
    exceed: Floats,
    raw: Floats,
    estimator: int,
    interval_mass: float,
    spread: tuple[float, float] = (1.0, 0.0),
) -> Scores:
    """Return the scores of n items on one criterion, given the predicted distributions.

    Args:
        scale: scale of the criterion.
        exceed: P(label >= level k), (n, K-1).
        raw: the judge's scores in points, (n,).
        estimator: RAW, MEAN or MEDIAN.
        interval_mass: probability mass of the interval, 0..1; NaN for no interval.
        spread: factor by which points are spread before they become verdicts, and the center they are spread from.
    """
    expected = decode.mean(scale, exceed)
    point = (raw, expected, decode.quantile(scale, exceed, 0.5))[estimator] if estimator != MEAN else expected
    factor, center = spread
    verdict = to_grid(scale, center + factor * (point - center))
    if np.isnan(interval_mass):
        nothing = np.full(len(raw), np.nan)
        return Scores(expected, point, verdict, nothing, nothing)
    lower = decode.quantile(scale, exceed, 0.5 - interval_mass / 2)
    upper = decode.quantile(scale, exceed, 0.5 + interval_mass / 2)
    return Scores(expected, point, verdict, lower, upper)
