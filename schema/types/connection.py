"""Connections: pages of long lists with keyset cursors."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from resolvers.page import ListPage
from schema.decorators import field, object_type
from schema.info import unset_to_none

T = TypeVar("T")
R = TypeVar("R")

PAGE_SIZE = 20
EVENT_PAGE_SIZE = 100

First = Annotated[
    int | None,
    strawberry.argument(description="The maximum number of items on the page: 1 to 100."),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor after which the page starts: the `endCursor` of the previous page. Default: first page."
    ),
]


@object_type
class PageInfo:
    """The position of a page in its list."""

    has_next_page: bool = strawberry.field(description="True if there are items after this page.")
    has_previous_page: bool = strawberry.field(description="True if there are items before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item; null if the page is empty.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item. Pass it as `after` to get the next page. Null if the page is empty."
    )


@object_type
class Edge(Generic[T]):
    """An item of a page with its cursor."""

    cursor: str = strawberry.field(
        description=(
            "The item's position in the list. Pass it as `after` to continue behind the item. Opaque; it stays valid."
        )
    )
    node: T = strawberry.field(description="The item.")


@object_type
class Connection(Generic[T]):
    """One page of a list. New and deleted items never shift the pages after it."""

    edges: list[Edge[T]] = strawberry.field(description="The page's items with their cursors.")
    nodes: list[T] = strawberry.field(description="The page's items without cursors.")
    page_info: PageInfo = strawberry.field(description="The position of the page in the list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @field
    async def total_count(self) -> int:
        """The number of items in the whole list, over all pages. It is counted only if you query it."""
        return await self.count()


def page_arguments(first: int | None, after: str | None, default: int = PAGE_SIZE) -> tuple[int, str | None]:
    """Return the size and the start of a page.

    Args:
        first: The argument ``first``; null means the default.
        after: The argument ``after``; unset or null means the first page.
        default: The default size.
    """
    return page_size(first, default), unset_to_none(after)


def page_size(first: int | None, default: int = PAGE_SIZE) -> int:
    """Return the size of a page; null means the default."""
    return default if first is None else first


async def to_connection(page: Awaitable[ListPage[R]], to_node: Callable[[R], T]) -> Connection[T]:
    """Return the connection of a page of records, each turned into its GraphQL object."""
    records = await page
    nodes = [to_node(record) for record in records.items]
    cursors = records.cursors
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=records.has_next,
            has_previous_page=records.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        count=records.count,
    )
