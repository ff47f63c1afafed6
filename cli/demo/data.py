"""What the demo loads: people's real ratings of news summaries, or, where they can't be had, a simulated set."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from cli.demo.automatic_judge import judge_summary
from cli.demo.package_index import FetchError
from cli.demo.ratings import HIGH, LOW, RatedSummary, real_ratings
from cli.demo.simulation import Simulation, simulate, simulated_judge

Line = dict[str, Any]

_HELD_OUT = 0.2  # of the groups
_SIMULATED = Simulation(items=500, criteria=2, raters=10, per_item=5, shares=(1, 0, 0, 0), seed=7)


@dataclass(frozen=True)
class HeldOut:
    """An item that is never loaded, and what people gave it on average, by criterion."""

    evaluation: Line
    people: dict[str, float]


@dataclass(frozen=True)
class DemoData:
    """A judge, evaluations with feedback to learn from, and items held out to see what was learned."""

    story: list[str]
    judge: Line
    evaluations: list[Line]
    feedback: list[Line]
    held_out: list[HeldOut]
    real: bool

    def write(self, folder: Path) -> None:
        """Write the import files."""
        (folder / "judge.json").write_bytes(orjson.dumps(self.judge))
        for name, lines in (("evaluations", self.evaluations), ("feedback", self.feedback)):
            (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def demo_data() -> DemoData:
    """Real data if the package index gives it in time, else simulated data that says so."""
    try:
        return from_ratings(real_ratings())
    except FetchError as error:
        return _simulated(str(error))


def from_ratings(ratings: list[RatedSummary]) -> DemoData:
    """Let the automatic judge score the summaries that people rated."""
    groups = {text: f"article {n}" for n, text in enumerate(dict.fromkeys(rated.text for rated in ratings), 1)}
    items = [_rated_item(n, groups[rated.text], rated) for n, rated in enumerate(ratings, 1)]
    people = len({rater for rated in ratings for rater in rated.scores})
    count = sum(len(rated.scores) for rated in ratings)
    story = [
        f"{len(ratings):,} summaries of {len(groups):,} news articles, each scored {LOW}-{HIGH} by several people.",
        f"{count:,} real scores by {people} people, published with the package blanc (MIT licence).",
        "The judge to improve was written for this demo: it counts words, and is no language model.",
    ]
    criterion = {
        "key": "crit_quality",
        "name": "quality",
        "description": "How good the summary is, all in all.",
        "min": LOW,
        "max": HIGH,
        "step": 1,
    }
    judge = {
        "id": "jdg_summaries",
        "name": "News summaries, by word counts",
        "description": "Scores summaries by the words they share with the article, their length and repetition.",
        "criteria": [criterion],
    }
    return _split(story, judge, items, real=True)


def _rated_item(number: int, group: str, rated: RatedSummary) -> tuple[Line, list[Line]]:
    verdict = judge_summary(rated.text, rated.summary)
    external_id = f"summary-{number}"
    evaluation = {
        "external_id": external_id,
        "group": group,
        "input": rated.text,
        "output": rated.summary,
        "rationale": verdict.rationale,
        "scores": {"quality": round(LOW + (HIGH - LOW) * verdict.score, 2)},
    }
    feedback = [
        {
            "evaluation": external_id,
            "type": "correction",
            "corrected_scores": {"quality": score},
            "submitted_by": rater,
            "external_id": f"{external_id}-{rater}",
        }
        for rater, score in rated.scores.items()
    ]
    return evaluation, feedback


def _simulated(reason: str) -> DemoData:
    story = [
        f"The real ratings can't be had now: {reason}",
        f"In their place: SIMULATED data, {_SIMULATED.items:,} items and {_SIMULATED.raters} made-up raters.",
        "All figures below are about made-up data.",
    ]
    judge = simulated_judge(_SIMULATED) | {"id": "jdg_simulated"}
    return _split(story, judge, simulate(_SIMULATED), real=False)


def _split(story: list[str], judge: Line, items: Iterable[tuple[Line, list[Line]]], *, real: bool) -> DemoData:
    """Keep some groups back, with all that belongs to them."""
    items = list(items)
    groups = sorted({evaluation["group"] for evaluation, _ in items})
    kept_back = set(random.Random(0).sample(groups, round(_HELD_OUT * len(groups))))  # noqa: S311 - a fixed choice
    learned = [(evaluation, lines) for evaluation, lines in items if evaluation["group"] not in kept_back]
    return DemoData(
        story=story,
        judge=judge,
        evaluations=[evaluation for evaluation, _ in learned],
        feedback=[line for _, lines in learned for line in lines],
        held_out=[HeldOut(item, _mean(lines)) for item, lines in items if item["group"] in kept_back],
        real=real,
    )


def _mean(feedback: list[Line]) -> dict[str, float]:
    """What people gave an item on average."""
    scores = [line["corrected_scores"] for line in feedback]
    return {name: sum(given[name] for given in scores) / len(scores) for name in scores[0]}
