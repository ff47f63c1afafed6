"""Evidence that a task leaves: agreement with people on held-out labels, compared on the same items, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from models.agreement import krippendorff_alpha
from trainer.arrays import Floats, Ints
from trainer.data import Scale
from trainer.evidence import metrics
from trainer.evidence.bootstrap import Interval, holm, mae_changes, spearman_changes
from trainer.model.label_table import LabelTable
from trainer.scales import span

MAX_ALPHA_UNITS = 5000
"""Pairs scored by several people from which their agreement is measured, at most."""


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Agreement of scores with people's; errors in points of the scale, or as shares of the range in a mean.

    `calibration` and `confusion` are of a single criterion; a mean over criteria has none.
    """

    mean_absolute_error: float
    spearman: float | None
    quadratic_weighted_kappa: float | None
    exact_agreement: float
    within_one_agreement: float
    bias: float
    calibration_error: float | None
    calibration: tuple[metrics.CalibrationPoint, ...] = ()
    confusion: metrics.Confusion | None = None


@dataclass(frozen=True, slots=True)
class UnseenSources:
    """Agreement on items whose source, and whose group, the scores had not learned from; means over criteria.

    Changes are `after` minus `raw`, with 95 % intervals over groups.
    """

    raw: AgreementReport
    after: AgreementReport
    mae_change: Interval
    spearman_change: Interval | None
    source_count: int
    held_out_count: int


