"""Simulated feedback on a simulated judge, in the import format: for trying things out, tests and benchmarks.

Nothing in it was said by a person. Every item has a true quality on each criterion, which shows in the words of its
text. The judge sees it compressed, too kindly, with a weakness for long texts and some noise; the raters see it each
with a severity and a noise of their own and, with drift, become stricter over time. So there is something to learn from
the scores and something from the texts. The same specification gives the same items.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Line = dict[str, Any]
Vector = NDArray[np.float64]

_NAMES = (
    "clarity",
    "accuracy",
    "relevance",
    "coherence",
    "completeness",
    "depth",
    "tone",
    "brevity",
    "style",
    "safety",
)
_START = datetime(2025, 1, 6, 9, tzinfo=UTC)
_PERIOD = timedelta(days=90)
_TYPES = ("correction", "rating", "approval", "comment")

# The words of the texts. A criterion's own words are made up, so that nobody takes the texts for real ones.
_LINKS = "the a of in on with and but for from near after before under"
_NOUNS = """
river harbour market window garden letter road station winter morning answer question summary report reader writer
story paper light number friend teacher village engine signal table doctor island music colour weather journey
history picture bridge field corner
"""
_TOPICS = _NOUNS.split()
_PLAIN_WORDS = np.array(_LINKS.split() + _TOPICS)
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu"
_WORDS_PER_CRITERION = 6
_SHARE_OF_SIGNAL = 0.3  # of a text's words that say something about its quality


@dataclass(frozen=True)
class Simulation:
    """What to simulate."""

    items: int = 300
    criteria: int = 3
    raters: int = 8
    per_item: int = 2
    groups: int | None = None  # left out: five items a group
    low: float = 1
    high: float = 5
    drift: float = 0.0  # points of the scale by which people are stricter at the end than at the start
    shares: tuple[float, float, float, float] = (0.6, 0.2, 0.15, 0.05)  # of corrections, ratings, approvals, comments
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("items", "criteria", "raters", "per_item"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; at least 1 is needed.")
        if self.groups is not None and self.groups < 1:
            raise ValueError(f"groups is {self.groups}; at least 1 is needed.")
        if self.low >= self.high:
            raise ValueError(f"The scale {self.low:g}-{self.high:g} is empty; its end must lie above its start.")
        if self.per_item > self.raters:
            raise ValueError(f"{self.per_item} people can't judge each item where there are {self.raters} in all.")
        if min(self.shares) < 0 or not sum(self.shares):
            raise ValueError("The shares of the kinds of feedback can't be negative, nor all be 0.")

    @property
    def names(self) -> list[str]:
        """The criteria's names."""
        return [_NAMES[c] if c < len(_NAMES) else f"criterion {c + 1}" for c in range(self.criteria)]


class SimulatedItem(NamedTuple):
    """One line of the evaluations file and the lines of the feedback file about it."""

    evaluation: Line
    feedback: list[Line]


def simulated_judge(spec: Simulation) -> Line:
    """The judge the items belong to, as a judge file describes it."""
    scale = {"min": spec.low, "max": spec.high, "step": 1}
    return {
        "name": f"Simulated judge {spec.seed}",
        "description": "Simulated: neither the scores nor the feedback were given by anyone.",
        "criteria": [{"name": name} | scale for name in spec.names],
    }


def simulate(spec: Simulation) -> Iterator[SimulatedItem]:
    """Yield the items one by one, so that any number of them fits in memory."""
    return _World(spec).items()


