"""Splits by group: items of one group are never on both sides of a split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from trainer.arrays import Ints
from trainer.data import Items

MAX_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Group of each item.

    `group` (n,): numbered from 0 in order of appearance. `description`: how the groups were formed, as text for people.
    """

    group: Ints
    description: str


def group_items(items: Items, labelled: Ints) -> Grouping:
    """Group items by their `group`; an item without one is a group of its own.

    Copies, items of the same input and output apart from case and space, share a group whatever their `group` says:
    otherwise a model would be tested on texts that it learned from. If the items with labels are of a single group,
    nothing could be held out. Each item, with its copies, is then a group.

    Args:
        items: n items.
        labelled: positions of the items with labels.
    """
    named = len({items.groups[i] for i in labelled if items.groups[i] is not None})
    has_unnamed = any(items.groups[i] is None for i in labelled)
    if named + has_unnamed < 2:
        why = "there is a single group, so the figures may be too optimistic" if named else "no groups given"
        return Grouping(_merge_copies(items, np.arange(len(items), dtype=np.int32)), f"by item ({why})")
    number: dict[object, int] = {}
    keys = (i if group is None else group for i, group in enumerate(items.groups))
    own = np.fromiter((number.setdefault(key, len(number)) for key in keys), np.int32, len(items))
    group = _merge_copies(items, own)
    texts = {
        (True, False): "by group",
        (True, True): "by group, items without a group by themselves",
        (False, True): "by item (no groups given)",
    }
    return Grouping(group, texts[named > 0, has_unnamed])


def digest_texts(input_text: str | None, output: str) -> bytes:
    """Return a digest of an item's texts that ignores case and space, by which copies are found."""
    parts = (" ".join(text.casefold().split()) for text in (input_text or "", output))
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _merge_copies(items: Items, group: Ints) -> Ints:
    """Return the groups after those that hold copies of one item were merged, numbered in order of appearance."""
    parent = list(range(int(group.max(initial=-1)) + 1))

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    first: dict[bytes, int] = {}
    for own, input_text, output in zip(group.tolist(), items.inputs, items.outputs, strict=True):
        one, other = find(own), find(first.setdefault(digest_texts(input_text, output), own))
        parent[max(one, other)] = min(one, other)
    number: dict[int, int] = {}
    merged = (number.setdefault(find(own), len(number)) for own in group.tolist())
    return np.fromiter(merged, np.int32, len(group))


def assign_folds(group: Ints, folds: int, seed: int, repeat: int = 0) -> Ints:
    """Assign each row to a random fold, whole groups together, with about equally many rows a fold.

    Args:
        group: of each row, (m,).
        folds: number of folds.
        seed: of the random assignment.
        repeat: number of the repeat; each has other folds.

    Returns:
        Fold of each row, 0..folds - 1, (m,).
    """
    _, index, sizes = np.unique(group, return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng([seed, 1, repeat] if repeat else [seed, 1]).permutation(len(sizes))
    by_size = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    lap, step = np.divmod(np.arange(len(sizes)), folds)
    fold = np.empty(len(sizes), np.int32)
    # Folds are dealt out back and forth, so that no fold gets the larger group of every lap.
    fold[by_size] = np.where(lap % 2 == 0, step, folds - 1 - step)
    return fold[index]


def hold_out(group: Ints, share: float, seed: int) -> np.ndarray:
    """Hold out a random share of the groups: at least one group, and never all of two or more.

    Args:
        group: of each row, (m,).
        share: of the groups, 0..1.
        seed: of the random choice.

    Returns:
        Mask of the rows held out, (m,).
    """
    names, index = np.unique(group, return_inverse=True)
    held_out_count = min(max(1, round(share * len(names))), max(1, len(names) - 1))
    chosen = np.random.default_rng([seed, 2]).permutation(len(names))[:held_out_count]
    return np.isin(index, chosen)