@dataclass(frozen=True, slots=True)
class CriterionEvidence:
    """Evidence on one criterion, named by its key; in points of its scale.

    `rater_agreement`: Krippendorff's ordinal alpha of people among themselves, which is the ceiling; None if no item
    was scored by several people.
    """

    criterion: str
    raw: AgreementReport
    before: AgreementReport
    after: AgreementReport | None
    constant_baseline: AgreementReport
    rater_agreement: float | None
    mae_change: Interval | None
    spearman_change: Interval | None
    improved: bool
    worsened: bool
    held_out_count: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Means over criteria (MAE, bias and calibration error as shares of the range), and the evidence on each.

    `unseen_sources`: agreement on items of sources that the models had not learned from, if sources are known.
    """

    raw: AgreementReport
    before: AgreementReport
    after: AgreementReport | None
    constant_baseline: AgreementReport
    mae_change: Interval | None
    spearman_change: Interval | None
    improved: bool
    held_out_count: int
    group_count: int
    method: str
    criteria: tuple[CriterionEvidence, ...]
    rater_agreement: float | None = None
    unseen_sources: UnseenSources | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Scores of P pairs, all (P,): a ranking, the point estimate for errors, the verdict for agreement.

    Out of fold, `ranking` is the rank of a pair's mean among the means that its own fold's model gives to all pairs of
    the criterion. Models of different folds differ in level, so that mixing their means would blur every ranking.
    """

    ranking: Floats
    point: Floats
    verdict: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSides:
    """Predictions that evidence compares.

    `raw`: the judge's own scores. `before`: the active version, or `raw` if there is none. `after`: the new version, or
    `before` in a validation. `constant`: the best constant of each criterion.
    """

    raw: Predictions
    before: Predictions
    after: Predictions
    constant: Predictions


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Comparison of after with before: overall, and of each criterion."""

    overall_mae: Interval | None
    overall_spearman: Interval | None
    mae: Sequence[Interval | None]
    spearman: Sequence[Interval | None]
    improved: list[bool]
    worsened: list[bool]

    @classmethod
    def none(cls, count: int) -> _Comparison:
        """Return a comparison of `count` criteria that was not made."""
        return cls(None, None, [None] * count, [None] * count, [False] * count, [False] * count)


def build_evidence(
    table: LabelTable, at: Ints, sides: PredictionSides, *, compare: bool, method: str, seed: int
) -> Evidence:
    """Return the evidence on some pairs.

    Args:
        table: label table.
        at: positions of the pairs.
        sides: predictions of all pairs of the table.
        compare: compare after with before.
        method: how the evidence was obtained, as text for people.
        seed: of the bootstrap.
    """
    pairs = table.pairs
    present = [c for c in range(len(table.scales)) if np.any(pairs.criterion[at] == c)]
    own = [at[pairs.criterion[at] == c] for c in present]
    scales = [table.scales[c] for c in present]
    reports = {side.name: _report_criteria(table, scales, own, getattr(sides, side.name)) for side in fields(sides)}
    comparison = _compare(table, scales, own, sides, seed) if compare and present else _Comparison.none(len(present))
    alphas = [_rater_agreement(table, at, c) for c in present]
    known = [alpha for alpha in alphas if alpha is not None]
    criteria = tuple(
        CriterionEvidence(
            scale.key, reports["raw"][k], reports["before"][k], reports["after"][k], reports["constant"][k],
            alphas[k], comparison.mae[k], comparison.spearman[k], comparison.improved[k], comparison.worsened[k],
            len(own[k]),
        )
        for k, scale in enumerate(scales)
    )  # fmt: skip
    mean = {name: _mean_report(of_side, scales) for name, of_side in reports.items()}
    overall = comparison.overall_mae
    return Evidence(
        raw=mean["raw"],
        before=mean["before"],
        after=mean["after"],
        constant_baseline=mean["constant"],
        mae_change=overall,
        spearman_change=comparison.overall_spearman,
        improved=overall is not None and overall.upper < 0,
        held_out_count=len(at),
        group_count=len(np.unique(pairs.group[at])),
        method=method,
        criteria=criteria,
        rater_agreement=float(np.mean(known)) if known else None,
    )


def _compare(table: LabelTable, scales: list[Scale], own: list[Ints], sides: PredictionSides, seed: int) -> _Comparison:
    """Compare after with before.

    Args:
        table: label table.
        scales: criteria to compare on.
        own: positions of the pairs of each of them.
        sides: predictions of all pairs.
        seed: of the bootstrap.
    """
    pairs, before, after = table.pairs, sides.before, sides.after
    changes = [np.abs(after.point[i] - pairs.target[i]) - np.abs(before.point[i] - pairs.target[i]) for i in own]
    groups = [pairs.group[i] for i in own]
    ranges = np.array([span(scale) for scale in scales])
    errors = mae_changes(changes, groups, ranges, seed)
    triples = [(before.ranking[i], after.ranking[i], pairs.target[i]) for i in own]
    overall_spearman, spearman = spearman_changes(triples, groups, seed)
    return _Comparison(errors.overall, overall_spearman, errors.each, spearman, holm(errors.below), holm(errors.above))


def _report_criteria(
    table: LabelTable, scales: list[Scale], own: list[Ints], side: Predictions
) -> list[AgreementReport]:
    """Return the report of one side on each criterion.

    Args:
        table: label table.
        scales: criteria to report on.
        own: positions of the pairs of each of them.
        side: predictions of all pairs.
    """
    target = table.pairs.target
    return [_report_agreement(scale, side, at, target[at]) for scale, at in zip(scales, own, strict=True)]


def _report_agreement(scale: Scale, scores: Predictions, at: np.ndarray, target: Floats) -> AgreementReport:
    point, verdict = scores.point[at], scores.verdict[at]
    return AgreementReport(
        float(np.mean(np.abs(point - target))),
        metrics.spearman(scores.ranking[at], target),
        metrics.quadratic_weighted_kappa(scale, verdict, target),
        metrics.exact_agreement(scale, verdict, target),
        metrics.within_one_agreement(scale, verdict, target),
        float(np.mean(point - target)),
        metrics.calibration_error(point, target),
        metrics.calibration_curve(point, target),
        metrics.confusion(scale, verdict, target),
    )


def _mean_report(reports: list[AgreementReport], scales: list[Scale]) -> AgreementReport:
    """Return the mean of the reports of several criteria, errors as shares of the range."""
    ranges = np.array([span(scale) for scale in scales])

    def mean(name: str, units: Floats | None = None) -> float | None:
        values = [(getattr(r, name), 1.0 if units is None else p) for r, p in zip(reports, ranges, strict=True)]
        known = [value / p for value, p in values if value is not None]
        return float(np.mean(known)) if known else None

    return AgreementReport(
        mean("mean_absolute_error", ranges) or 0.0,
        mean("spearman"),
        mean("quadratic_weighted_kappa"),
        mean("exact_agreement") or 0.0,
        mean("within_one_agreement") or 0.0,
        mean("bias", ranges) or 0.0,
        mean("calibration_error", ranges),
    )


def _rater_agreement(table: LabelTable, at: Ints, c: int) -> float | None:
    """Return Krippendorff's alpha of the scores that people gave.

    Args:
        table: label table.
        at: positions of the pairs to measure on.
        c: criterion.

    Returns:
        Alpha, at most 1; None if no pair was scored by several people.
    """
    measured = np.zeros(len(table.pairs), np.bool_)
    measured[at] = table.pairs.criterion[at] == c
    rows = np.flatnonzero(measured[table.pair] & ~table.confirmed)
    rows = rows[np.argsort(table.pair[rows], kind="stable")]
    units = np.split(table.score[rows], np.flatnonzero(np.diff(table.pair[rows])) + 1)
    alpha = krippendorff_alpha([unit.tolist() for unit in units if len(unit) > 1][:MAX_ALPHA_UNITS])
    return None if alpha is None else float(alpha)
