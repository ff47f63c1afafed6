"""Latency of figures and pages as feedback grows: the same judge at 1,000 items of feedback and at a chosen number.

usage: python -m benchmarks.summary [ITEMS [DATABASE_URL [SECONDS]]] [--postgres]

Fills a database (a new SQLite file, a new PostgreSQL with ``--postgres``, or the one at an address) through the store
as the API does, in units of 5,000: a third as many evaluations as items of feedback, four criteria, three years, all
types, a tenth of the corrections superseded by later ones. Prints the speed of filling, then milliseconds, each the
best of nine (of fewer if they take long), because the best is least affected by other programs. A partly filled
database is filled further; with SECONDS the program ends after so many seconds of filling and can be run again. With
CHECK=1 in the environment it also checks all counters at the end, which takes as long as filling.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from benchmarks.ingest import SETTINGS
from models.base import to_microseconds
from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackBounds, FeedbackType
from models.judge import Judge
from models.specs.evaluations import EvaluationSpec
from models.specs.listings import EvaluationFilter, FeedbackFilter
from store import judges
from store import listings as lists
from store.counters import recount
from store.counters.delta import EvaluationRef
from store.database.keyset import encode_cursor
from store.database.open import open_store
from store.database.rows import fetch_all
from store.database.store import Store
from store.evaluations import NewEvaluation
from store.migrate import migrate_store
from store.summary.by_day import count_by_day
from store.summary.summary import compute_agreement, compute_figures, count_evaluations, count_new, summarise
from tests.factories import World, make_version, make_viewer, make_world, new_feedback, record, submit
from tests.postgres import run_postgres

UNIT = 5000
FIRST, LAST = datetime(2023, 1, 1, 0, 0, 7, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
SINCE, UNTIL = datetime(2024, 5, 17, 13, 7, 11, 5, tzinfo=UTC), datetime(2025, 3, 2, 22, 51, 3, 9, tzinfo=UTC)
PAGE = 20
MAX_TOTAL_MS = 3000.0  # time after which a query is not repeated
DEEP: list[tuple[str, EvaluationFilter | FeedbackFilter]] = [
    ("evaluations", EvaluationFilter()),
    ("evaluations corrected on a criterion", EvaluationFilter(criterion=3)),
    ("evaluations with feedback of a person", EvaluationFilter(rater="rater 3")),
    ("evaluations with a rating", EvaluationFilter(types=(FeedbackType.RATING,))),
    ("feedback", FeedbackFilter()),
    ("feedback on a criterion", FeedbackFilter(criterion=3)),
    ("feedback of a person", FeedbackFilter(rater="rater 3")),
    ("ratings", FeedbackFilter(types=(FeedbackType.RATING,))),
]


def main() -> None:
    """Fill the database, run the benchmark, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("items", type=int, nargs="?", default=100_000)
    parser.add_argument("url", nargs="?")
    parser.add_argument("seconds", type=float, nargs="?", default=float("inf"))
    parser.add_argument("--postgres", action="store_true")
    chosen = parser.parse_args()
    with _database(chosen.url, on_postgres=chosen.postgres) as url:
        asyncio.run(_run(url, chosen.items, chosen.seconds))


@contextmanager
def _database(url: str | None, *, on_postgres: bool) -> Iterator[str]:
    """Yield the address of the given database, or of a new one."""
    if url is not None:
        yield url
    elif on_postgres:
        with run_postgres(**SETTINGS) as server:
            yield server.address.replace("postgresql:", "postgresql+asyncpg:") + "/postgres"
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite+aiosqlite:///{Path(folder) / 'judgesmith.sqlite'}"


