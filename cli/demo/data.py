"""Data of the demo: people's ratings of news summaries or, if they cannot be fetched, simulated data."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import orjson

from cli.demo.automatic_judge import judge_summary
from cli.demo.package_index import FetchError
from cli.demo.ratings import MAX_SCORE, MIN_SCORE, RatedSummary, load_ratings
from cli.demo.simulation import Simulation, simulate, simulated_judge
from cli.import_format import EvaluationLine, FeedbackLine, JudgeDescription

_HELD_OUT_SHARE = 0.2  # of the groups
_SIMULATED = Simulation(items=500, criteria=2, raters=10, per_item=5, shares=(1, 0, 0, 0), seed=7)


@dataclass(frozen=True)
class HeldOutItem:
    """An item that is not loaded.

    Attributes:
        evaluation: the item with the judge's scores.
        human_scores: the means of people's scores by criterion.
    """

    evaluation: EvaluationLine
    human_scores: dict[str, float]


@dataclass(frozen=True)
class DemoData:
    """A judge with evaluations and feedback to learn from, and items held out to measure the result.

    Attributes:
        introduction: lines for people about the data.
        judge: the judge file.
        evaluations: the evaluations to load.
        feedback: the feedback to load.
        held_out: the items that are not loaded.
        is_real: the feedback was given by people.
    """

    introduction: list[str]
    judge: JudgeDescription
    evaluations: list[EvaluationLine]
    feedback: list[FeedbackLine]
    held_out: list[HeldOutItem]
    is_real: bool

    def write(self, folder: Path) -> None:
        """Write the import files."""
        (folder / "judge.json").write_bytes(orjson.dumps(self.judge))
        for name, lines in (("evaluations", self.evaluations), ("feedback", self.feedback)):
            (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def load_demo_data() -> DemoData:
    """Return real data, or simulated data if the package index does not provide the real data in time."""
    try:
        return build_from_ratings(load_ratings())
    except FetchError as error:
        return _build_simulated(str(error))


def build_from_ratings(ratings: list[RatedSummary]) -> DemoData:
    """Score rated summaries with the automatic judge."""
    groups = {text: f"article {n}" for n, text in enumerate(dict.fromkeys(rated.text for rated in ratings), 1)}
    items = [_build_item(n, groups[rated.text], rated) for n, rated in enumerate(ratings, 1)]
    people = len({rater for rated in ratings for rater in rated.scores})
    count = sum(len(rated.scores) for rated in ratings)
    introduction = [
        f"{len(ratings):,} summaries of {len(groups):,} articles, each scored {MIN_SCORE}-{MAX_SCORE} by people.",
        f"{count:,} real scores by {people} people, published with the package blanc (MIT licence).",
        "The judge to improve was written for this demo: it counts words, and is no language model.",
    ]
    judge: JudgeDescription = {
        "id": "jdg_summaries",
        "name": "News summaries, by word counts",
        "description": "Scores summaries by the words they share with the article, their length and repetition.",
        "criteria": [
            {
                "key": "crit_quality",
                "name": "quality",
                "description": "Overall quality of the summary.",
                "min": MIN_SCORE,
                "max": MAX_SCORE,
                "step": 1,
            }
        ],
    }
    return _hold_out(introduction, judge, items, is_real=True)


def _build_item(number: int, group: str, rated: RatedSummary) -> tuple[EvaluationLine, list[FeedbackLine]]:
    """Return the lines for a rated summary.

    Args:
        number: its number, from 1.
        group: the group of its article.
        rated: the summary with people's scores.
    """
    verdict = judge_summary(rated.text, rated.summary)
    external_id = f"summary-{number}"
    evaluation: EvaluationLine = {
        "external_id": external_id,
        "group": group,
        "input": rated.text,
        "output": rated.summary,
        "rationale": verdict.rationale,
        "scores": {"quality": round(MIN_SCORE + (MAX_SCORE - MIN_SCORE) * verdict.score, 2)},
    }
    feedback: list[FeedbackLine] = [
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


def _build_simulated(reason: str) -> DemoData:
    introduction = [
        f"The real ratings are not available: {reason}",
        f"In their place: SIMULATED data, {_SIMULATED.items:,} items and {_SIMULATED.raters} simulated raters.",
        "All figures below are about simulated data.",
    ]
    judge = simulated_judge(_SIMULATED)
    judge["id"] = "jdg_simulated"
    return _hold_out(introduction, judge, simulate(_SIMULATED), is_real=False)


def _hold_out(
    introduction: list[str],
    judge: JudgeDescription,
    items: Iterable[tuple[EvaluationLine, list[FeedbackLine]]],
    *,
    is_real: bool,
) -> DemoData:
    """Hold out some groups with all their items.

    Args:
        introduction: lines for people about the data.
        judge: the judge file.
        items: the items with their feedback.
        is_real: the feedback was given by people.
    """
    items = list(items)
    groups = sorted({evaluation["group"] for evaluation, _ in items})
    held_out = set(random.Random(0).sample(groups, round(_HELD_OUT_SHARE * len(groups))))  # noqa: S311 - a fixed choice
    loaded = [(evaluation, lines) for evaluation, lines in items if evaluation["group"] not in held_out]
    return DemoData(
        introduction=introduction,
        judge=judge,
        evaluations=[evaluation for evaluation, _ in loaded],
        feedback=[line for _, lines in loaded for line in lines],
        held_out=[HeldOutItem(item, _mean_scores(lines)) for item, lines in items if item["group"] in held_out],
        is_real=is_real,
    )


def _mean_scores(feedback: list[FeedbackLine]) -> dict[str, float]:
    """Return the means of people's scores of one item by criterion."""
    scores = [line["corrected_scores"] for line in feedback]
    return {name: fmean(one[name] for one in scores) for name in scores[0]}
