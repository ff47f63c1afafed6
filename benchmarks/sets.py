"""Feedback sets to measure on, simulated or from files in the import format, and their splits by group."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cli.demo.simulation import Simulation, simulate, simulated_judge
from trainer.data import Doubts, Items, Labels, Scale
from trainer.task import Task, TrainingConfig

HELD_OUT = 0.3
"""Share of the groups held out."""


@dataclass(frozen=True)
class FeedbackSet:
    """Items, and people's scores of each (item, criterion)."""

    name: str
    scales: tuple[Scale, ...]
    items: Items
    people: dict[tuple[int, int], list[float]]


@dataclass(frozen=True)
class Split:
    """A task, and held-out items with the means of people's scores; `truth` (n, C): NaN where nobody gave one."""

    scales: tuple[Scale, ...]
    task: Task
    test: Items
    truth: np.ndarray


def simulated(name: str, low: float, high: float, seed: int) -> FeedbackSet:
    """Return a simulated set of 800 items on three criteria, each scored by three people.

    Args:
        name: of the set.
        low: minimum of the scale.
        high: maximum of the scale.
        seed: of the simulation.
    """
    spec = Simulation(items=800, criteria=3, per_item=3, low=low, high=high, shares=(1, 0, 0, 0), seed=seed)
    found = list(simulate(spec))
    feedback = [line for item in found for line in item.feedback]
    return _arrange(name, simulated_judge(spec), [item.evaluation for item in found], feedback)


def load(folder: Path) -> FeedbackSet:
    """Read a folder in the import format; feedback other than corrections is ignored."""
    lines = []
    for name in ("evaluations", "feedback"):
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            lines.append([json.loads(line) for line in file])
    judge = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
    return _arrange(judge["name"], judge, lines[0], [line for line in lines[1] if line["type"] == "correction"])


def _arrange(name: str, judge: dict, evaluations: list[dict], feedback: list[dict]) -> FeedbackSet:
    criteria = judge["criteria"]
    scales = tuple(Scale(c["name"], c["name"], c.get("min", 1), c.get("max", 5), c.get("step", 1)) for c in criteria)
    column = {scale.name: c for c, scale in enumerate(scales)}
    raw = np.full((len(evaluations), len(scales)), np.nan)
    for i, line in enumerate(evaluations):
        for key, value in line["scores"].items():
            raw[i, column[key]] = value
    place = {line["external_id"]: i for i, line in enumerate(evaluations)}
    people: dict[tuple[int, int], list[float]] = {}
    for line in feedback:
        for key, value in line["corrected_scores"].items():
            people.setdefault((place[line["evaluation"]], column[key]), []).append(float(value))
    texts = ([line.get(key) for line in evaluations] for key in ("group", "source", "input"))
    groups, sources, inputs = texts
    ids, outputs = list(place), [line["output"] for line in evaluations]
    rationales = [line.get("rationale") for line in evaluations]
    return FeedbackSet(name, scales, Items(ids, groups, sources, inputs, outputs, rationales, raw), people)


def split(feedback_set: FeedbackSet, n: int, seed: int) -> Split | None:
    """Split a set into a task and held-out items.

    Args:
        feedback_set: set to split.
        n: number of corrections of the task.
        seed: of the random split.

    Returns:
        The split; None if there are fewer corrections.
    """
    rng = np.random.default_rng(1000 + seed)
    groups = sorted({str(group) for group in feedback_set.items.groups})
    held = set(rng.permutation(groups)[: int(HELD_OUT * len(groups))].tolist())
    known = [key for key in sorted(feedback_set.people) if not np.isnan(feedback_set.items.raw[key])]
    pool = [key for key in known if str(feedback_set.items.groups[key[0]]) not in held]
    if n > len(pool):
        return None
    chosen = sorted(pool[k] for k in rng.permutation(len(pool))[:n])
    used = sorted({item for item, _ in chosen})
    place = {item: i for i, item in enumerate(used)}
    scores = np.array([rng.choice(feedback_set.people[key]) for key in chosen])
    labels = Labels(
        np.array([place[item] for item, _ in chosen], np.int32), np.array([c for _, c in chosen], np.int32), scores,
        np.zeros(n, np.int32), np.zeros(n, np.bool_), np.zeros(n, np.bool_),
    )  # fmt: skip
    config = TrainingConfig("full_retrain", seed=seed)
    task = Task(feedback_set.scales, feedback_set.items.take(np.array(used)), labels, Doubts(), 1, config)
    tested = sorted({item for item, _ in known if str(feedback_set.items.groups[item]) in held})
    truth = np.full((len(tested), len(feedback_set.scales)), np.nan)
    for i, item in enumerate(tested):
        for c in range(len(feedback_set.scales)):
            if (item, c) in feedback_set.people:
                truth[i, c] = np.mean(feedback_set.people[item, c])
    return Split(feedback_set.scales, task, feedback_set.items.take(np.array(tested)), truth)
