"""Pages of long lists: connections with keyset cursors."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from resolvers.page import ListPage
from schema.decorators import field, object_type

T = TypeVar("T")
R = TypeVar("R")

PAGE_SIZE = 20
EVENT_PAGE_SIZE = 100

First = Annotated[
    int | None,
    strawberry.argument(description="How many items the page holds at most: 1 to 100."),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Go on after this cursor: the `endCursor` of the page before. Left out: start with the first page."
    ),
]


@object_type
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(description="Whether items follow after this page.")
    has_previous_page: bool = strawberry.field(description="Whether items come before this page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item; null when the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item: pass it as `after` to get the next page. Null when the page is empty."
    )


@object_type
class Edge(Generic[T]):
    """An item of a page together with its cursor."""

    cursor: str = strawberry.field(
        description="Marks the item's place in the list: pass it as `after` to go on behind it. Opaque; it stays valid."
    )
    node: T = strawberry.field(description="The item itself.")


@object_type
class Connection(Generic[T]):
    """One page of a list. Items that appear or vanish meanwhile never shift the pages after it."""

    edges: list[Edge[T]] = strawberry.field(description="The page's items, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The same items without their cursors.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and the cursor to go on with.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @field
    async def total_count(self) -> int:
        """How many items the whole list holds, over all pages. Counted only when you ask for it."""
        return await self.count()


def connection(page: ListPage[R], item: Callable[[R], T]) -> Connection[T]:
    """A page of records as a connection of what ``item`` makes of each."""
    nodes = [item(record) for record in page.items]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        count=page.count,
    )


def size(first: int | None, default: int = PAGE_SIZE) -> int:
    """How many items to fetch; null means the same as leaving ``first`` out."""
    return default if first is None else first
