"""Lists of evaluations and feedback: filters, pages, search, and the indexes that they scan."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql, sqlite

from models.errors import Invalid
from models.evaluation import Scores
from models.feedback import Feedback, FeedbackType
from models.specs.evaluations import EvaluationSpec
from models.specs.listings import EvaluationFilter, FeedbackFilter
from store import listings
from store.database.postgres import PostgresStore
from store.database.snapshot import snapshot
from store.database.store import Store
from store.evaluations import NewEvaluation
from tests.factories import World, add_evaluations, make_world, new_feedback, record, retract, submit

START = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = ("clear", "Vague", "déjà", "naïve", "off-topic", "42", "日本語")


async def read_all(world: World, read: Any, wanted: Any, first: int) -> list[int]:
    """Return the ``seq`` of a whole list, read page by page.

    Args:
        world: the judge and its store.
        read: the function that reads a page.
        wanted: the filter.
        first: the size of the pages.
    """
    found: list[int] = []
    after = None
    while True:
        window = await world.store.read(lambda c, after=after: read(c, world.judge.pk, wanted, first, after))
        found += [row.seq for row in window.rows]
        if not window.has_next:
            return found
        assert len(window.rows) == first
        after = window.cursors[-1]


async def submit_random(world: World, rng: random.Random, number: int) -> list[Feedback]:
    """Submit random feedback of all types with comments, some at the same moment, and retract some of it.

    Args:
        world: the judge and its store.
        rng: the source of randomness.
        number: how many items to submit.
    """
    evaluated = await add_evaluations(world, number // 4)
    items = []
    for _ in range(number):
        scores: Scores = [rng.choice([None, 3.0]), rng.choice([None, 4.0])]
        what: dict[str, Any] = rng.choice([{"scores": scores}, {"rating": rng.randint(1, 5)}, {"approved": True}, {}])
        if what.get("scores") == [None, None]:
            what = {"rating": 3}
        at = START + timedelta(hours=rng.randint(0, number // 3))
        comment = " ".join(rng.sample(WORDS, 3))
        by = rng.choice(["ann", "ben", "cy"])
        items.append(new_feedback(rng.choice(evaluated), **what, by=by, submitted_at=at, comment=comment))
    kept, _ = await submit(world, *items)
    rows = [row for row in kept if not isinstance(row, Exception)]
    return [await retract(world, row.id) if rng.random() < 0.1 else row for row in rows]


def matches(row: Feedback, wanted: FeedbackFilter) -> bool:
    scores = row.scores or []
    return (
        (wanted.with_retracted or row.retracted_at is None)
        and (wanted.since is None or row.submitted_at >= wanted.since)
        and (wanted.until is None or row.submitted_at < wanted.until)
        and (wanted.types is None or row.type in wanted.types)
        and (wanted.rater is None or row.submitted_by == wanted.rater)
        and (wanted.criterion is None or (len(scores) > wanted.criterion and scores[wanted.criterion] is not None))
        and (wanted.search is None or wanted.search.lower() in (row.comment or "").lower().split())
    )


async def test_pages_of_feedback_match_the_filter_newest_first(store: Store) -> None:
    rng = random.Random(1)
    world = await make_world(store)
    rows = await submit_random(world, rng, 160)
    await submit_random(await make_world(store), rng, 20)
    parts: list[Callable[[], dict[str, Any]]] = [
        lambda: {"since": START + timedelta(hours=rng.randint(0, 50))},
        lambda: {"until": START + timedelta(hours=rng.randint(0, 50))},
        lambda: {"types": tuple(rng.sample(list(FeedbackType), rng.randint(0, 3)))},
        lambda: {"criterion": rng.randint(0, 1)},
        lambda: {"rater": rng.choice(["ann", "ben", "nobody"])},
        lambda: {"with_retracted": True},
        lambda: {"search": rng.choice(["clear", "VAGUE", "42"])},
    ]
    chosen = [FeedbackFilter(), *(FeedbackFilter(**part()) for part in parts)]
    chosen += [FeedbackFilter(**{k: v for part in rng.sample(parts, 3) for k, v in part().items()}) for _ in range(12)]
    for wanted in chosen:
        expected = [row for row in rows if matches(row, wanted)]
        order = sorted(expected, key=lambda r: r.seq if wanted.search else (r.submitted_at, r.seq), reverse=True)
        assert await read_all(world, listings.list_feedback, wanted, 7) == [row.seq for row in order], wanted
        assert await store.read(lambda c, w=wanted: listings.count_feedback(c, world.judge.pk, w)) == len(expected)


async def test_pages_of_evaluations_match_the_filter_newest_first(store: Store) -> None:
    world = await make_world(store)
    rows = await add_evaluations(world, 30)
    later = await add_evaluations(world, 30, start=30)
    kept, _ = await submit(world, *(new_feedback(rows[n], rating=5) for n in range(0, 30, 3)))
    assert not isinstance(kept[0], Exception)
    await retract(world, kept[0].id)
    everything = [row.seq for row in (*rows, *later)]
    reviewed = {rows[n].seq for n in range(3, 30, 3)}
    moment = later[0].created_at

    async def listed(**what: Any) -> list[int]:
        return await read_all(world, listings.list_evaluations, EvaluationFilter(**what), 8)

    assert await listed() == everything[::-1]
    assert await listed(has_feedback=True) == sorted(reviewed, reverse=True)
    assert await listed(has_feedback=False) == [seq for seq in everything[::-1] if seq not in reviewed]
    assert await listed(since=moment) == [row.seq for row in later[::-1]]
    assert await listed(until=moment, has_feedback=True) == sorted(reviewed, reverse=True)
    assert await listed(search="output 7") == [rows[7].seq]
    assert await listed(search="WORD", until=moment) == [r.seq for r in rows[::-1] if "word" in r.output]
    assert await listed(search="word", has_feedback=True) == [r for r in sorted(reviewed, reverse=True) if (r - 1) % 17]


@pytest.mark.parametrize("branches", [listings.MAX_BRANCHES, 1])
async def test_evaluations_match_a_filter_if_one_item_of_feedback_meets_all_of_it(
    store: Store, branches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "MAX_BRANCHES", branches)
    rng = random.Random(5)
    world = await make_world(store)
    submitted = await submit_random(world, rng, 120)
    rows = {row.id: row for row in await add_evaluations(world, 30)}  # repeats, which return the existing rows
    later = await add_evaluations(world, 5, start=30)
    await submit_random(await make_world(store), rng, 20)
    parts: list[Callable[[], dict[str, Any]]] = [
        lambda: {"types": tuple(rng.sample(list(FeedbackType), rng.randint(0, 3)))},
        lambda: {"criterion": rng.randint(0, 1)},
        lambda: {"rater": rng.choice(["ann", "ben", "nobody"])},
        lambda: {"until": later[0].created_at},
        lambda: {"since": later[0].created_at},
        lambda: {"has_feedback": rng.random() < 0.8},
        lambda: {"search": "word"},
    ]
    chosen = [EvaluationFilter(**part()) for part in parts[:3] for _ in range(2)]
    chosen += [
        EvaluationFilter(**{k: v for part in rng.sample(parts, 3) for k, v in part().items()}) for _ in range(16)
    ]
    for wanted in chosen:
        about = {row.evaluation_id for row in submitted if matches(row, wanted.feedback or FeedbackFilter())}
        asks = wanted.feedback is not None or wanted.has_feedback
        expected = [
            row.seq
            for row in (*rows.values(), *later)
            if (not asks or row.id in about)
            and not (
                wanted.has_feedback is False
                and row.id in {one.evaluation_id for one in submitted if not one.retracted_at}
            )
            and (wanted.since is None or row.created_at >= wanted.since)
            and (wanted.until is None or row.created_at < wanted.until)
            and (wanted.search is None or "word" in row.output)
        ]
        assert await read_all(world, listings.list_evaluations, wanted, 4) == sorted(expected, reverse=True), wanted
        assert await store.read(lambda c, w=wanted: listings.count_evaluations(c, world.judge.pk, w)) == len(expected)


@pytest.mark.parametrize(
    "hostile",
    ['"', "'", "a OR b", "clear*", "NEAR(a b)", "text:clear", "-clear", "(", "clear AND", "^clear", "%", "\\", ":*",
     "!clear", "clear & ", "' OR 1=1 --", "\x00", "...", "𝔘𝔫𝔦", "e\u0301", "_", "\ud800", "a" * 200, "clear " * 40],
    ids=ascii,
)  # fmt: skip
async def test_search_has_no_operators(store: Store, hostile: str) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, comment="All is well."))

    assert await read_all(world, listings.list_feedback, FeedbackFilter(search=hostile), 5) == []
    assert await read_all(world, listings.list_evaluations, EvaluationFilter(search=hostile), 5) == []


async def test_words_match_in_any_order_case_and_alphabet(store: Store) -> None:
    world = await make_world(store)
    texts = {"output": "Ein naïver Satz über 日本 und Москва.", "input": "What is off-topic?", "rationale": "Too long."}
    await record(world, NewEvaluation(EvaluationSpec(scores=(), **texts), [3.0, 3.0]))

    async def finds(words: str) -> bool:
        return bool(await read_all(world, listings.list_evaluations, EvaluationFilter(search=words), 5))

    for words in ("satz EIN", "москва", "日本", "topic", "off-topic", "long what satz", "über"):
        assert await finds(words), words
    for words in ("satzung", "satz absent", "at"):
        assert not await finds(words), words


async def test_search_excludes_other_judges(store: Store) -> None:
    world, other = await make_world(store), await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(world, new_feedback(evaluation, comment="secret"))

    assert await read_all(other, listings.list_evaluations, EvaluationFilter(search="output"), 5) == []
    assert await read_all(other, listings.list_feedback, FeedbackFilter(search="secret"), 5) == []
    assert len(await read_all(world, listings.list_feedback, FeedbackFilter(search="secret"), 5)) == 1


async def test_foreign_cursor_is_rejected(store: Store) -> None:
    world = await make_world(store)
    await submit(world, *(new_feedback(e) for e in await add_evaluations(world, 3)))
    window = await store.read(lambda c: listings.list_feedback(c, world.judge.pk, FeedbackFilter(), 1, None))
    for cursor in (window.cursors[0], "nonsense", "", "ZmVlZGJhY2s6MS4y" * 3):
        with pytest.raises(Invalid):
            await store.read(
                lambda c, after=cursor: listings.list_evaluations(c, world.judge.pk, EvaluationFilter(), 1, after)
            )


FILTERS: dict[str, FeedbackFilter | EvaluationFilter] = {
    "all feedback": FeedbackFilter(),
    "a period": FeedbackFilter(since=START, until=START + timedelta(hours=40)),
    "types": FeedbackFilter(types=(FeedbackType.RATING, FeedbackType.CORRECTION)),
    "a criterion": FeedbackFilter(criterion=1),
    "a rater": FeedbackFilter(rater="ann"),
    "words submitted": FeedbackFilter(search="clear"),
    "all evaluations": EvaluationFilter(),
    "evaluations without feedback": EvaluationFilter(has_feedback=False),
    "evaluations of a period": EvaluationFilter(since=START, until=START + timedelta(days=3000)),
    "words of evaluations": EvaluationFilter(search="output"),
    "evaluations with feedback of a type": EvaluationFilter(types=(FeedbackType.RATING, FeedbackType.CORRECTION)),
    "evaluations with a correction of a criterion": EvaluationFilter(criterion=1),
    "evaluations with feedback of a rater": EvaluationFilter(rater="ann"),
}


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
async def test_deep_page_is_read_by_index_without_scan_or_sort(
    store: Store, wanted: FeedbackFilter | EvaluationFilter
) -> None:
    world = await make_world(store)
    await submit_random(world, random.Random(2), 300)

    def plan(connection: Connection) -> str:
        if isinstance(wanted, FeedbackFilter):
            walk: Any = listings._walk_feedback(connection, world.judge.pk, wanted)
        else:
            walk = listings._walk_evaluations(connection, world.judge.pk, wanted)
        deep = (10**9,) if wanted.search else (START + timedelta(hours=50), 10**9)
        dialect = sqlite.dialect() if connection.dialect.name == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
        # Each branch by itself: at most a page of each is merged.
        found = []
        for branch in walk.branches:
            keys = branch.page(deep, 21)
            statement = str(keys.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
            explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
            found += [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement.replace('%%', '%')}")]
        return "\n".join(found)

    def unit(connection: Connection) -> str:
        if connection.dialect.name != "sqlite":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
            connection.execute(text("SET LOCAL enable_sort = off"))
        return plan(connection)

    shown = await store.read(snapshot(unit))

    assert not [word for word in ("TEMP B-TREE", "Sort", "Seq Scan") if word in shown], shown
    scans = [line for line in shown.splitlines() if "SCAN" in line and "VIRTUAL TABLE" not in line]
    assert not scans, shown


async def test_words_are_found_before_and_after_index_maintenance(store: Store) -> None:
    if not isinstance(store, PostgresStore):
        pytest.skip("FTS5 has no pending list")
    world = await make_world(store)
    await add_evaluations(world, 30)

    async def found() -> int:
        return len(await read_all(world, listings.list_evaluations, EvaluationFilter(search="output"), 20))

    assert await found() == 30
    store.start_maintenance()
    assert store._maintenance is not None
    await store._maintenance
    waiting = text(
        "SELECT gin_clean_pending_list('ix_evaluation_texts_text'::regclass)"
    )  # number of pages that it had to merge
    assert await store.read(lambda c: c.execute(waiting).scalar_one()) == 0
    assert await found() == 30
