"""Between fits and versions: a version from a fit, a warm start from a version, a fingerprint of a task."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.evidence.report import Predictions
from trainer.features.encoder import Encoder
from trainer.fitting.cross_fit import strip
from trainer.fitting.fit import Fit, Recipe, WarmStart, calibration, objective, recall
from trainer.fitting.selection import Choice
from trainer.model.label_table import Table
from trainer.model.ordinal import Anchor, Coefficients, Objective
from trainer.model.prior import Prior
from trainer.model.version import Version
from trainer.task import Task


def fingerprint(task: Task) -> str:
    """A digest of everything a fit depends on."""
    digest = hashlib.sha256()
    config = asdict(task.config)
    digest.update(repr((task.scales, sorted(config.items()), task.rater_count)).encode())
    if task.base is not None:
        digest.update(task.base.dumps())
    items, labels = task.items, task.labels
    for column in (items.groups, items.inputs, items.outputs, items.rationales):
        digest.update("\0".join("\1" if text is None else text for text in column).encode("utf-8", "surrogatepass"))
    columns = (getattr(labels, name) for name in labels.__slots__)
    for array in (items.raw, *columns, task.doubts.item, task.doubts.rater):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def anchors(table: Table, index: np.ndarray, fitted: Fit, old: WarmStart | None = None) -> WarmStart:
    """A warm start at a fit: its parameters, held as firmly as the rows it learned from inform about them."""

    def anchor(loss: Objective, c: Coefficients, before: Anchor | None) -> Anchor:
        information = loss.fisher(c.pack())
        return Anchor(c, information if before is None else _add(information, before.precision))

    return WarmStart(
        anchor(calibration(table, index, None), fitted.calibrator, None if old is None else old.calibrator),
        anchor(objective(table, index, None, fitted.prior), fitted.joint, None if old is None else old.joint),
        fitted.prior,
    )


def _add(a: Coefficients, b: Coefficients) -> Coefficients:
    return Coefficients.unpack(a.pack() + b.pack(), a)


def warm_start(base: Version, table: Table) -> WarmStart:
    """A warm start at a version, for the criteria it learned; the others start at the identity."""
    start = Coefficients.start(len(table.scales), table.width, 0, table.rater_count)
    nothing = replace(start, slope=np.zeros_like(start.slope))
    places = [base.position(scale) for scale in table.scales]
    known = [(column, place) for column, place in enumerate(places) if place is not None and base.learned[place]]

    def carry(part: Coefficients, onto: Coefficients) -> Coefficients:
        out = onto.widen(part.weights.shape[1])
        out = replace(out, slope=out.slope.copy(), shift=out.shift.copy(), bend=out.bend.copy())
        for column, place in known:
            width = min(out.bend.shape[1], part.bend.shape[1])
            out.slope[column] = part.slope[place]
            out.shift[column] = part.shift[place]
            out.bend[column, :width] = part.bend[place, :width]
            out.weights[column] = part.weights[place]
        return out

    return WarmStart(
        Anchor(carry(base.calibrator, start), carry(base.calibrator_precision, nothing)),
        Anchor(carry(base.joint, start), carry(base.joint_precision, nothing)),
        Prior.restore(base.recipe["prior"]),
    )


def base_choice(base: Version, table: Table) -> Choice:
    """What a version chose, for the criteria of the table."""
    places = [base.position(scale) for scale in table.scales]
    known = np.array([place is not None for place in places])
    at = np.array([place or 0 for place in places])
    parts = (base.estimator, base.interval_mass, base.spread_factor, base.spread_center)
    return Choice(base.learned[at] & known, base.gate[at] * known, *(part[at] for part in parts))


def base_scores(base: Version, task: Task, table: Table) -> Predictions:
    """What a version says about each pair of the table."""
    scores = base.score(task.items, task.scales)
    at = (table.pairs.item, table.pairs.criterion)
    return Predictions(scores.expected[at], scores.point[at], scores.verdict[at])


def assemble(
    task: Task, table: Table, index: np.ndarray, encoder: Encoder, fitted: Fit, choice: Choice, recipe: Recipe,
    settings: dict[str, Any],
) -> Version:  # fmt: skip
    """The version of a fit on the rows at `index`; after fine-tuning, other criteria keep what the base had."""
    information = anchors(table, index, fitted, None if recipe.warm is None else recall(table, index, recipe.warm))
    version = Version(
        table.scales,
        encoder,
        strip(fitted.calibrator),
        strip(fitted.joint),
        strip(information.calibrator.precision),
        strip(information.joint.precision),
        choice.learned,
        choice.gate,
        choice.point,
        choice.reach,
        choice.stretch,
        choice.centre,
        settings | {"prior": fitted.prior.arrays()},
    )
    if task.config.training_type != "fine_tune":
        return version
    targets = np.isin(np.arange(len(table.scales)), task.config.targets or ())
    version = replace(version, learned=version.learned & targets)
    return version if task.base is None else _keep(task.base, version, targets)


def _keep(base: Version, version: Version, targets: NDArray[np.bool_]) -> Version:
    """`version` with the base's parameters for all criteria but the targets."""
    places = [None if target else base.position(scale) for scale, target in zip(version.scales, targets, strict=True)]
    known = [(column, place) for column, place in enumerate(places) if place is not None]

    def merge(new: NDArray[Any], old: NDArray[Any]) -> NDArray[Any]:
        shape = new.shape[:1] + tuple(max(a, b) for a, b in zip(new.shape[1:], old.shape[1:], strict=True))
        out = np.zeros(shape, new.dtype)
        out[(slice(None), *(slice(s) for s in new.shape[1:]))] = new
        for column, place in known:
            out[column] = 0
            kept = out[column : column + 1]
            kept[(slice(None), *(slice(s) for s in old.shape[1:]))] = old[place : place + 1]
        return out

    def part(name: str) -> Coefficients:
        new, old = getattr(version, name), getattr(base, name)
        return Coefficients(
            merge(new.slope, old.slope), merge(new.shift, old.shift), merge(new.bend, old.bend),
            merge(new.weights, old.weights), new.offsets,
        )  # fmt: skip

    return replace(
        version,
        calibrator=part("calibrator"),
        joint=part("joint"),
        calibrator_precision=part("calibrator_precision"),
        joint_precision=part("joint_precision"),
        learned=merge(version.learned, base.learned),
        gate=merge(version.gate, base.gate),
        estimator=merge(version.estimator, base.estimator),
        interval_mass=merge(version.interval_mass, base.interval_mass),
        spread_factor=merge(version.spread_factor, base.spread_factor),
        spread_center=merge(version.spread_center, base.spread_center),
    )
