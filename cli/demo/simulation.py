"""Simulated feedback on a simulated judge in the import format, for trying things out, tests and benchmarks.

No person gave any of it. Each item has a true quality on each criterion, which shows in the words of its text. The
judge's scores are that quality compressed, too kind, worse for long texts and noisy. Each rater adds a severity and a
noise and, with drift, becomes stricter over time. A judge can therefore be improved from its scores and from the texts.
The same specification gives the same items.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from cli.import_format import EvaluationLine, FeedbackLine, JudgeDescription

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

# The words of the texts. A criterion's own words are synthetic, so that nobody takes the texts for real ones.
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
_SIGNAL_SHARE = 0.3  # of a text's words that depend on its quality


@dataclass(frozen=True)
class Simulation:
    """The properties of simulated data.

    Attributes:
        items: the number of evaluations.
        criteria: the number of criteria.
        raters: the number of people.
        per_item: the number of people who give feedback on each item.
        groups: the number of groups of items; None for one for every five items.
        low: the lowest score.
        high: the highest score.
        drift: the points of the scale by which people are stricter at the end than at the start.
        shares: the shares of corrections, ratings, approvals and comments.
        seed: the seed of the random numbers.
    """

    items: int = 300
    criteria: int = 3
    raters: int = 8
    per_item: int = 2
    groups: int | None = None
    low: float = 1
    high: float = 5
    drift: float = 0.0
    shares: tuple[float, float, float, float] = (0.6, 0.2, 0.15, 0.05)
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

    evaluation: EvaluationLine
    feedback: list[FeedbackLine]


def simulated_judge(spec: Simulation) -> JudgeDescription:
    """Return the judge file of the judge that the items belong to."""
    return {
        "name": f"Simulated judge {spec.seed}",
        "description": "Simulated: neither the scores nor the feedback were given by anyone.",
        "criteria": [{"name": name, "min": spec.low, "max": spec.high, "step": 1} for name in spec.names],
    }


def simulate(spec: Simulation) -> Iterator[SimulatedItem]:
    """Yield the items one at a time, so that their number is not limited by memory."""
    return _Simulator(spec).items()


class _Opinion(TypedDict):
    """The fields of a feedback line that depend on its type."""

    type: str
    corrected_scores: NotRequired[dict[str, float]]
    rating: NotRequired[int]
    approved: NotRequired[bool]
    comment: NotRequired[str]


class _Simulator:
    """The judge, the raters and the groups of one simulation."""

    def __init__(self, spec: Simulation) -> None:
        self._spec = spec
        # Separate random streams: the numbers of raters and groups do not change the judge, nor the judge them.
        raters, groups, self._rng = (np.random.default_rng([spec.seed, stream]) for stream in range(3))
        self._span = spec.high - spec.low
        self._severity = raters.normal(0, 0.1, spec.raters) * self._span
        self._noise = raters.uniform(0.05, 0.15, spec.raters) * self._span
        self._group_quality = groups.normal(0, 0.5, spec.groups or max(1, spec.items // 5))
        self._shares = np.array(spec.shares) / sum(spec.shares)
        self._words = np.array([[_synthetic_words(c, kind) for kind in (0, 1)] for c in range(spec.criteria)])

    def items(self) -> Iterator[SimulatedItem]:
        for index in range(self._spec.items):
            yield self._item(index, index / self._spec.items)

    def _item(self, index: int, time: float) -> SimulatedItem:
        spec, rng = self._spec, self._rng
        group = index % len(self._group_quality)
        latent = self._group_quality[group] + rng.normal(0, 0.6) + rng.normal(0, 0.9, spec.criteria)
        quality = 1 / (1 + np.exp(-1.7 * latent))
        words = self._text(quality)
        scores = self._judge_scores(quality, len(words))
        evaluation_id = f"sim{spec.seed}-{index}"
        evaluation: EvaluationLine = {
            "external_id": evaluation_id,
            "group": f"simulated group {group}",
            "source": f"simulated writer {index % 3 + 1}",
            "input": f"Write about the {_TOPICS[group % len(_TOPICS)]}.",
            "output": " ".join(words) + ".",
            "scores": self._by_name(scores),
            "evaluated_at": _timestamp(time),
        }
        raters = rng.permutation(spec.raters)[: spec.per_item]
        feedback: list[FeedbackLine] = []
        for n, rater in enumerate(raters):
            human = self._human_scores(int(rater), quality, time)
            feedback.append(
                {
                    "evaluation": evaluation_id,
                    "external_id": f"{evaluation_id}-{n}",
                    **self._opinion(human, scores),
                    "submitted_by": f"simulated rater {rater + 1}",
                    "submitted_at": _timestamp(time),
                }
            )
        return SimulatedItem(evaluation, feedback)

    def _text(self, quality: Vector) -> list[str]:
        """Return words of which some depend on the quality on a criterion."""
        rng = self._rng
        count = int(np.clip(rng.lognormal(3.6, 0.5), 12, 150))
        words: list[str] = _PLAIN_WORDS[rng.integers(0, len(_PLAIN_WORDS), count)].tolist()
        for position in np.flatnonzero(rng.random(count) < _SIGNAL_SHARE):
            criterion = rng.integers(0, len(quality))
            good = int(rng.random() < quality[criterion])
            words[position] = str(self._words[criterion, good, rng.integers(0, _WORDS_PER_CRITERION)])
        return words

    def _judge_scores(self, quality: Vector, length: int) -> Vector:
        """Return the judge's scores: compressed, too kind, higher for long texts, blurred over criteria, and noisy."""
        blurred = 0.6 * quality + 0.4 * quality.mean()
        perceived = 0.66 + 0.5 * (blurred - 0.5) + 0.1 * np.log(length / 36) + self._rng.normal(0, 0.1, len(quality))
        return self._on_scale(self._spec.low + self._span * perceived)

    def _human_scores(self, rater: int, quality: Vector, time: float) -> Vector:
        """Return a person's scores of an item.

        Args:
            rater: the person's index.
            quality: the item's true quality by criterion, 0 to 1.
            time: the share of the period that has passed, 0 to 1.
        """
        noise = self._rng.normal(0, self._noise[rater], len(quality))
        strictness = self._severity[rater] - self._spec.drift * time
        return self._on_scale(self._spec.low + self._span * quality + strictness + noise)

    def _opinion(self, human: Vector, judged: Vector) -> _Opinion:
        """Return the kind of a person's feedback and its value.

        Args:
            human: the person's scores.
            judged: the judge's scores.
        """
        error = float(np.abs(human - judged).mean()) / self._span
        kind = _TYPES[int(self._rng.choice(4, p=self._shares))]
        match kind:
            case "correction":
                return {"type": kind, "corrected_scores": self._by_name(human)}
            case "rating":
                return {"type": kind, "rating": 5 - int(np.searchsorted([0.06, 0.13, 0.22, 0.35], error))}
            case "approval":
                return {"type": kind, "approved": error < 0.13}
            case _:
                worst = int(np.abs(human - judged).argmax())
                tone = "generous" if judged[worst] > human[worst] else "strict"
                return {"type": kind, "comment": f"Simulated comment: too {tone} on {self._spec.names[worst]}."}

    def _on_scale(self, scores: Vector) -> Vector:
        spec = self._spec
        on_grid: Vector = np.clip(spec.low + np.rint(scores - spec.low), spec.low, spec.high)
        return on_grid

    def _by_name(self, scores: Vector) -> dict[str, float]:
        return dict(zip(self._spec.names, scores.tolist(), strict=True))


def _synthetic_words(criterion: int, kind: int) -> list[str]:
    """Return the words of texts of bad (0) or good (1) quality on a criterion."""
    rng = np.random.default_rng([criterion, kind])
    return ["".join(rng.choice(_SYLLABLES.split(), 3)) for _ in range(_WORDS_PER_CRITERION)]


def _timestamp(time: float) -> str:
    """Return a time of the period, in whole seconds, by the share of it that has passed."""
    return (_START + _PERIOD * time).replace(microsecond=0).isoformat()
