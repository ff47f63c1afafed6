"""Estimate of a job's duration from the durations of earlier jobs."""

from dataclasses import dataclass

from sqlalchemy import Connection

from store import jobs

_MAX_MEASURED_JOBS = 30
"""Latest jobs that the estimate uses."""
_PRIOR_POINTS = ((50, 2.0), (1_000, 4.0), (10_000, 15.0), (100_000, 80.0))
"""Assumed durations before there are measurements: (usable items of feedback, seconds)."""


@dataclass(frozen=True, slots=True)
class ThroughputModel:
    """Linear model of a job's duration: ``start`` seconds, and ``rate`` seconds for each usable item of feedback."""

    start: float
    rate: float

    def estimate_seconds(self, usable: int) -> float:
        """Return the estimated seconds from a job's start to its end."""
        return self.start + self.rate * usable

    def estimate_total_seconds(self, number_of_jobs: int, usable: int) -> float:
        """Return the sum of the estimates of some jobs, given the sum of their usable items of feedback."""
        return self.start * number_of_jobs + self.rate * usable


def fit_throughput(connection: Connection) -> ThroughputModel:
    """Fit the model to the sizes and durations of the latest jobs.

    It is a weighted least-squares fit of ``seconds = start + rate * items``. Each job is weighted by the inverse of its
    duration, so that large jobs do not outweigh small ones. The prior points make the model usable before there are
    measurements; their weight falls with the number of measurements.
    """
    runs = jobs.list_recent_runs(connection, _MAX_MEASURED_JOBS)
    measured = [(usable, max(0.1, seconds)) for usable, seconds in runs]
    points = [*_PRIOR_POINTS, *measured]
    point_weights = [1 / (1 + len(measured))] * len(_PRIOR_POINTS) + [1.0] * len(measured)
    weights = [w / seconds for w, (_, seconds) in zip(point_weights, points, strict=True)]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / total
    variance = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    covariance = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points, strict=True))
    rate = max(0.0, covariance / variance)
    return ThroughputModel(max(0.5, mean_y - rate * mean_x), rate)


def round_up_to_minutes(seconds: float) -> int:
    """Return whole minutes, rounded up, at least 1."""
    return max(1, -int(-seconds // 60))
