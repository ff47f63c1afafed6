"""Pages of lists with keyset cursors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from store.database.keyset import MAX_FIRST, Keyset, count_rows
from store.database.rows import Query
from store.database.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """Items in order with their opaque cursors. ``count`` counts the whole list when it is called."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool
    count: Callable[[], Awaitable[int]]


async def read_page(
    store: Store, keyset: Keyset[T], statement: Query, first: int, after: str | None, max_first: int = MAX_FIRST
) -> ListPage[T]:
    """Return a page of a filtered select.

    Args:
        store: The store to read from.
        keyset: The order of the list and its cursors.
        statement: The filtered select.
        first: The requested number of items.
        after: The cursor after which the page starts; None for the first page.
        max_first: The largest number of items that may be requested.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    window = await store.read(lambda connection: keyset.fetch_page(connection, statement, first, after, max_first))

    async def count() -> int:
        return await store.read(lambda connection: count_rows(connection, statement))

    return ListPage(window.rows, window.cursors, window.has_next, window.has_previous, count)
