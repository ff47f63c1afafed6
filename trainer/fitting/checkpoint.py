"""What a task has finished so far, so that it can go on after an interruption instead of beginning again."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import fields

import numpy as np

from trainer.model import npz as archive
from trainer.model.ordinal import Coefficients
from trainer.task import Save


class Journal:
    """Finished fits by name, kept in a checkpoint; one of another task, or a damaged one, is ignored."""

    def __init__(self, fingerprint: str, checkpoint: bytes | None, save: Save | None) -> None:
        self._fingerprint, self._save = fingerprint, save
        self._arrays: archive.Arrays = {}
        self._saved = -math.inf
        if checkpoint is not None:
            with contextlib.suppress(ValueError):  # damaged: it only spares work
                header, arrays = archive.loads(checkpoint)
                if header.get("fingerprint") == fingerprint:
                    self._arrays = arrays

    def find(self, name: str) -> archive.Arrays | None:
        """The arrays kept under `name`."""
        found = {key.split("/", 1)[1]: value for key, value in self._arrays.items() if key.split("/", 1)[0] == name}
        return found or None

    def keep(self, name: str, arrays: archive.Arrays, *, pause: float = 0.0) -> None:
        """Keep arrays under `name` in place of what was there, and save unless that was under `pause` seconds ago."""
        self.drop(name)
        self._arrays |= {f"{name}/{key}": value for key, value in arrays.items()}
        if self._save is not None and time.monotonic() - self._saved >= pause:
            self._saved = time.monotonic()
            self._save(archive.dumps({"fingerprint": self._fingerprint}, self._arrays))

    def drop(self, name: str) -> None:
        """Forget what is kept under `name`."""
        self._arrays = {key: value for key, value in self._arrays.items() if key.split("/", 1)[0] != name}


def pack(parts: dict[str, Coefficients], **numbers: float) -> archive.Arrays:
    """Coefficients and numbers as named arrays."""
    arrays = {f"{name}.{f.name}": getattr(c, f.name) for name, c in parts.items() for f in fields(Coefficients)}
    return arrays | {name: np.asarray(value) for name, value in numbers.items()}


def unpack(arrays: archive.Arrays, name: str) -> Coefficients:
    """The coefficients `pack` stored as `name`."""
    return Coefficients(**{f.name: arrays[f"{name}.{f.name}"] for f in fields(Coefficients)})
