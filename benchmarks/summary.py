"""What figures and pages cost, as feedback grows: the same judge at a thousand items and at as many as you like.

usage: python -m benchmarks.summary [ITEMS [DATABASE_URL]]

Fills a database (a fresh SQLite file unless an address is given) through the store as the API does, in units of 5,000:
a third as many evaluations as items of feedback, four criteria, three years, all types, a tenth of the corrections
taken back by later ones. Prints how fast it filled, then medians in milliseconds, and at the end whether all counters
are true.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from models.base import microseconds
from models.evaluation import Evaluation
from models.feedback import Bounds, Feedback, FeedbackType
from models.filters import EvaluationFilter, FeedbackFilter
from models.spec import EvaluationSpec
from store import judges, lists, recount
from store.days import by_day
from store.evaluations import NewEvaluation
from store.page import encode_cursor
from store.store import Store, open_store
from store.summary import evaluations_within, figures_of, new_within, summarise
from tests.factories import World, make_version, make_world, new_feedback, record, submit

UNIT = 5000
FIRST, LAST = datetime(2023, 1, 1, 0, 0, 7, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
SINCE, UNTIL = datetime(2024, 5, 17, 13, 7, 11, 5, tzinfo=UTC), datetime(2025, 3, 2, 22, 51, 3, 9, tzinfo=UTC)
PAGE = 20


def main() -> None:
    """Fill, measure, and print a table."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite+aiosqlite:///{Path(folder) / 'judgesmith.sqlite'}"
        asyncio.run(_run(url, items))


async def _run(url: str, items: int) -> None:
    async with open_store(url) as store:
        await store.migrate()
        small = await _fill(store, 1000)
        large = await _fill(store, items)
        print(f"\n{'milliseconds, median of 9':44} {1000:>10,} {items:>10,}   ratio")
        for name, work in _questions().items():
            before, after = [await _median(store, world, work) for world in (small, large)]
            print(f"{name:44} {before:10.2f} {after:10.2f} {after / before:7.1f}")
        print()
        for name, read, deep in (
            ("evaluations", _evaluations, items // 3 // PAGE),
            ("feedback", _feedback, items // PAGE),
        ):
            page = min(10_000, deep * 9 // 10)
            after = await _cursor(store, large, name, page)
            times = [await _median(store, large, read(cursor)) for cursor in (None, after)]
            print(f"{name}, page 1 and page {page:,}: {times[0]:.2f} and {times[1]:.2f}")
        started = time.perf_counter()
        differences = await store.read(recount.check)
        print(f"check-counters: {len(differences)} differences, {time.perf_counter() - started:.0f} s")


async def _fill(store: Store, items: int) -> World:
    rng = random.Random(7)
    world = await make_world(store, criteria=("Clarity", "Accuracy", "Tone", "Brevity"))
    evaluated: list[Evaluation] = []
    seconds = [0.0, 0.0]
    for start in range(0, items // 3, UNIT):
        batch = [
            NewEvaluation(
                EvaluationSpec(f"Output {n} of a judge, not long.", (), external_id=f"e{n}", group=f"g{n // 10}"),
                [float(rng.randint(1, 5)) for _ in range(4)],
            )
            for n in range(start, min(start + UNIT, items // 3))
        ]
        began = time.perf_counter()
        rows, _ = await record(world, *batch)
        seconds[0] += time.perf_counter() - began
        names = ("id", "seq", "group", "scores", "created_at")
        evaluated += [cast("Evaluation", SimpleNamespace(**{name: getattr(r, name) for name in names})) for r in rows]
    apart = (LAST - FIRST) / items
    for start in range(0, items, UNIT):
        given = [_said(rng, n, evaluated, FIRST + n * apart) for n in range(start, min(start + UNIT, items))]
        began = time.perf_counter()
        await submit(world, *given)
        seconds[1] += time.perf_counter() - began
    await make_version(world, watermark=items // 2)
    print(f"filled: {items // 3 / seconds[0]:,.0f} evaluations/s, {items / seconds[1]:,.0f} feedback/s")
    return world


def _said(rng: random.Random, number: int, evaluated: list[Evaluation], at: datetime) -> Any:
    kind, who = rng.random(), f"rater {rng.randint(1, 40)}"
    about = evaluated[number // 3 % len(evaluated)]
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


def _questions() -> dict[str, Work]:
    period = Bounds(since=SINCE, until=UNTIL)
    whole = Bounds()

    def figures(bounds: Bounds) -> Work:
        return lambda c, world: figures_of(c, world.judge.pk, world.criteria, bounds)

    def days(zone: str) -> Work:
        return lambda c, world: by_day(c, world.judge.pk, world.criteria, period, ZoneInfo(zone))

    return {
        "counts, ranges, shifts: all": figures(whole),
        "... since a moment": figures(Bounds(since=SINCE)),
        "... of a period": figures(period),
        "... of a criterion": figures(Bounds(criteria=(2,))),
        "... of a criterion in a period": figures(Bounds(since=SINCE, until=UNTIL, criteria=(2,))),
        "with evaluations, agreement: all": lambda c, world: summarise(c, world.judge.pk, world.criteria, whole),
        "evaluations of a period (by index)": lambda c, w: evaluations_within(c, w.judge.pk, w.criteria, period),
        "new of a period (by index)": lambda c, w: new_within(c, w.judge.pk, w.criteria, period),
        "days of a period, UTC": days("UTC"),
        "days of a period, Asia/Kathmandu": days("Asia/Kathmandu"),
        "feedback of a criterion, a page": _feedback(None, FeedbackFilter(criterion=3)),
        "feedback of a type, a page": _feedback(None, FeedbackFilter(types=(FeedbackType.RATING,))),
        "feedback of a person, a page": _feedback(None, FeedbackFilter(rater="rater 3")),
        "what waits for review, a page": _evaluations(None, EvaluationFilter(has_feedback=False)),
        "evaluations with a frequent word, a page": _evaluations(None, EvaluationFilter(search="output judge")),
    }


def _evaluations(after: str | None, wanted: EvaluationFilter = EvaluationFilter()) -> Work:  # noqa: B008 - frozen
    return lambda c, world: lists.evaluations(c, world.judge.pk, wanted, PAGE, after)


def _feedback(after: str | None, wanted: FeedbackFilter = FeedbackFilter()) -> Work:  # noqa: B008 - frozen
    return lambda c, world: lists.feedback(c, world.judge.pk, wanted, PAGE, after)


async def _cursor(store: Store, world: World, name: str, page: int) -> str:
    """The cursor at the end of a page far down, found by the place of its last row instead of by paging there."""

    def unit(connection: Connection) -> str:
        judge = judges.by_pk(connection, world.judge.pk)
        if name == "evaluations":
            place = (Evaluation.judge_pk == judge.pk, Evaluation.seq == judge.evaluation_seq - page * PAGE)
            moment, seq = connection.execute(select(Evaluation.created_at, Evaluation.seq).where(*place)).one()
            return encode_cursor("evaluation", f"{microseconds(moment)}.{seq}")
        place = (Feedback.judge_pk == judge.pk, Feedback.seq == judge.feedback_seq - page * PAGE)
        moment, seq = connection.execute(select(Feedback.submitted_at, Feedback.seq).where(*place)).one()
        return encode_cursor("feedback", f"{microseconds(moment)}.{seq}")

    return await store.read(unit)


async def _median(store: Store, world: World, work: Work) -> float:
    times = []
    for _ in range(9):
        started = time.perf_counter()
        await store.read(lambda c: work(c, world))
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


if __name__ == "__main__":
    main()
