"""Queries for health checks and metrics; none of them names a workspace."""

from sqlalchemy import Connection, func, select

from models.access import Workspace
from models.job import Delivery, DeliveryStatus, TrainingJob
from models.job_status import JobStatus


def check_readable(connection: Connection) -> None:
    """Read one row, which fails if the database cannot be reached."""
    connection.execute(select(Workspace.id).limit(1)).first()


def count_jobs(connection: Connection) -> dict[JobStatus, int]:
    """Return the number of training jobs by status; a status without jobs is absent."""
    counts = connection.execute(select(TrainingJob.status, func.count()).group_by(TrainingJob.status))
    return dict(counts.tuples().all())


def count_deliveries(connection: Connection) -> dict[DeliveryStatus, int]:
    """Return the number of deliveries by status; a status without deliveries is absent."""
    counts = connection.execute(select(Delivery.status, func.count()).group_by(Delivery.status))
    return dict(counts.tuples().all())
