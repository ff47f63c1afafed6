"""Sets of feedback to measure on: simulated, or from files in the import format; and splits of them by group."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cli.demo.simulation import Simulation, simulate, simulated_judge
from trainer.data import Doubts, Items, Labels, Scale
from trainer.task import Task, TrainingConfig

HELD_OUT = 0.3


@dataclass(frozen=True)
class Set:
    """Items, and what people gave each (item, criterion)."""

    name: str
    scales: tuple[Scale, ...]
    items: Items
    people: dict[tuple[int, int], list[float]]


@dataclass(frozen=True)
class Split:
    """A task, and held-out items with the means of people's scores, (n, C), NaN where nobody gave one."""

    scales: tuple[Scale, ...]
    task: Task
    test: Items
    truth: np.ndarray


def simulated(name: str, low: float, high: float, seed: int) -> Set:
    """800 items on three criteria, three people each."""
    spec = Simulation(items=800, criteria=3, per_item=3, low=low, high=high, shares=(1, 0, 0, 0), seed=seed)
    found = list(simulate(spec))
    feedback = [line for item in found for line in item.feedback]
    return _arrange(name, simulated_judge(spec), [item.evaluation for item in found], feedback)


def load(folder: Path) -> Set:
    """A folder in the import format; only corrections are taken."""
    lines = []
    for name in ("evaluations", "feedback"):
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            lines.append([json.loads(line) for line in file])
    judge = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
    return _arrange(judge["name"], judge, lines[0], [line for line in lines[1] if line["type"] == "correction"])


def _arrange(name: str, judge: dict, evaluations: list[dict], feedback: list[dict]) -> Set:
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
    return Set(name, scales, Items(ids, groups, sources, inputs, outputs, rationales, raw), people)


def split(each: Set, n: int, seed: int) -> Split | None:
    """A task of n corrections and the held-out rest; None where there are too few."""
    rng = np.random.default_rng(1000 + seed)
    groups = sorted({str(group) for group in each.items.groups})
    held = set(rng.permutation(groups)[: int(HELD_OUT * len(groups))].tolist())
    known = [key for key in sorted(each.people) if not np.isnan(each.items.raw[key])]
    pool = [key for key in known if str(each.items.groups[key[0]]) not in held]
    if n > len(pool):
        return None
    chosen = sorted(pool[k] for k in rng.permutation(len(pool))[:n])
    used = sorted({item for item, _ in chosen})
    place = {item: i for i, item in enumerate(used)}
    scores = np.array([rng.choice(each.people[key]) for key in chosen])
    labels = Labels(
        np.array([place[item] for item, _ in chosen], np.int32), np.array([c for _, c in chosen], np.int32), scores,
        np.zeros(n, np.int32), np.zeros(n, np.bool_), np.zeros(n, np.bool_),
    )  # fmt: skip
    config = TrainingConfig("full_retrain", seed=seed)
    task = Task(each.scales, each.items.take(np.array(used)), labels, Doubts(), 1, config)
    tested = sorted({item for item, _ in known if str(each.items.groups[item]) in held})
    truth = np.full((len(tested), len(each.scales)), np.nan)
    for i, item in enumerate(tested):
        for c in range(len(each.scales)):
            if (item, c) in each.people:
                truth[i, c] = np.mean(each.people[item, c])
    return Split(each.scales, task, each.items.take(np.array(tested)), truth)
