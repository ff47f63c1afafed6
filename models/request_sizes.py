"""Limits of one call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestSizes:
    """Largest numbers of items on one page of a list, and in one batch."""

    page: int = 100
    batch: int = 500
