"""Checkpoint of a task: the fits finished so far, so that an interrupted task resumes instead of starting again."""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from dataclasses import asdict

import numpy as np

from trainer.model import npz as archive
from trainer.task import CheckpointCallback, Task


class Checkpoint:
    """Finished fits by name. Stored bytes that are damaged or belong to another task are ignored.

    Entries are arrays named `fit/array`; the fits' names must not change, or old checkpoints no longer save any work.
    """

    def __init__(self, fingerprint: str, stored: bytes | None, save: CheckpointCallback | None) -> None:
        """Start from stored bytes.

        Args:
            fingerprint: of the task.
            stored: bytes that `save` received earlier.
            save: called with the bytes of each new state.
        """
        self._fingerprint, self._save = fingerprint, save
        self._arrays: archive.Arrays = {}
        self._saved_at = -math.inf
        if stored is not None:
            with contextlib.suppress(ValueError):  # a damaged checkpoint only costs the work it would have saved
                header, arrays = archive.loads(stored)
                if header.get("fingerprint") == fingerprint:
                    self._arrays = arrays

    def find(self, name: str) -> archive.Arrays | None:
        """Return the arrays stored under `name`, or None."""
        found = {key.split("/", 1)[1]: value for key, value in self._arrays.items() if key.split("/", 1)[0] == name}
        return found or None

    def store(self, name: str, arrays: archive.Arrays, *, min_interval_seconds: float = 0.0) -> None:
        """Store arrays under `name` in place of any before, and save.

        Args:
            name: of the fit.
            arrays: to store.
            min_interval_seconds: do not save if the last save is more recent than this.
        """
        self.remove(name)
        self._arrays |= {f"{name}/{key}": value for key, value in arrays.items()}
        if self._save is not None and time.monotonic() - self._saved_at >= min_interval_seconds:
            self._saved_at = time.monotonic()
            self._save(archive.dumps({"fingerprint": self._fingerprint}, self._arrays))

    def remove(self, name: str) -> None:
        """Remove what is stored under `name`; the change is saved with the next `store`."""
        self._arrays = {key: value for key, value in self._arrays.items() if key.split("/", 1)[0] != name}


def compute_fingerprint(task: Task) -> str:
    """Return a digest of everything that a fit depends on."""
    digest = hashlib.sha256()
    config = asdict(task.config)
    digest.update(repr((task.scales, sorted(config.items()), task.rater_count)).encode())
    if task.base is not None:
        digest.update(task.base.dumps())
    items, labels = task.items, task.labels
    for column in (items.groups, items.inputs, items.outputs, items.rationales):
        digest.update("\0".join("\1" if text is None else text for text in column).encode("utf-8", "surrogatepass"))
    columns = (column for name in labels.__slots__ if (column := getattr(labels, name)) is not None)
    for array in (items.raw, *columns, task.doubts.item, task.doubts.rater):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
