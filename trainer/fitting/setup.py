"""Training setup: everything that stays fixed while a task runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trainer.arrays import Bools, Floats, Floats32, Ints
from trainer.evidence.report import Predictions
from trainer.features.encoder import Encoder, fit_encoder
from trainer.fitting.checkpoint import Checkpoint, compute_fingerprint
from trainer.fitting.progress import ProgressTracker
from trainer.folds import MAX_FOLDS, assign_folds, hold_out
from trainer.model.label_table import LabelTable, build_label_table
from trainer.scales import to_grid
from trainer.task import CheckpointCallback, ProgressCallback, Task


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSetup:
    """Label table, encoder and splits of a task, with its checkpoint and progress.

    `fold` (m,): fold of each row, -1 for rows held out. `folds`: number of folds. `held_out` (m,): mask of the rows.
    """

    task: Task
    table: LabelTable
    encoder: Encoder
    fold: Ints
    folds: int
    held_out: Bools
    checkpoint: Checkpoint
    progress: ProgressTracker

    @property
    def learnable(self) -> Bools:
        """Mask of the rows that a version may learn from, (m,)."""
        return ~self.held_out

    @property
    def pair_fold(self) -> Ints:
        """Fold of each pair, -1 for pairs held out, (P,)."""
        fold = np.full(len(self.table.pairs), -1, np.int32)
        fold[self.table.pair] = self.fold
        return fold

    def with_other_folds(self, repeat: int) -> TrainingSetup:
        """Return the same setup with the folds of another repeat, numbered from 1."""
        fold, folds = _assign_row_folds(self.table, np.flatnonzero(self.learnable), self.task.config.seed, repeat)
        return replace(self, fold=fold, folds=folds)

    def pairs_of(self, rows: Bools) -> Bools:
        """Return a mask of the pairs that have labels among `rows` (m,)."""
        mask = np.zeros(len(self.table.pairs), np.bool_)
        mask[self.table.pair[rows]] = True
        return mask

    def predict_points(self, points: Floats) -> Predictions:
        """Return given points (P,) as predictions of all pairs."""
        verdict = np.zeros(len(points))
        for c, scale in enumerate(self.table.scales):
            mine = self.table.pairs.criterion == c
            verdict[mine] = to_grid(scale, points[mine])
        return Predictions(points, points, verdict, points[None])


def prepare(
    task: Task, checkpoint: bytes | None, save: CheckpointCallback | None, report: ProgressCallback
) -> TrainingSetup:
    """Encode the items of a task, lay out its labels and split them.

    Args:
        task: to train.
        checkpoint: bytes that `save` received before an interruption.
        save: called with the bytes of each new checkpoint.
        report: called with the progress.

    Raises:
        ValueError: there are no labels.
    """
    config, progress = task.config, ProgressTracker(report)
    progress.set_steps(100)  # until the caller knows how many fits there will be
    encoder, features = _encode(task)
    table = build_label_table(
        task.scales,
        task.items,
        task.labels,
        task.doubts,
        task.rater_count,
        features,
        encoder.feature_block,
        maximize_agreement=config.decoding == "agreement",
    )
    if not len(table.rows):
        raise ValueError("There are no labels to learn from.")
    progress.complete_step(f"Features of {len(task.items):,} items computed")
    held_out = np.zeros(len(table.rows), np.bool_)
    if config.validation_split is not None:
        held_out = hold_out(table.grouping.group[table.rows.item], config.validation_split, config.seed)
    fold, folds = _assign_row_folds(table, np.flatnonzero(~held_out), config.seed)
    stored = Checkpoint(compute_fingerprint(task), checkpoint, save)
    return TrainingSetup(task, table, encoder, fold, folds, held_out, stored, progress)


def _encode(task: Task) -> tuple[Encoder, Floats32]:
    """Return the encoder and the features: those of the base version, unless the training starts from scratch."""
    if task.base is None or task.config.training_type == "full_retrain":
        return fit_encoder(task.items, task.scales)
    return task.base.encoder, task.base.encoder.encode(task.items, task.scales)


def _assign_row_folds(table: LabelTable, index: np.ndarray, seed: int, repeat: int = 0) -> tuple[Ints, int]:
    """Return the fold of each row, -1 outside `index`, (m,), and the number of folds.

    Args:
        table: label table.
        index: positions of the rows to split.
        seed: of the random split.
        repeat: number of the repeat.
    """
    group = table.grouping.group[table.rows.item[index]]
    folds = max(1, min(MAX_FOLDS, len(np.unique(group))))
    fold = np.full(len(table.rows), -1, np.int32)
    fold[index] = assign_folds(group, folds, seed, repeat)
    return fold, folds
