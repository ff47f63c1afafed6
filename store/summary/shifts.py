"""Shifts of criteria in points, from the fixed-point sums of the counters."""

from collections.abc import Mapping

from models.counters.tally import CriterionScales, ShiftSums
from models.feedback import CriterionShift


def to_criterion_shifts(scales: CriterionScales, shifts: Mapping[int, ShiftSums]) -> tuple[CriterionShift, ...]:
    """Return the mean shifts in points, in the order of the criteria."""
    found = []
    for ordinal, sums in sorted(shifts.items()):
        units, number = scales.units[ordinal], sums.compared
        mean = units.mean_points(sums.shift, number) if number else None
        mean_absolute = units.mean_points(sums.absolute, number) if number else None
        found.append(CriterionShift(ordinal, sums.corrections, mean, mean_absolute))
    return tuple(found)
