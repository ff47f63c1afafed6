"""Training data: scales, items, labels and doubts as plain arrays that are never modified in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Scale:
    """A criterion and the scale it is scored on: `minimum`, `minimum + step`, ... up to `maximum`.

    The fields' names are keys in version files.
    """

    key: str
    name: str
    minimum: float = 1.0
    maximum: float = 5.0
    step: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """n evaluated items; `raw` (n, C): the judge's own scores in points, NaN where it gave none."""

    ids: list[str]
    groups: list[str | None]
    sources: list[str | None]
    inputs: list[str | None]
    outputs: list[str]
    rationales: list[str | None]
    raw: Floats

    def __len__(self) -> int:
        return len(self.outputs)

    def take(self, index: NDArray[Any]) -> Items:
        """Return the items at `index` (positions)."""
        columns = (self.ids, self.groups, self.sources, self.inputs, self.outputs, self.rationales)
        ids, groups, sources, inputs, outputs, rationales = ([column[i] for i in index] for column in columns)
        return Items(ids, groups, sources, inputs, outputs, rationales, self.raw[index])


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """m scores that people gave, in order of ingestion; all arrays are (m,).

    `item`, `criterion`, `rater`: positions. `score`: in points. `confirmed`: True if a high rating or an approval
    confirmed the shown score, False for a correction. `seen`: the base version already learned from the label.
    `shown`: score that the rater was shown, in points; None if it was the judge's own everywhere.
    """

    item: Ints
    criterion: Ints
    score: Floats
    rater: Ints
    confirmed: Bools
    seen: Bools
    shown: Floats | None = None

    def __len__(self) -> int:
        return len(self.item)

    def take(self, index: NDArray[Any]) -> Labels:
        """Return the labels at `index` (positions or a mask)."""
        return Labels(
            self.item[index],
            self.criterion[index],
            self.score[index],
            self.rater[index],
            self.confirmed[index],
            self.seen[index],
            None if self.shown is None else self.shown[index],
        )


def _no_ints() -> Ints:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """Low ratings and rejections: a rater found the shown scores of an item wrong, in an unknown direction.

    `item`, `rater`: positions, one entry a doubt.
    """

    item: Ints = field(default_factory=_no_ints)
    rater: Ints = field(default_factory=_no_ints)
