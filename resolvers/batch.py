"""Results of calls with many items, each of which is accepted or rejected on its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.errors import DomainError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[T]):
    """Records by index of the input, None for a rejected item. ``new_count`` counts those that did not exist before."""

    items: tuple[T | None, ...]
    new_count: int
    errors: tuple[DomainError, ...]
    judge_pk: int | None = None


def split_rows(
    indices: Iterable[int], rows: Sequence[T | DomainError], field: str, errors: list[DomainError]
) -> dict[int, T]:
    """Return the records by index and add the errors of rejected items to ``errors``.

    Args:
        indices: The index of each row in the input.
        rows: The records, or the reasons for which they were rejected.
        field: The name of the list in the input, with which the paths of the errors begin.
        errors: The list to add errors to.
    """
    records: dict[int, T] = {}
    for index, row in zip(indices, rows, strict=True):
        if isinstance(row, DomainError):
            errors.append(row.within(field, str(index)))
        else:
            records[index] = row
    return records
