"""Detectable effect: the smallest change of the error that the feedback can prove, computed before training.

Errors within a group are correlated, so a hundred labels of one group carry less information than labels of a hundred
groups. With m labels per group and the intraclass correlation rho of the judge's absolute errors, the variance of their
mean is that of independent labels times 1 + (m - 1) rho (the design effect: Kish, Survey Sampling, 1965, section 5.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from models.feedback import GroupSpread

MIN_GROUPS = 3
"""With two groups, Student's t with one degree of freedom would require changes larger than the scale's range."""


@dataclass(frozen=True, slots=True)
class IntraGroupCorrelation:
    """Intraclass correlation (0 to 1) of the errors within groups, and the unevenness of the groups' sizes.

    ``unevenness`` is the number of labels per group in the design effect, as a multiple (1 or more) of their mean.
    """

    coefficient: float = 0.0
    unevenness: float = 1.0

    @classmethod
    def estimate(cls, groups: Sequence[Sequence[float]]) -> "IntraGroupCorrelation":
        """Estimate from errors by group, by the analysis of variance for groups of any size (Donner 1986)."""
        total, count = sum(map(len, groups)), len(groups)
        if count < 2 or total == count:
            return cls()
        squares = sum(len(group) ** 2 for group in groups) / total
        overall = fsum(map(fsum, groups)) / total
        means = [fsum(group) / len(group) for group in groups]
        between = fsum(len(g) * (m - overall) ** 2 for g, m in zip(groups, means, strict=True)) / (count - 1)
        within = fsum((x - m) ** 2 for g, m in zip(groups, means, strict=True) for x in g) / (total - count)
        size = (total - squares) / (count - 1)
        whole = between + (size - 1) * within
        correlation = (between - within) / whole if whole > 0 else 0.0
        return cls(min(1.0, max(0.0, correlation)), squares * count / total)


def count_measured_groups(spread: GroupSpread, share: float) -> int:
    """Return the number of groups on which the evidence is measured: ``share`` (0 to 1) of all, at least one."""
    return max(1, round(share * spread.groups))


def detectable_change(
    spread: GroupSpread | None, correlation: IntraGroupCorrelation, share: float = 1.0
) -> float | None:
    """Return the smallest change of the mean absolute error that could be proven, as a share (0 to 1) of the range.

    It is proven with a power of 80% by a two-sided test at 5%, if the changes vary as much as the judge's errors do.
    Mostly they vary less, and a smaller change can be proven.

    Args:
        spread: variance and number of the judge's errors; None below two errors.
        correlation: intraclass correlation of the errors.
        share: share (0 to 1) of the groups on which the evidence is measured.

    Returns:
        None if there are too few groups.

    Source: Cohen, Statistical Power Analysis (1988), section 2.4, with quantiles of Student's t.
    """
    groups = 0 if spread is None else count_measured_groups(spread, share)
    if spread is None or groups < MIN_GROUPS:
        return None
    size = max(1.0, correlation.unevenness * spread.count / spread.groups)
    variance = spread.variance * (1.0 + (size - 1.0) * correlation.coefficient) / (share * spread.count)
    return min(1.0, _standard_errors(groups - 1) * sqrt(variance))


def _standard_errors(free: int) -> float:
    """Return t(97.5%) + t(80%) by their expansion in 1 / degrees of freedom (Abramowitz & Stegun 1964, 26.7.5)."""
    return 2.802 + 2.733 / free + 2.966 / free**2
