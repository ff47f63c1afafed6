"""Splitting by group: what belongs together is never on both sides of a split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.arrays import Ints
from trainer.data import Items

FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """The group of each item, (n,), numbered from 0 in order of appearance, and how it came about, for people."""

    group: Ints
    count: int
    description: str


def group_items(items: Items, used: Ints) -> Grouping:
    """Group items by their `group`, an item without one by itself; `used` are the items with labels.

    With a single group among the used items nothing could be held out, so there the items are the groups.
    """
    named = len({items.groups[i] for i in used if items.groups[i] is not None})
    alone = any(items.groups[i] is None for i in used)
    if named + alone < 2:
        text = "by item (there is a single group, so the figures may flatter)" if named else "by item (no groups given)"
        return Grouping(np.arange(len(items), dtype=np.int32), len(used), text)
    place: dict[object, int] = {}
    keys = (i if group is None else group for i, group in enumerate(items.groups))
    group = np.fromiter((place.setdefault(key, len(place)) for key in keys), np.int32, len(items))
    texts = {
        (True, False): "by group",
        (True, True): "by group, items without a group by themselves",
        (False, True): "by item (no groups given)",
    }
    return Grouping(group, len(np.unique(group[used])), texts[named > 0, alone])


def assign(group: Ints, folds: int, seed: int) -> Ints:
    """The fold (0..folds-1) of each row, given the rows' groups: random, with about equally many rows a fold."""
    _, place, sizes = np.unique(group, return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng([seed, 1]).permutation(len(sizes))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    turn = np.arange(len(sizes))
    lap, step = np.divmod(turn, folds)
    fold = np.empty(len(sizes), np.int32)
    fold[order] = np.where(lap % 2 == 0, step, folds - 1 - step)  # back and forth: no fold gets all the large
    return fold[place]


def hold_out(group: Ints, share: float, seed: int) -> np.ndarray:
    """Mask of the rows in a random `share` of the groups: at least one group, never all of two or more."""
    names, place = np.unique(group, return_inverse=True)
    wanted = min(max(1, round(share * len(names))), max(1, len(names) - 1))
    chosen = np.random.default_rng([seed, 2]).permutation(len(names))[:wanted]
    return np.isin(place, chosen)
