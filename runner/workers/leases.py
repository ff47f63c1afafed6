"""How long a claim holds, and what follows from it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """Times in seconds."""

    seconds: float = 10.0
    tick: float = 0.2  # how often to write progress, at most, and to look for a cancellation

    @property
    def length(self) -> timedelta:
        """The lease itself."""
        return timedelta(seconds=self.seconds)

    @property
    def renew_after(self) -> float:
        """Renew a quiet job's lease this long after the last renewal."""
        return self.seconds / 5

    @property
    def kill_after(self) -> float:
        """Kill the process this long after the last renewal began, well before the lease ends."""
        return self.seconds * 0.7
