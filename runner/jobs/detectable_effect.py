"""The smallest change of the error that feedback could prove, told before anything is trained.

Labels of one group err alike, so a hundred labels of one group tell less than a hundred groups would. How alike is
the intraclass correlation rho of the judge's absolute errors: the variance of their mean is then that of independent
labels times 1 + (m - 1) rho, m labels a group (the design effect: Kish, Survey Sampling, 1965, section 5.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from models.feedback import GroupSpread

MIN_GROUPS = 3
"""With two groups, Student's t with one degree of freedom asks for changes that no judge leaves room for."""


@dataclass(frozen=True, slots=True)
class IntraGroupCorrelation:
    """How alike the errors of a group are: their intraclass correlation (0 to 1), and how uneven groups are.

    ``unevenness``: labels a group as the design effect counts them, as a multiple (1 or more) of the mean number.
    """

    correlation: float = 0.0
    unevenness: float = 1.0

    @classmethod
    def of(cls, groups: Sequence[Sequence[float]]) -> "IntraGroupCorrelation":
        """Of the errors by group: the analysis of variance's estimate for groups of any size (Donner 1986)."""
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
    """On how many groups a proof is measured, with such a share (0 to 1) of them held out for it: at least one."""
    return max(1, round(share * spread.groups))


def detectable_change(spread: GroupSpread | None, likeness: IntraGroupCorrelation, share: float = 1.0) -> float | None:
    """The smallest change of the mean absolute error, as a share (0 to 1) of the range, that could be proven.

    Proven with a power of 80 % by a two-sided test at 5 %, if the changes vary as much as the judge's errors do;
    mostly they vary less, and less can be proven. ``share`` (0 to 1) of the groups is what the proof is measured on.
    None where there is too little to tell from.

    Source: Cohen, Statistical Power Analysis (1988), section 2.4, with quantiles of Student's t.
    """
    groups = 0 if spread is None else count_measured_groups(spread, share)
    if spread is None or groups < MIN_GROUPS:
        return None
    size = max(1.0, likeness.unevenness * spread.count / spread.groups)
    variance = spread.variance * (1.0 + (size - 1.0) * likeness.correlation) / (share * spread.count)
    return min(1.0, _standard_errors(groups - 1) * sqrt(variance))


def _standard_errors(free: int) -> float:
    """t(97.5 %) + t(80 %), by their expansion in 1 / degrees of freedom (Abramowitz & Stegun 1964, 26.7.5)."""
    return 2.802 + 2.733 / free + 2.966 / free**2
