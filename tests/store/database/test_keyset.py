"""Keyset pages: complete, in order and stable while the list grows; foreign cursors are rejected."""

import base64
import itertools
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.base import new_id
from models.errors import Invalid
from models.specs.judges import CriterionSpec, JudgeSpec
from store import feedback, judges
from store.database.keyset import Keyset, KeysetPage, count_rows, decode_cursor, encode_cursor, parse_key_number
from store.database.rows import Query
from store.database.store import Store
from store.event_log import events
from tests.factories import (
    World,
    add_evaluations,
    make_version,
    make_viewer,
    make_world,
    new_feedback,
    submit,
)

LISTS: dict[str, tuple[Keyset, Query]] = {
    "judges": (judges.JUDGES, judges.in_workspace("wsp_none")),
    "versions": (judges.VERSIONS, judges.versions_for_judge(1)),
    "feedback": (feedback.FEEDBACK, feedback.for_evaluation("wsp_none", "evl_none")),
    "events": (events.EVENTS, events.for_job("job_none")),
}


async def page(store: Store, keyset: Keyset, statement: Query, first: int = 3, after: str | None = None) -> KeysetPage:
    return await store.read(lambda c: keyset.fetch_page(c, statement, first, after))


async def all_pages(store: Store, keyset: Keyset, statement: Query, first: int) -> list[KeysetPage]:
    """Return every page, following the cursors.

    Args:
        store: the store.
        keyset: the list's keyset.
        statement: the select of the list.
        first: the size of the pages.
    """
    pages = [await page(store, keyset, statement, first)]
    while pages[-1].has_next:
        pages.append(await page(store, keyset, statement, first, pages[-1].cursors[-1]))
    return pages


async def make_ten(world: World, kind: str) -> tuple[Keyset, Query, list[object]]:
    """Create a list of ten, and return it with the ids that it should have in order."""
    store, workspace_id = world.store, world.viewer.workspace_id
    if kind == "judges":
        spec = JudgeSpec("J", (CriterionSpec("A"),)).validated()
        made = [world.judge.id] + [
            (await store.write(lambda c: judges.create_judge(c, workspace_id, world.viewer.user_id, spec))).id
            for _ in range(9)
        ]
        return judges.JUDGES, judges.in_workspace(workspace_id), made
    if kind == "versions":
        versions = [(await make_version(world)).id for _ in range(10)]
        return judges.VERSIONS, judges.versions_for_judge(world.judge.pk), versions[::-1]
    [evaluation] = await add_evaluations(world, 1)
    kept, _ = await submit(world, *(new_feedback(evaluation) for _ in range(10)))
    return feedback.FEEDBACK, feedback.for_evaluation(workspace_id, evaluation.id), [row.id for row in kept]


@pytest.mark.parametrize("kind", ["judges", "versions", "feedback"])
async def test_pages_together_are_the_whole_list_in_order(store: Store, kind: str) -> None:
    keyset, statement, expected = await make_ten(await make_world(store), kind)
    assert await store.read(lambda c: count_rows(c, statement)) == 10
    for first in (1, 3, 5, 10, 100):
        pages = await all_pages(store, keyset, statement, first)

        assert expected == [row.id for window in pages for row in window.rows]
        assert [len(window.rows) for window in pages[:-1]] == [first] * (len(pages) - 1)
        assert [window.has_previous for window in pages] == [False] + [True] * (len(pages) - 1)


async def test_added_items_shift_no_page(store: Store) -> None:
    world = await make_world(store)
    keyset, statement, expected = await make_ten(world, "versions")
    first = await page(store, keyset, statement, 4)
    await make_version(world)
    second = await page(store, keyset, statement, 6, first.cursors[-1])

    assert expected == [row.id for row in (*first.rows, *second.rows)]
    assert not second.has_next


