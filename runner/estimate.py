"""How long a job will take, from what jobs on this machine took."""

from sqlalchemy import Connection

from models.job import TrainingJob
from store import jobs

_REMEMBERED = 30
# What an unmeasured machine is taken for: (usable items, seconds).
_PRIOR = ((50, 2.0), (1_000, 4.0), (10_000, 15.0), (100_000, 80.0))


def seconds_for(connection: Connection, usable: int) -> float:
    """Seconds from a job's start to its end, by a line through the latest jobs' sizes and times.

    The line is a least-squares fit of ``seconds = start + rate * items``, each job weighted by the inverse of its
    time so that large ones do not outweigh the small; a handful of prior points keeps it sensible before there are
    measurements.
    """
    points = [*_PRIOR, *(_measured(job) for job in jobs.recently_finished(connection, _REMEMBERED))]
    weights = [1 / seconds for _, seconds in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    together = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points, strict=True))
    rate = max(0.0, together / spread)
    start = max(0.5, mean_y - rate * mean_x)
    return start + rate * usable


def _measured(job: TrainingJob) -> tuple[int, float]:
    assert job.started_at is not None
    assert job.finished_at is not None
    return int(job.summary["usable"]), max(0.1, (job.finished_at - job.started_at).total_seconds())


def minutes(seconds: float) -> int:
    """Whole minutes, at least 1."""
    return max(1, -int(-seconds // 60))
