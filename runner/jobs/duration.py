"""How long a job will take, from what jobs on this machine took."""

from dataclasses import dataclass

from sqlalchemy import Connection

from models.job import TrainingJob
from store import jobs

_MAX_MEASURED_JOBS = 30
# What an unmeasured machine is taken for: (usable items, seconds).
_PRIOR_POINTS = ((50, 2.0), (1_000, 4.0), (10_000, 15.0), (100_000, 80.0))


@dataclass(frozen=True, slots=True)
class ThroughputModel:
    """What a job takes on this machine: a start, and a time for each usable item."""

    start: float
    rate: float

    def seconds(self, usable: int) -> float:
        """Seconds from a job's start to its end."""
        return self.start + self.rate * usable


def fit_throughput(connection: Connection) -> ThroughputModel:
    """A line through the latest jobs' sizes and times.

    It is a least-squares fit of ``seconds = start + rate * items``, each job weighted by the inverse of its time so
    that large ones do not outweigh the small. A handful of prior points keeps it sensible before there are
    measurements, and counts for less the more there are.
    """
    measured = [_measure_job(job) for job in jobs.list_recently_completed(connection, _MAX_MEASURED_JOBS)]
    points = [*_PRIOR_POINTS, *measured]
    doubt = [1 / (1 + len(measured))] * len(_PRIOR_POINTS) + [1.0] * len(measured)
    weights = [w / seconds for w, (_, seconds) in zip(doubt, points, strict=True)]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    together = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points, strict=True))
    rate = max(0.0, together / spread)
    return ThroughputModel(max(0.5, mean_y - rate * mean_x), rate)


def _measure_job(job: TrainingJob) -> tuple[int, float]:
    assert job.started_at is not None
    assert job.finished_at is not None
    return job.summary.value.usable, max(0.1, (job.finished_at - job.started_at).total_seconds())


def round_up_to_minutes(seconds: float) -> int:
    """Whole minutes, at least 1."""
    return max(1, -int(-seconds // 60))
