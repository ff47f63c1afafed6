"""Counters equal the oracle after random writes of all kinds in any order."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import orjson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import Connection, select, update

from models.counters.tables import FeedbackCounter
from models.errors import Conflict
from models.evaluation import Evaluation
from models.feedback import FeedbackBounds
from models.specs.evaluations import EvaluationSpec
from models.specs.judges import CriterionSpec, JudgeChange
from models.specs.listings import EvaluationFilter
from resolvers.bulk import BatchOutcome, EvaluationLoad, FeedbackLoad, LoadOptions
from resolvers.context import Context
from store import feedback as stored
from store import judge_updates, judges, listings
from store.counters import recount
from store.database.open import open_store
from store.database.rows import fetch_all
from store.database.store import Store
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback
from tests.factories import World, add_evaluations, make_version, make_world, new_feedback, record, retract, submit
from tests.store.counters import counter_oracle
from tests.store.counters.counter_oracle import OracleRow

T = TypeVar("T")

START = datetime(2026, 1, 1, tzinfo=UTC)
# Moments on both sides of the edges of buckets, with repetitions and one before 1970.
MOMENTS = [
    START,
    START + timedelta(microseconds=1),
    START - timedelta(microseconds=1),
    START + timedelta(minutes=15),
    START + timedelta(minutes=44, microseconds=7),
    START + timedelta(days=1),
    START + timedelta(days=40, hours=7),
    datetime(1960, 5, 5, 5, 5, 5, 5, tzinfo=UTC),
]
KEYS = ("crit_clarity", "crit_accuracy", "crit_more_2", "crit_more_3")
SCORES = [None, 1.0, 2.0, 2.5, 5.0]
ROWS = st.lists(st.sampled_from(SCORES), min_size=4, max_size=4)
ITEMS = st.lists(
    st.tuples(
        st.integers(0, 50),  # index of the evaluation
        st.one_of(
            ROWS.map(lambda scores: {"scores": scores}),
            st.integers(1, 5).map(lambda rating: {"rating": rating}),
            st.booleans().map(lambda approved: {"approved": approved}),
            st.just({"comment": "Hm."}),
        ),
        st.sampled_from(["ann", "ben", "cy"]),
        st.sampled_from(MOMENTS),
        st.one_of(st.none(), st.integers(0, 6)),  # number of an external id, often one that exists
    ),
    min_size=1,
    max_size=6,
)
BOUNDS = st.builds(
    FeedbackBounds,
    since=st.one_of(st.none(), st.sampled_from(MOMENTS)),
    until=st.one_of(st.none(), st.sampled_from(MOMENTS)),
    criteria=st.one_of(st.none(), st.sets(st.integers(0, 1)).map(lambda found: tuple(sorted(found)))),
)


class Failed(Exception):
    """Raised by a unit to roll itself back."""


class Writes(RuleBasedStateMachine):
    """Random writes to one judge, with the recorded rows for the oracle."""

    url: str
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.store: Store = open_store(self.url)
        self.do(self.store.start())
        self.world: World = self.do(make_world(self.store))
        self.evaluations: list[Evaluation] = []
        self.rows: dict[str, OracleRow] = {}
        self.criteria = 2
        self.watermark = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.do(self.store.close())

    @rule(scores=st.lists(ROWS, min_size=1, max_size=4), group=st.sampled_from([None, "a", "b"]))
    def record(self, scores: list[list[float | None]], group: str | None) -> None:
        items = (NewEvaluation(EvaluationSpec("Text", (), group=group), row[: self.criteria]) for row in scores)
        kept, _ = self.do(record(self.world, *items))
        self.evaluations += [row for row in kept if not isinstance(row, Conflict)]

    def _items(self, drawn: list[Any]) -> list[NewFeedback]:
        items = []
        for which, what, by, at, name in drawn:
            if "scores" in what:
                scores = what["scores"][: self.criteria]
                what = {"scores": scores if any(s is not None for s in scores) else [3.0]}
            evaluation = self.evaluations[which % len(self.evaluations)]
            named = None if name is None else f"f{name}"
            items.append(new_feedback(evaluation, **what, by=by, submitted_at=at, external_id=named))
        return items

    @precondition(lambda self: self.evaluations)
    @rule(drawn=ITEMS)
    def submit(self, drawn: list[Any]) -> None:
        items = self._items(drawn)
        kept, _ = self.do(submit(self.world, *items))
        for item, row in zip(items, kept, strict=True):
            if not isinstance(row, Conflict) and row.id not in self.rows:
                about = item.evaluation
                self.rows[row.id] = OracleRow(row.seq, about.scores, about.group or "", item, retracted=False)

    @rule(scores=st.lists(st.lists(st.sampled_from([1.0, 2.5, 5.0, 9.0]), min_size=1, max_size=2), max_size=5))
    def load_evaluations(self, scores: list[list[float]]) -> None:
        """Load evaluations in bulk. A score of 9 is outside the scale."""
        lines = [{"output": "Bulky", "scores": dict(zip(KEYS, row, strict=False))} for row in scores]
        outcome = self._load(EvaluationLoad, lines)
        assert outcome.new == sum(9.0 not in row for row in scores)
        known = max((row.seq for row in self.evaluations), default=0)
        newer = select(Evaluation).where(Evaluation.judge_pk == self.world.judge.pk, Evaluation.seq > known)
        self.evaluations += self.do(self.store.read(lambda c: fetch_all(c, newer.order_by(Evaluation.seq), Evaluation)))
        assert [row.seq for row in self.evaluations] == list(range(1, len(self.evaluations) + 1))

    @precondition(lambda self: self.evaluations)
    @rule(drawn=ITEMS, lost=st.booleans())
    def load_feedback(self, drawn: list[Any], lost: bool) -> None:
        """Load feedback in bulk, with existing external ids and unknown evaluations."""
        lines = [_line(item) for item in self._items(drawn)]
        if lost:
            lines.append(lines[0] | {"evaluation_id": "evl_none"})
        outcome = self._load(FeedbackLoad, lines)
        assert outcome.new + outcome.already_there + len({r.line for r in outcome.rejected}) == len(lines)
        about = {row.id: row for row in self.evaluations}
        newer = select(stored.Feedback).where(stored.Feedback.judge_pk == self.world.judge.pk)
        rows = self.do(self.store.read(lambda c: fetch_all(c, newer, stored.Feedback)))
        found = [row for row in rows if row.id not in self.rows]
        assert len(found) == outcome.new
        for row in found:
            evaluation = about[row.evaluation_id]
            what = {"rating": row.rating, "approved": row.approved, "scores": row.scores, "comment": row.comment}
            item = new_feedback(evaluation, **what, by=row.submitted_by, submitted_at=row.submitted_at)
            self.rows[row.id] = OracleRow(row.seq, evaluation.scores, evaluation.group or "", item, retracted=False)

    def _load(self, kind: type[EvaluationLoad] | type[FeedbackLoad], lines: list[dict[str, Any]]) -> BatchOutcome:
        criteria = self.do(self.store.read(lambda c: judges.list_criteria(c, self.world.judge.pk)))
        ctx = cast("Context", SimpleNamespace(store=self.store, viewer=self.world.viewer))
        load = kind(ctx, self.world.judge, criteria, LoadOptions())
        unit: Any = load.read([(n, orjson.dumps(line)) for n, line in enumerate(lines, 1)])
        return self.do(load.keep(self.do(load.prepare(unit))))

    @precondition(lambda self: self.evaluations)
    @rule(drawn=ITEMS)
    def submit_in_a_unit_that_fails(self, drawn: list[Any]) -> None:
        items, viewer = self._items(drawn), self.world.viewer

        def unit(connection: Connection) -> None:
            stored.submit_feedback(connection, self.world.judge.pk, viewer.user_id, viewer.user_name, items)
            raise Failed

        with pytest.raises(Failed):
            self.do(self.store.write(unit))

    @precondition(lambda self: self.rows)
    @rule(which=st.integers(0, 1000))
    def retract(self, which: int) -> None:
        name = list(self.rows)[which % len(self.rows)]
        self.do(retract(self.world, name))
        self.rows[name] = replace(self.rows[name], retracted=True)

    @precondition(lambda self: self.criteria < 4)
    @rule()
    def add_a_criterion(self) -> None:
        added = JudgeChange(self.world.judge.id, add_criteria=(CriterionSpec(f"More {self.criteria}"),))
        self.do(self.store.write(lambda c: judge_updates.update_judge(c, self.world.viewer.workspace_id, added)))
        self.criteria += 1

    @precondition(lambda self: self.rows)
    @rule()
    def make_a_version(self) -> None:
        self.watermark = max(row.seq for row in self.rows.values())
        self.do(make_version(self.world, watermark=self.watermark))

    @rule(bounds=BOUNDS)
    def compare_with_oracle(self, bounds: FeedbackBounds) -> None:
        expected = counter_oracle.expected_figures(list(self.rows.values()), bounds, self.watermark, self.criteria)
        assert self.do(counter_oracle.read_counted_figures(self.world, bounds)) == expected
        assert counter_oracle.to_comparable(self.do(counter_oracle.read_summary(self.world, bounds))) == expected
        assert self.do(self.store.read(recount.find_mismatches)) == []
        for words in ("text", "bulky"):
            found = EvaluationFilter(search=words)
            listed = self.do(
                self.store.read(lambda c, w=found: listings.list_evaluations(c, self.world.judge.pk, w, 100, None))
            )
            assert sorted(row.seq for row in listed.rows) == [
                e.seq for e in self.evaluations if e.output.lower() == words
            ]


def _line(item: NewFeedback) -> dict[str, Any]:
    """Return an item as a line of a bulk load."""
    spec = item.spec
    line = {
        "evaluation_id": item.evaluation.id,
        "type": spec.type.value,
        "rating": spec.rating,
        "approved": spec.approved,
        "comment": spec.comment,
        "submitted_by": spec.submitted_by,
        "submitted_at": spec.submitted_at,
        "external_id": spec.external_id,
    }
    if item.scores is not None:
        given = zip(KEYS, item.scores, strict=False)
        line["corrected_scores"] = {name: score for name, score in given if score is not None}
    return line


@pytest.fixture
def plain_loop() -> Any:
    """Return an event loop for a synchronous test."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_counters_equal_a_recount_after_random_writes(
    database_url: str, database_kind: str, plain_loop: asyncio.AbstractEventLoop
) -> None:
    Writes.url, Writes.loop = database_url, plain_loop
    run_state_machine_as_test(
        Writes,
        settings=settings(
            max_examples=14 if database_kind == "sqlite" else 4,
            stateful_step_count=16,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


async def test_wrong_counter_is_reported_as_a_mismatch(store: Store) -> None:
    world = await make_world(store)
    await submit(world, *(new_feedback(e, rating=5) for e in await add_evaluations(world, 2)))
    await store.write(lambda c: c.execute(update(FeedbackCounter).values(value=7)))
    found = await store.read(recount.find_mismatches)

    assert found
    assert str(found[0]).startswith(f"{world.judge.id}: feedback_counters of width 0, start 0")
    assert "is (7,), but the rows make it (2,)." in str(found[0])


async def test_counters_are_rebuilt_from_existing_rows(store: Store) -> None:
    world = await make_world(store)
    [one, two] = await add_evaluations(world, 2)
    kept, _ = await submit(
        world,
        new_feedback(one, scores=[5.0, 2.0], submitted_at=START),
        new_feedback(one, scores=[4.0, None], submitted_at=START + timedelta(days=1)),
        new_feedback(two, rating=2),
        new_feedback(two, approved=True, by="cy"),
    )
    assert not isinstance(kept[3], Conflict)
    await retract(world, kept[3].id)
    before = await counter_oracle.read_summary(world)

    def forget(connection: Connection) -> int:
        for table in (*recount.COUNTER_TABLES, recount.Review):
            connection.execute(table.__table__.delete())
        blank = {"criteria": "", "compared": "", "standing": "", "overtaken_at": None}
        connection.execute(update(stored.Feedback).values(blank))
        connection.execute(update(recount.Judge).values(counted=0))
        return recount.rebuild_stale(connection)

    assert await store.write(forget) == 1
    assert await store.read(recount.find_mismatches) == []
    assert await counter_oracle.read_summary(world) == before
    assert await store.write(recount.rebuild_stale) == 0


async def test_concurrent_writers_lose_no_counts(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 6)
    stores = [replace(world, store=store), replace(world, store=other_store)]

    async def write(number: int) -> None:
        one = stores[number % 2]
        kept, _ = await submit(one, *(new_feedback(e, scores=[float(1 + number % 5), None]) for e in evaluated))
        assert not isinstance(kept[0], Conflict)
        if number % 3 == 0:
            await retract(one, kept[0].id)

    await asyncio.gather(*(write(number) for number in range(12)))

    assert await store.read(recount.find_mismatches) == []
    summary = await counter_oracle.read_summary(world)
    assert (summary.corrections, summary.usable) == (12 * 6 - 4, 6)
