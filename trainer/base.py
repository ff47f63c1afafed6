"""The words of learning: what a task holds, what it reports while it runs, what it leaves behind.

Everything here is plain data. Arrays are written once and never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from trainer.evidence import Evidence
    from trainer.version import Version

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

TrainingType = Literal["incremental", "full_retrain", "fine_tune", "validation"]


class Diverged(Exception):
    """The training loss exploded."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One criterion and the scale it is scored on: `minimum`, `minimum + step`, ... up to `maximum`."""

    key: str
    name: str
    minimum: float = 1.0
    maximum: float = 5.0
    step: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """n evaluated items; `raw` is (n, C): the judge's own scores, NaN where it gave none."""

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
        """The items at `index` (positions)."""
        columns = (self.ids, self.groups, self.sources, self.inputs, self.outputs, self.rationales)
        ids, groups, sources, inputs, outputs, rationales = ([column[i] for i in index] for column in columns)
        return Items(ids, groups, sources, inputs, outputs, rationales, self.raw[index])


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """m scores people gave, in order of ingestion; all arrays are (m,).

    `confirmed`: a high rating or an approval said that the shown score was right; False: a correction.
    `seen`: the base version already learned from it.
    """

    item: Ints
    criterion: Ints
    score: Floats
    rater: Ints
    confirmed: Bools
    seen: Bools

    def __len__(self) -> int:
        return len(self.item)

    def take(self, index: NDArray[Any]) -> Labels:
        """The labels at `index` (positions or a mask)."""
        return Labels(
            self.item[index],
            self.criterion[index],
            self.score[index],
            self.rater[index],
            self.confirmed[index],
            self.seen[index],
        )


def _no_ints() -> Ints:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """Low ratings and refusals: somebody found the shown scores of an item wrong, the direction is unknown."""

    item: Ints = field(default_factory=_no_ints)
    rater: Ints = field(default_factory=_no_ints)


@dataclass(frozen=True, slots=True)
class Config:
    """What was asked for; None leaves the choice to the trainer. `targets` are positions in `Task.scales`."""

    training_type: TrainingType
    seed: int = 0
    learning_rate: float | None = None
    max_epochs: int | None = None
    early_stopping: bool | None = None
    validation_split: float | None = None
    targets: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One job of learning. The columns of `items.raw` are the criteria of `scales`, in that order."""

    scales: tuple[Scale, ...]
    items: Items
    labels: Labels
    doubts: Doubts
    rater_count: int
    config: Config
    base: Version | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is: `fraction` (0..1) never falls; losses are means over labels."""

    phase: Literal["training", "validating"]
    fraction: float
    message: str
    epoch: int | None = None
    max_epochs: int | None = None
    loss: float | None = None
    validation_loss: float | None = None
    mean_absolute_error: float | None = None


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the field's word; nothing here warns through Python's warnings
    """Something a person should know about a result that stands all the same."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a task leaves: the version (None after a validation), its proof, and the settings really used."""

    version: bytes | None
    evidence: Evidence
    chosen: dict[str, float | int | bool | None]
    warnings: list[Warning]


Report = Callable[[Progress], None]
Save = Callable[[bytes], None]
