"""What stays fixed while a task runs: its table, its folds, what is held out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Bools, Floats, Floats32, Ints
from trainer.evidence.report import Predictions
from trainer.features.encoder import Encoder, fit_encoder
from trainer.fitting.assemble import fingerprint
from trainer.fitting.checkpoint import Journal
from trainer.fitting.cross_fit import fold_rows
from trainer.fitting.progress import Tracker
from trainer.folds import hold_out
from trainer.model.label_table import Table, lay_out
from trainer.scales import to_grid
from trainer.task import Report, Save, Task


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A task laid out. `fold` (m,): each row's fold, -1 for rows held out; `held_out` (m,): a mask of rows."""

    task: Task
    table: Table
    encoder: Encoder
    fold: Ints
    folds: int
    held_out: Bools
    journal: Journal
    track: Tracker

    @property
    def learnable(self) -> Bools:
        """Mask of the rows a version may learn from."""
        return ~self.held_out

    def pairs_of(self, rows: Bools) -> Bools:
        """Mask of the pairs with labels among `rows`."""
        mask = np.zeros(len(self.table.pairs), np.bool_)
        mask[self.table.pair[rows]] = True
        return mask

    def unchanged(self, points: Floats) -> Predictions:
        """Points for all pairs taken as they are, as scores."""
        verdict = np.zeros(len(points))
        for c, scale in enumerate(self.table.scales):
            mine = self.table.pairs.criterion == c
            verdict[mine] = to_grid(scale, points[mine])
        return Predictions(points, points, verdict)


def prepare(task: Task, checkpoint: bytes | None, save: Save | None, report: Report) -> Study:
    """Lay a task out.

    Raises:
        ValueError: there are no labels.
    """
    config, track = task.config, Tracker(report)
    track.expect(100)
    encoder, features = _encode(task)
    table = lay_out(task.scales, task.items, task.labels, task.doubts, task.rater_count, features, encoder.block)
    table = replace(table, agreement=config.decoding == "agreement")
    if not len(table.rows):
        raise ValueError("There are no labels to learn from.")
    track.step(f"Features of {len(task.items):,} items computed")
    held_out = np.zeros(len(table.rows), np.bool_)
    if config.validation_split is not None:
        held_out = hold_out(table.grouping.group[table.rows.item], config.validation_split, config.seed)
    fold, folds = fold_rows(table, np.flatnonzero(~held_out), config.seed)
    journal = Journal(fingerprint(task), checkpoint, save)
    return Study(task, table, encoder, fold, folds, held_out, journal, track)


def _encode(task: Task) -> tuple[Encoder, Floats32]:
    if task.base is None or task.config.training_type == "full_retrain":
        return fit_encoder(task.items, task.scales)
    return task.base.encoder, task.base.encoder.encode(task.items, task.scales)
