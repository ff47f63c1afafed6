"""Evidence that a task leaves: agreement with people on held-out labels, compared on the same items, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from models.agreement import krippendorff_alpha
from trainer.arrays import Floats, Ints
from trainer.data import Scale
from trainer.evidence import metrics
from trainer.evidence.bootstrap import Changes, Interval, holm, mean_changes, spearman_changes
from trainer.evidence.selective_reporting import SelectionTest
from trainer.model.label_table import LabelTable
from trainer.scales import level_steps, span

MAX_ALPHA_UNITS = 5000
"""Pairs scored by several people from which their agreement is measured, at most."""
MIN_PAIRS_TO_COMPARE = 5
"""Pairs, overall or of a criterion, below which nothing is compared: all changes may be 0 by chance."""


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Agreement of scores with people's; errors in points of the scale, or as shares of the range in a mean.

    `root_mean_squared_error` is that of the expected score; on a scale of two levels its square is the Brier score
    (Brier 1950). `calibration` and `confusion` are of a single criterion; a mean over criteria has none.
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
    root_mean_squared_error: float = 0.0


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

    `rater_agreement`: Krippendorff's ordinal alpha of people among themselves; None if no item was scored by several
    people. `squared_error_change`: in squared points; `improved` and `worsened` are tested on it.
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
    squared_error_change: Interval | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Means over criteria (MAE, bias and calibration error as shares of the range), and the evidence on each.

    `unseen_sources`: agreement on items of sources that the models had not learned from, if sources are known.
    `squared_error_change`: change of the squared error of the expected score, as a share of the squared range.
    `guard_change`: change of the MAE, on scales of two levels of the share of wrong verdicts. `improved`: the squared
    error is proven lower, and the guard not proven higher.
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
    squared_error_change: Interval | None = None
    guard_change: Interval | None = None
    selection: SelectionTest | None = None

    def with_selection(self, selection: SelectionTest) -> Evidence:
        """Return the evidence with the test of its feedback; selectively reported feedback proves nothing."""
        if selection.verdict != "biased":
            return replace(self, selection=selection)
        criteria = tuple(replace(one, improved=False, worsened=False) for one in self.criteria)
        return replace(self, selection=selection, improved=False, criteria=criteria)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Scores of P pairs, (P,) each: a ranking, the point estimate for errors, the verdict for agreement.

    `expected` (R, P): the mean of each pair's distribution (the raw score where a version keeps that), in points, once
    for each repeat of the folds. Squared
    errors are averaged over the repeats. Out of fold, `ranking` is the rank of a pair's mean among the means that its
    own fold's model gives to all pairs of the criterion. Models of different folds differ in level, so that mixing
    their means would blur every ranking.
    """

    ranking: Floats
    point: Floats
    verdict: Floats
    expected: Floats


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
    overall_squared: Interval | None
    overall_guard: Interval | None
    overall_spearman: Interval | None
    mae: Sequence[Interval | None]
    squared: Sequence[Interval | None]
    spearman: Sequence[Interval | None]
    improved: Sequence[bool]
    worsened: Sequence[bool]

    @property
    def proves_improvement(self) -> bool:
        """Return whether the squared error is proven lower, and the guard not proven higher."""
        squared, guard = self.overall_squared, self.overall_guard
        return squared is not None and guard is not None and squared.upper < 0 and guard.lower <= 0

    @classmethod
    def none(cls, count: int) -> _Comparison:
        """Return a comparison of `count` criteria that was not made."""
        nothing = [None] * count
        return cls(None, None, None, None, nothing, nothing, nothing, [False] * count, [False] * count)


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
    # Kept in one piece: it only collects figures that other functions compute.
    pairs = table.pairs
    present = [c for c in range(len(table.scales)) if np.any(pairs.criterion[at] == c)]
    own = [at[pairs.criterion[at] == c] for c in present]
    scales = [table.scales[c] for c in present]
    reports = {side.name: _report_criteria(table, scales, own, getattr(sides, side.name)) for side in fields(sides)}
    measurable = compare and len(at) >= MIN_PAIRS_TO_COMPARE
    comparison = _compare(table, scales, own, sides, seed) if measurable else _Comparison.none(len(present))
    alphas = [_rater_agreement(table, at, c) for c in present]
    known = [alpha for alpha in alphas if alpha is not None]
    criteria = tuple(
        CriterionEvidence(
            scale.key, reports["raw"][k], reports["before"][k], reports["after"][k], reports["constant"][k],
            alphas[k], comparison.mae[k], comparison.spearman[k], comparison.improved[k], comparison.worsened[k],
            len(own[k]), comparison.squared[k],
        )
        for k, scale in enumerate(scales)
    )  # fmt: skip
    mean = {name: _mean_report(of_side, scales) for name, of_side in reports.items()}
    return Evidence(
        raw=mean["raw"],
        before=mean["before"],
        after=mean["after"],
        constant_baseline=mean["constant"],
        mae_change=comparison.overall_mae,
        spearman_change=comparison.overall_spearman,
        improved=comparison.proves_improvement,
        held_out_count=len(at),
        group_count=len(np.unique(pairs.group[at])),
        method=method,
        criteria=criteria,
        rater_agreement=float(np.mean(known)) if known else None,
        squared_error_change=comparison.overall_squared,
        guard_change=comparison.overall_guard,
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
    groups = [pairs.group[i] for i in own]
    ranges = np.array([span(scale) for scale in scales])

    def changes_of(loss: Callable[[Predictions, Scale, Ints, Floats], Floats], units: Floats) -> Changes:
        each = [(scale, i, pairs.target[i]) for scale, i in zip(scales, own, strict=True)]
        return mean_changes([loss(after, *one) - loss(before, *one) for one in each], groups, units, seed)

    errors = changes_of(_absolute_error, ranges)
    squared = changes_of(_squared_error, ranges**2)
    guard = changes_of(_guard_loss, ranges) if any(level_steps(scale) == 1 for scale in scales) else errors
    triples = [(before.ranking[i], after.ranking[i], pairs.target[i]) for i in own]
    overall_spearman, spearman = spearman_changes(triples, groups, seed)
    enough = [len(i) >= MIN_PAIRS_TO_COMPARE for i in own]
    return _Comparison(
        overall_mae=errors.overall,
        overall_squared=squared.overall,
        overall_guard=guard.overall,
        overall_spearman=overall_spearman,
        mae=_if_enough(errors.each, enough),
        squared=_if_enough(squared.each, enough),
        spearman=_if_enough(spearman, enough),
        improved=holm(np.where(enough, squared.below, 1.0)),
        worsened=holm(np.where(enough, squared.above, 1.0)),
    )


def _if_enough(intervals: Sequence[Interval | None], enough: Sequence[bool]) -> list[Interval | None]:
    """Return the intervals of the criteria that have enough pairs, None for the others."""
    return [interval if has else None for interval, has in zip(intervals, enough, strict=True)]


def _absolute_error(side: Predictions, _: Scale, at: Ints, target: Floats) -> Floats:
    """Return the distance of the point estimates from the targets of the pairs at `at`, in points."""
    return np.abs(side.point[at] - target)


def _squared_error(side: Predictions, _: Scale, at: Ints, target: Floats) -> Floats:
    """Return the squared errors of the expected scores of the pairs at `at`, in squared points.

    Squared error is smallest at the mean, absolute error at the median (Gneiting, Making and evaluating point
    forecasts, 2011). The target is a mean of people's scores: its noise adds the same to both sides of a comparison.
    """
    return np.asarray(((side.expected[:, at] - target) ** 2).mean(0))


def _guard_loss(side: Predictions, scale: Scale, at: Ints, target: Floats) -> Floats:
    """Return the distance of the points from the targets of the pairs at `at`; on two levels that of the verdicts."""
    return np.abs((side.verdict if level_steps(scale) == 1 else side.point)[at] - target)


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


def _report_agreement(scale: Scale, scores: Predictions, at: Ints, target: Floats) -> AgreementReport:
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
        float(np.sqrt(_squared_error(scores, scale, at, target).mean())),
    )


def _mean_report(reports: list[AgreementReport], scales: list[Scale]) -> AgreementReport:
    """Return the mean of the reports of several criteria, errors as shares of the range."""
    ranges = np.array([span(scale) for scale in scales])

    def mean(name: str, units: Floats | None = None) -> float | None:
        values = [(getattr(r, name), 1.0 if units is None else p) for r, p in zip(reports, ranges, strict=True)]
        known = [value / p for value, p in values if value is not None]
        return float(np.mean(known)) if known else None

    relative = [report.root_mean_squared_error / width for report, width in zip(reports, ranges, strict=True)]
    return AgreementReport(
        mean("mean_absolute_error", ranges) or 0.0,
        mean("spearman"),
        mean("quadratic_weighted_kappa"),
        mean("exact_agreement") or 0.0,
        mean("within_one_agreement") or 0.0,
        mean("bias", ranges) or 0.0,
        mean("calibration_error", ranges),
        root_mean_squared_error=float(np.sqrt(np.mean(np.square(relative)))) if reports else 0.0,
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
