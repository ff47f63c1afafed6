"""Lease policy: how long a claim holds, and the times that follow from it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """Times of one claim, in seconds.

    ``tick_seconds`` is the shortest time between two writes of progress, and the longest until a cancellation is seen.
    """

    seconds: float = 10.0
    tick_seconds: float = 0.2

    @property
    def duration(self) -> timedelta:
        """Return the duration of the lease."""
        return timedelta(seconds=self.seconds)

    @property
    def renew_after_seconds(self) -> float:
        """Return the time since the last renewal after which a job without reports renews its lease."""
        return self.seconds / 5

    @property
    def kill_after_seconds(self) -> float:
        """Return the time since the last renewal began after which the process is killed, before the lease ends."""
        return self.seconds * 0.7
