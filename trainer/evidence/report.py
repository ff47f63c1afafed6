"""The proof a task leaves: agreement with people on held-out labels, compared on the same items, with intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.agreement import krippendorff_alpha
from trainer.arrays import Floats, Ints
from trainer.data import Scale
from trainer.evidence import metrics
from trainer.evidence.bootstrap import Interval, holm, mae_changes, spearman_changes
from trainer.model.label_table import Table
from trainer.scales import span

MOST_UNITS = 5000
"""Pairs scored by several people from which their agreement is measured, at most."""


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Agreement of scores with people's; errors in points of the scale, or as shares of the range in a mean."""

    mean_absolute_error: float
    spearman: float | None
    quadratic_weighted_kappa: float | None
    exact_agreement: float
    within_one_agreement: float
    bias: float
    calibration_error: float | None
    calibration: tuple[metrics.CalibrationPoint, ...] = ()  # of a single criterion, as the next
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

    `rater_agreement`: Krippendorff's ordinal alpha of people among themselves, the ceiling; None where nobody's items
    were scored by others too.
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
    """Means over criteria (MAE, bias and calibration error as shares of the range), and each criterion's own.

    `unseen_sources`: how the recipe does on writers it has not learned from, where sources are known.
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

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Scores of P pairs: the point estimate for errors, the verdict for agreement, and any number that ranks them.

    Out of fold, `ranking` is the place of a pair's mean among the means its own fold's model gives to all pairs of
    the criterion: models of different folds differ in level, and mixing their means would blur every ranking.
    """

    ranking: Floats
    point: Floats
    verdict: Floats


def _report(scale: Scale, scores: Predictions, at: np.ndarray, target: Floats) -> AgreementReport:
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


def _mean(reports: list[AgreementReport], scales: list[Scale]) -> AgreementReport:
    ranges = np.array([span(scale) for scale in scales])

    def over(name: str, per: Floats | None = None) -> float | None:
        values = [(getattr(r, name), 1.0 if per is None else p) for r, p in zip(reports, ranges, strict=True)]
        known = [value / p for value, p in values if value is not None]
        return float(np.mean(known)) if known else None

    return AgreementReport(
        over("mean_absolute_error", ranges) or 0.0,
        over("spearman"),
        over("quadratic_weighted_kappa"),
        over("exact_agreement") or 0.0,
        over("within_one_agreement") or 0.0,
        over("bias", ranges) or 0.0,
        over("calibration_error", ranges),
    )


def _rater_agreement(table: Table, at: Ints, c: int) -> float | None:
    """Krippendorff's alpha of the scores that people gave to the pairs at `at` of criterion c."""
    wanted = np.zeros(len(table.pairs), np.bool_)
    wanted[at] = table.pairs.criterion[at] == c
    rows = np.flatnonzero(wanted[table.pair] & ~table.confirmed)
    rows = rows[np.argsort(table.pair[rows], kind="stable")]
    units = np.split(table.score[rows], np.flatnonzero(np.diff(table.pair[rows])) + 1)
    alpha = krippendorff_alpha([unit.tolist() for unit in units if len(unit) > 1][:MOST_UNITS])
    return None if alpha is None else float(alpha)


def gather(table: Table, at: Ints, sides: dict[str, Predictions], *, compare: bool, method: str, seed: int) -> Evidence:
    """Evidence on the pairs at `at`; `sides` are raw, before, after and constant. `compare`: after against before."""
    scales, pairs = table.scales, table.pairs
    present = [c for c in range(len(scales)) if np.any(pairs.criterion[at] == c)]
    own = [at[pairs.criterion[at] == c] for c in present]
    used = [scales[c] for c in present]
    reports = {
        name: [_report(scale, side, i, pairs.target[i]) for scale, i in zip(used, own, strict=True)]
        for name, side in sides.items()
    }
    mae: list[Interval | None] = [None] * len(present)
    ranking: list[Interval | None] = [None] * len(present)
    overall_mae: Interval | None = None
    overall_ranking: Interval | None = None
    improved = worsened = [False] * len(present)
    if compare and present:
        before, after = sides["before"], sides["after"]
        changes = [np.abs(after.point[i] - pairs.target[i]) - np.abs(before.point[i] - pairs.target[i]) for i in own]
        groups = [pairs.group[i] for i in own]
        ranges = np.array([span(scale) for scale in used])
        errors = mae_changes(changes, groups, ranges, seed)
        overall_mae, mae = errors.overall, list(errors.each)
        improved, worsened = holm(errors.below), holm(errors.above)
        triples = [(before.ranking[i], after.ranking[i], pairs.target[i]) for i in own]
        overall_ranking, ranking = spearman_changes(triples, groups, seed)
    alphas = [_rater_agreement(table, at, c) for c in present]
    known = [alpha for alpha in alphas if alpha is not None]
    criteria = tuple(
        CriterionEvidence(
            scale.key, reports["raw"][k], reports["before"][k], reports["after"][k], reports["constant"][k],
            alphas[k], mae[k], ranking[k], improved[k], worsened[k], len(own[k]),
        )
        for k, scale in enumerate(used)
    )  # fmt: skip
    return Evidence(
        _mean(reports["raw"], used),
        _mean(reports["before"], used),
        _mean(reports["after"], used),
        _mean(reports["constant"], used),
        overall_mae,
        overall_ranking,
        overall_mae is not None and overall_mae.upper < 0,
        len(at),
        len(np.unique(pairs.group[at])),
        method,
        criteria,
        float(np.mean(known)) if known else None,
    )
