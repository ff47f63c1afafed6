"""Pages of lists with keyset cursors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from resolvers.context import Context
from store.database.keyset import MAX_FIRST, Keyset, KeysetPage, count_rows
from store.database.rows import Columns, Query, add_columns, with_columns

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
    ctx: Context,
    keyset: Keyset[T],
    statement: Query,
    first: int,
    after: str | None,
    max_first: int = MAX_FIRST,
    columns: Columns = None,
) -> ListPage[T]:
    """Return a page of a filtered select.

    Args:
        ctx: The context of the operation.
        keyset: The order of the list and its cursors.
        statement: The filtered select.
        first: The requested number of items.
        after: The cursor after which the page starts; None for the first page.
        max_first: The largest number of items that may be requested.
        columns: The columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    selected = with_columns(statement, add_columns(columns, keyset.column))
    return await read_list(
        ctx,
        lambda connection: keyset.fetch_page(connection, selected, first, after, max_first),
        lambda connection: count_rows(connection, statement),
    )


async def read_list(
    ctx: Context, read: Callable[[Connection], KeysetPage[T]], count: Callable[[Connection], int]
) -> ListPage[T]:
    """Return a page of a list.

    Args:
        ctx: The context of the operation.
        read: Reads the page.
        count: Counts the whole list.
    """
    page = await ctx.read(read)

    async def count_all() -> int:
        return await ctx.read(count)

    return ListPage(page.rows, page.cursors, page.has_next, page.has_previous, count_all)
