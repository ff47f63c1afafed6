"""One page of a keyset-paged list."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from store.database.keyset import MAX_FIRST, Keyset, count_rows
from store.database.rows import Query
from store.database.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """Items with their opaque cursors, in order; ``count`` counts the whole list, only when asked."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool
    count: Callable[[], Awaitable[int]]


async def read_page(
    store: Store, keyset: Keyset[T], statement: Query, first: int, after: str | None, most: int = MAX_FIRST
) -> ListPage[T]:
    """A page of a filtered select, with ``most`` items at most.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    window = await store.read(lambda connection: keyset.fetch_page(connection, statement, first, after, most))

    async def total() -> int:
        return await store.read(lambda connection: count_rows(connection, statement))

    return ListPage(window.rows, window.cursors, window.has_next, window.has_previous, total)