class _World:
    """The judge, the raters and the groups of one simulation."""

    def __init__(self, spec: Simulation) -> None:
        self._spec = spec
        # Streams of their own: more raters or groups don't change the judge, and the other way round.
        raters, groups, self._rng = (np.random.default_rng([spec.seed, stream]) for stream in range(3))
        self._span = spec.high - spec.low
        self._severity = raters.normal(0, 0.1, spec.raters) * self._span
        self._noise = raters.uniform(0.05, 0.15, spec.raters) * self._span
        self._group_quality = groups.normal(0, 0.5, spec.groups or max(1, spec.items // 5))
        self._shares = np.array(spec.shares) / sum(spec.shares)
        self._words = np.array([[_made_up(c, kind) for kind in (0, 1)] for c in range(spec.criteria)])

    def items(self) -> Iterator[SimulatedItem]:
        for index in range(self._spec.items):
            yield self._item(index, index / self._spec.items)

    def _item(self, index: int, time: float) -> SimulatedItem:
        spec, rng = self._spec, self._rng
        group = index % len(self._group_quality)
        latent = self._group_quality[group] + rng.normal(0, 0.6) + rng.normal(0, 0.9, spec.criteria)
        quality = 1 / (1 + np.exp(-1.7 * latent))
        words = self._text(quality)
        shown = self._judge(quality, len(words))
        evaluation_id = f"sim{spec.seed}-{index}"
        evaluation = {
            "external_id": evaluation_id,
            "group": f"simulated group {group}",
            "source": f"simulated writer {index % 3 + 1}",
            "input": f"Write about the {_TOPICS[group % len(_TOPICS)]}.",
            "output": " ".join(words) + ".",
            "scores": self._scores(shown),
            "evaluated_at": _at(time),
        }
        people = rng.permutation(spec.raters)[: spec.per_item]
        feedback = [
            {"evaluation": evaluation_id, "external_id": f"{evaluation_id}-{n}"}
            | self._feedback(int(rater), quality, shown, time)
            | {"submitted_by": f"simulated rater {rater + 1}", "submitted_at": _at(time)}
            for n, rater in enumerate(people)
        ]
        return SimulatedItem(evaluation, feedback)

    def _text(self, quality: Vector) -> list[str]:
        """Words of which some tell good from bad, criterion by criterion."""
        rng = self._rng
        count = int(np.clip(rng.lognormal(3.6, 0.5), 12, 150))
        words: list[str] = _PLAIN_WORDS[rng.integers(0, len(_PLAIN_WORDS), count)].tolist()
        for place in np.flatnonzero(rng.random(count) < _SHARE_OF_SIGNAL):
            criterion = rng.integers(0, len(quality))
            good = int(rng.random() < quality[criterion])
            words[place] = str(self._words[criterion, good, rng.integers(0, _WORDS_PER_CRITERION)])
        return words

    def _judge(self, quality: Vector, length: int) -> Vector:
        """The judge's scores: compressed, kind, fond of length, blurring the criteria, and noisy."""
        blurred = 0.6 * quality + 0.4 * quality.mean()
        seen = 0.66 + 0.5 * (blurred - 0.5) + 0.1 * np.log(length / 36) + self._rng.normal(0, 0.1, len(quality))
        return self._on_scale(self._spec.low + self._span * seen)

    def _person(self, rater: int, quality: Vector, time: float) -> Vector:
        noise = self._rng.normal(0, self._noise[rater], len(quality))
        strictness = self._severity[rater] - self._spec.drift * time
        return self._on_scale(self._spec.low + self._span * quality + strictness + noise)

    def _feedback(self, rater: int, quality: Vector, shown: Vector, time: float) -> Line:
        right = self._person(rater, quality, time)
        off = float(np.abs(right - shown).mean()) / self._span
        kind = _TYPES[int(self._rng.choice(4, p=self._shares))]
        match kind:
            case "correction":
                return {"type": kind, "corrected_scores": self._scores(right)}
            case "rating":
                return {"type": kind, "rating": 5 - int(np.searchsorted([0.06, 0.13, 0.22, 0.35], off))}
            case "approval":
                return {"type": kind, "approved": off < 0.13}
            case _:
                worst = int(np.abs(right - shown).argmax())
                tone = "generous" if shown[worst] > right[worst] else "strict"
                return {"type": kind, "comment": f"Simulated comment: too {tone} on {self._spec.names[worst]}."}

    def _on_scale(self, scores: Vector) -> Vector:
        spec = self._spec
        on_grid: Vector = np.clip(spec.low + np.rint(scores - spec.low), spec.low, spec.high)
        return on_grid

    def _scores(self, scores: Vector) -> dict[str, float]:
        return dict(zip(self._spec.names, scores.tolist(), strict=True))


def _made_up(criterion: int, kind: int) -> list[str]:
    """The words by which a text of bad (0) or good (1) quality on a criterion is known."""
    rng = np.random.default_rng([criterion, kind])
    return ["".join(rng.choice(_SYLLABLES.split(), 3)) for _ in range(_WORDS_PER_CRITERION)]


def _at(time: float) -> str:
    """A moment of the period, in whole seconds."""
    return (_START + _PERIOD * time).replace(microsecond=0).isoformat()
