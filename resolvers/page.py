"""Pages of lists with keyset cursors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from store.database.keyset import MAX_FIRST, Keyset, KeysetPage, count_rows
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
    return await read_list(
        store,
        lambda connection: keyset.fetch_page(connection, statement, first, after, max_first),
        lambda connection: count_rows(connection, statement),
    )


async def read_list(
    store: Store, read: Callable[[Connection], KeysetPage[T]], count: Callable[[Connection], int]
) -> ListPage[T]:
    """Return a page of a list.

    Args:
        store: The store to read from.
        read: Reads the page.
        count: Counts the whole list.
    """
    page = await store.read(read)

    async def count_all() -> int:
        return await store.read(count)

    return ListPage(page.rows, page.cursors, page.has_next, page.has_previous, count_all)
