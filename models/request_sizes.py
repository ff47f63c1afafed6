"""How much one call may ask for or bring."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestSizes:
    """Items on one page of a list, and items of one batch, at most."""

    page: int = 100
    batch: int = 500