async def make_judges(world: World, number: int) -> list[str]:
    """Create judges, and return their ids."""
    spec = JudgeSpec("J", (CriterionSpec("A"),)).validated()
    viewer = world.viewer
    made = [
        await world.store.write(lambda c: judges.create_judge(c, viewer.workspace_id, viewer.user_id, spec))
        for _ in range(number)
    ]
    return [judge.id for judge in made]


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, 6),
    steps=st.lists(st.tuples(st.integers(1, 7), st.integers(0, 3)), min_size=1, max_size=6),
    oldest_first=st.booleans(),
)
async def test_pages_of_any_size_cover_each_item_once_while_the_list_grows(
    store: Store, start: int, steps: list[tuple[int, int]], oldest_first: bool
) -> None:
    world = await make_world(store, workspace=new_id("walk"))
    keyset, statement = judges.JUDGES, judges.in_workspace(world.viewer.workspace_id)
    if not oldest_first:
        keyset = replace(keyset, kind="judge backwards", descending=True)
    existing = [world.judge.id, *await make_judges(world, start)]
    seen: list[str] = []
    window: KeysetPage | None = None
    for first, more in itertools.cycle(steps):
        window = await page(store, keyset, statement, first, window.cursors[-1] if window else None)
        seen += [row.id for row in window.rows]
        if not window.has_next:
            break
        if len(existing) < 20:
            existing += await make_judges(
                world, more
            )  # new judges come after an oldest-first walk and before the other
    if oldest_first:
        assert seen == existing
    else:
        assert seen == existing[: start + 1][::-1]


async def test_page_after_the_last_item_is_empty(store: Store) -> None:
    keyset, statement, _ = await make_ten(await make_world(store), "judges")
    whole = await page(store, keyset, statement, 100)
    beyond = await page(store, keyset, statement, 100, whole.cursors[-1])

    assert (beyond.rows, beyond.cursors, beyond.has_next) == ((), (), False)


async def test_pages_exclude_other_workspaces(store: Store) -> None:
    here = await make_world(store, workspace="here")
    await make_world(store, workspace="existing")
    window = await page(store, judges.JUDGES, judges.in_workspace(here.viewer.workspace_id))

    assert [judge.id for judge in window.rows] == [here.judge.id]


@pytest.mark.parametrize("first", [0, -1, 101, 2**40])
async def test_page_size_is_limited_to_one_hundred(store: Store, first: int) -> None:
    with pytest.raises(Invalid) as rejected:
        await page(store, judges.JUDGES, judges.in_workspace("w"), first)

    assert rejected.value.field == ("first",)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "===",
        "ünïcode",
        "\ud800",
        "\x00",
        "a" * 100_000,
        encode_cursor("job", "job_1"),
        encode_cursor("judge", ""),
        encode_cursor("judge", "x"),
        encode_cursor("judge", "-1"),
        encode_cursor("judge", 2**63),
        encode_cursor("judge", "9" * 5_000),
        encode_cursor("judge", "1\x00"),
        base64.b64encode(b"\xff\xfe").decode(),
    ],
    ids=lambda cursor: ascii(cursor)[:30],
)
async def test_foreign_cursor_is_rejected(store: Store, cursor: str) -> None:
    viewer, _ = await make_viewer(store)
    with pytest.raises(Invalid) as rejected:
        await page(store, judges.JUDGES, judges.in_workspace(viewer.workspace_id), after=cursor)

    assert rejected.value.field == ("after",)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cursor=st.text(max_size=40)
    | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    | st.tuples(st.sampled_from(["judge", "job", "event", ""]), st.text(max_size=20) | st.integers()).map(
        lambda made: encode_cursor(*made)
    ),
    kind=st.sampled_from(["judges", "versions", "feedback", "events"]),
)
async def test_hostile_cursor_is_rejected_or_begins_a_page(store: Store, cursor: str, kind: str) -> None:
    keyset, statement = LISTS[kind]
    rows: tuple[object, ...] = ()
    field: tuple[str, ...] = ("after",)
    try:
        rows = (await page(store, keyset, statement, 5, cursor)).rows
    except Invalid as rejected:
        field = rejected.field
    assert (rows, field) == ((), ("after",))


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_rejected(text: str) -> None:
    try:
        key = decode_cursor("job", text)
    except Invalid:
        return
    assert encode_cursor("job", key).rstrip("=") == text.rstrip("=")


@given(st.integers(0, 2**63 - 1))
def test_cursor_encodes_its_key_without_characters_to_escape(number: int) -> None:
    cursor = encode_cursor("event", number)

    assert parse_key_number(decode_cursor("event", cursor)) == number
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=60) | st.text(max_size=20).map(lambda key: encode_cursor("event", key)))
def test_any_text_is_an_event_cursor_or_rejected(text: str) -> None:
    with suppress(Invalid):
        assert 0 <= events.decode_event_cursor(text) < 2**63


@pytest.mark.parametrize("cursor", ["", "x", encode_cursor("job", 1), encode_cursor("event", "x")])
def test_invalid_event_cursor_is_rejected(cursor: str) -> None:
    with pytest.raises(Invalid) as rejected:
        events.decode_event_cursor(cursor)

    assert rejected.value.field == ("after",)
