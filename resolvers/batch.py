"""The outcome of a call with many items: what became of each, and what is wrong with those that were refused."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from models.errors import DomainError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[T]):
    """Results by index of the input, None for a refused item; ``new_count``: how many were not there before."""

    items: tuple[T | None, ...]
    new_count: int
    errors: tuple[DomainError, ...]
    judge_pk: int | None = None


def refused(error: DomainError, size: int = 0) -> BatchResult[T]:
    """The outcome of a call that was refused whole."""
    return BatchResult((None,) * size, 0, (error,))