async def _run(url: str, items: int, seconds: float) -> None:
    async with open_store(url) as store:
        await migrate_store(store)
        until = time.monotonic() + seconds
        small, large = [await _fill(store, number, count, until) for number, count in enumerate((1000, items))]
        if small is None or large is None:
            return
        print(f"\n{'milliseconds, best of 9':44} {1000:>10,} {items:>10,}   ratio")
        for name, work in _queries().items():
            before, after = [await _best_milliseconds(store, world, work) for world in (small, large)]
            print(f"{name:44} {before:10.2f} {after:10.2f} {after / before:7.1f}")
        print()
        for kind, wanted in DEEP:
            read: Any = _evaluations if isinstance(wanted, EvaluationFilter) else _feedback
            name = "evaluations" if isinstance(wanted, EvaluationFilter) else "feedback"
            rows = items // 3 if name == "evaluations" else items
            page = min(10_000, rows // PAGE * 9 // 10)
            after = await _find_cursor(store, large, name, page)
            times = [await _best_milliseconds(store, large, read(cursor, wanted)) for cursor in (None, after)]
            print(f"{kind}, page 1 and at place {page * PAGE:,}: {times[0]:.2f} and {times[1]:.2f} ms")
        if os.environ.get("CHECK"):
            started = time.perf_counter()
            differences = await store.read(recount.find_mismatches)
            print(f"check-counters: {len(differences)} differences, {time.perf_counter() - started:.0f} s")


async def _fill(store: Store, number: int, items: int, until: float) -> World | None:
    """Fill the judge of a number.

    Args:
        store: to fill.
        number: of the judge.
        items: of feedback that it should have.
        until: monotonic time at which filling ends.

    Returns:
        The judge; None if the time was up before all items were written.
    """
    world = await _get_or_create_world(store, number)
    for rows, unit in ((items // 3, _record), (items, _submit)):
        there = start = await unit(world, 0, 0, items)
        began = time.perf_counter()
        while there < rows:
            if time.monotonic() > until:
                print(f"{there:,} of {rows:,} rows are written; run it again to continue.")
                return None
            there = await unit(world, there, min(there + UNIT, rows), items)
        if there > start:
            print(f"filled: {(there - start) / (time.perf_counter() - began):,.0f} {unit.__name__.strip('_')}/s")
    if await store.read(lambda c: judges.read_watermark(c, world.judge.pk)) == 0:
        await make_version(world, watermark=items // 2)
    return world


async def _get_or_create_world(store: Store, number: int) -> World:
    """Return the judge of a number; create it if it does not exist."""
    viewer, key = await make_viewer(store)
    mine = judges.in_workspace(viewer.workspace_id).order_by(Judge.pk)
    found = await store.read(lambda c: fetch_all(c, mine, Judge))
    if number >= len(found):
        return await make_world(store, criteria=("Clarity", "Accuracy", "Tone", "Brevity"))
    return World(
        store, viewer, key, found[number], await store.read(lambda c: judges.list_criteria(c, found[number].pk))
    )


async def _record(world: World, start: int, end: int, _items: int) -> int:
    """Record the evaluations between two numbers.

    Args:
        world: the judge.
        start: first number.
        end: number after the last.
        _items: not used.

    Returns:
        The number of evaluations afterwards.
    """
    rng = random.Random(start)
    new = [
        NewEvaluation(
            EvaluationSpec(f"Output {n} of a judge, not long.", (), external_id=f"e{n}", group=f"g{n // 10}"),
            [float(rng.randint(1, 5)) for _ in range(4)],
        )
        for n in range(start, end)
    ]
    if new:
        await record(world, *new)
    return await world.store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk).evaluation_seq)


async def _submit(world: World, start: int, end: int, items: int) -> int:
    """Submit the feedback between two numbers, three items about an evaluation.

    Args:
        world: the judge.
        start: first number.
        end: number after the last.
        items: of feedback in the end, which sets the interval between their times.

    Returns:
        The number of items of feedback afterwards.
    """
    rng, interval = random.Random(start), (LAST - FIRST) / items
    last = items // 3 - 1
    columns = [getattr(Evaluation, name) for name in EvaluationRef._fields]
    within = (Evaluation.judge_pk == world.judge.pk, Evaluation.seq.between(start // 3 + 1, end // 3 + 1))
    rows = await world.store.read(lambda c: c.execute(select(*columns).where(*within)).all()) if end else []
    about = {row.seq: cast("Evaluation", row) for row in rows}
    given = [_make_feedback(rng, n, about[min(n // 3, last) + 1], FIRST + n * interval) for n in range(start, end)]
    if given:
        await submit(world, *given)
    return await world.store.read(lambda c: judges.get_judge_by_pk(c, world.judge.pk).feedback_seq)


def _make_feedback(rng: random.Random, number: int, about: Evaluation, at: datetime) -> Any:
    kind, who = rng.random(), f"rater {rng.randint(1, 40)}"
    common: dict[str, Any] = {"submitted_at": at, "external_id": f"f{number}", "by": who}
    if kind < 0.7:
        scores = [float(rng.randint(1, 5)) if rng.random() < 0.9 else None for _ in range(4)]
        scores[0] = 3.0
        if rng.random() < 0.1:
            common["by"] = "rater 0"
        return new_feedback(about, scores=scores, **common)
    if kind < 0.85:
        return new_feedback(about, rating=rng.randint(1, 5), **common)
    return new_feedback(about, approved=kind < 0.93, **common) if kind < 0.95 else new_feedback(about, **common)


Work = Callable[[Connection, World], Any]


def _queries() -> dict[str, Work]:
    period = FeedbackBounds(since=SINCE, until=UNTIL)
    whole = FeedbackBounds()

    def figures(bounds: FeedbackBounds) -> Work:
        return lambda c, world: compute_figures(c, world.judge.pk, world.criteria, bounds)

    def days(zone: str) -> Work:
        return lambda c, world: count_by_day(c, world.judge.pk, world.criteria, period, ZoneInfo(zone))

    return {
        "counts, ranges, shifts: all": figures(whole),
        "... since a moment": figures(FeedbackBounds(since=SINCE)),
        "... of a period": figures(period),
        "... of a criterion": figures(FeedbackBounds(criteria=(2,))),
        "... of a criterion in a period": figures(FeedbackBounds(since=SINCE, until=UNTIL, criteria=(2,))),
        "all figures, as for a new job": lambda c, world: summarise(c, world.judge.pk, world.criteria, whole),
        "all figures since a moment": lambda c, world: summarise(
            c, world.judge.pk, world.criteria, FeedbackBounds(since=SINCE)
        ),
        "evaluations of a period (by index)": lambda c, w: count_evaluations(c, w.judge.pk, w.criteria, period),
        "new of a period": lambda c, w: count_new(c, w.judge.pk, w.criteria, period),
        "agreement of a period": lambda c, w: compute_agreement(c, w.judge.pk, w.criteria, period),
        "days of a period, UTC": days("UTC"),
        "days of a period, Asia/Kathmandu": days("Asia/Kathmandu"),
        "feedback of a criterion, a page": _feedback(None, FeedbackFilter(criterion=3)),
        "feedback of a type, a page": _feedback(None, FeedbackFilter(types=(FeedbackType.RATING,))),
        "feedback of a person, a page": _feedback(None, FeedbackFilter(rater="rater 3")),
        "evaluations of a person, a page": _evaluations(None, EvaluationFilter(rater="rater 3")),
        "evaluations of a type, a page": _evaluations(None, EvaluationFilter(types=(FeedbackType.RATING,))),
        "evaluations by a criterion, a page": _evaluations(None, EvaluationFilter(criterion=3)),
        "evaluations to review, a page": _evaluations(None, EvaluationFilter(has_feedback=False)),
        "evaluations with a frequent word, a page": _evaluations(None, EvaluationFilter(search="output judge")),
    }


def _evaluations(after: str | None, wanted: EvaluationFilter = EvaluationFilter()) -> Work:  # noqa: B008 - frozen
    return lambda c, world: lists.list_evaluations(c, world.judge.pk, wanted, PAGE, after)


def _feedback(after: str | None, wanted: FeedbackFilter = FeedbackFilter()) -> Work:  # noqa: B008 - frozen
    return lambda c, world: lists.list_feedback(c, world.judge.pk, wanted, PAGE, after)


async def _find_cursor(store: Store, world: World, name: str, page: int) -> str:
    """Return the cursor at the end of a late page, found by the position of its last row instead of by paging.

    Args:
        store: to read from.
        world: the judge.
        name: "evaluations" or "feedback".
        page: number of the page.
    """

    def unit(connection: Connection) -> str:
        judge = judges.get_judge_by_pk(connection, world.judge.pk)
        if name == "evaluations":
            place = (Evaluation.judge_pk == judge.pk, Evaluation.seq == judge.evaluation_seq - page * PAGE)
            moment, seq = connection.execute(select(Evaluation.created_at, Evaluation.seq).where(*place)).one()
            return encode_cursor("evaluation", f"{to_microseconds(moment)}.{seq}")
        place = (Feedback.judge_pk == judge.pk, Feedback.seq == judge.feedback_seq - page * PAGE)
        moment, seq = connection.execute(select(Feedback.submitted_at, Feedback.seq).where(*place)).one()
        return encode_cursor("feedback", f"{to_microseconds(moment)}.{seq}")

    return await store.read(unit)


async def _best_milliseconds(store: Store, world: World, work: Work) -> float:
    times: list[float] = []
    while len(times) < 9 and sum(times) < MAX_TOTAL_MS:
        started = time.perf_counter()
        await store.read(lambda c: work(c, world))
        times.append(1000 * (time.perf_counter() - started))
    return min(times)


if __name__ == "__main__":
    main()
