"""Totals of training jobs and notifications: a few rows each, kept equal to a count of all rows.

They serve the metrics and the estimate of the waiting time, whose cost must not grow with the number of jobs.
``store.counters.totals`` changes them, and ``judgesmith check-counters`` compares them with the rows.
"""

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, enum_column
from models.job import DeliveryStatus
from models.job_status import JobStatus


class JobTotal(Base):
    """Number of jobs in a state with a priority, and the sum of their usable items of feedback."""

    __tablename__ = "job_totals"

    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus), primary_key=True)
    priority: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    jobs: Mapped[int] = mapped_column(BigInt)
    usable: Mapped[int] = mapped_column(BigInt)


class DeliveryTotal(Base):
    """Number of deliveries in a state."""

    __tablename__ = "delivery_totals"

    status: Mapped[DeliveryStatus] = mapped_column(enum_column(DeliveryStatus), primary_key=True)
    deliveries: Mapped[int] = mapped_column(BigInt)
