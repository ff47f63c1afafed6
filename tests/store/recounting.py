"""The figures of feedback counted plainly, by the words of their definition: what counters are compared with."""

import random
from collections import Counter
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from models.agreement import krippendorff_alpha
from models.base import new_id, now
from models.errors import Conflict
from models.evaluation import score_at
from models.feedback import FeedbackBounds, FeedbackTotals, FeedbackType, RaterCount, Summary
from models.judge import JudgeVersion, VersionStatus
from models.specs.evaluations import EvaluationSpec
from store import judges
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback
from store.summary.summary import (
    compute_agreement,
    compute_figures,
    count_evaluations,
    count_new,
    list_raters,
    summarise,
)
from tests.factories import World, new_feedback, record, retract, submit

START = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
CRITERIA = ("Clarity", "Accuracy", "Tone")


@dataclass(frozen=True)
class Row:
    """An item of feedback as the recount knows it."""

    seq: int
    raw: list[float | None]
    group: str
    item: NewFeedback
    retracted: bool

    @property
    def by(self) -> str:
        assert self.item.spec.submitted_by is not None
        return self.item.spec.submitted_by

    @property
    def at(self) -> datetime:
        assert self.item.spec.submitted_at is not None
        return self.item.spec.submitted_at


async def random_feedback(
    world: World, rng: random.Random, number: int, apart: timedelta = TICK, astray: float = 1.0
) -> list[Row]:
    """All types, some retracted, moments some ticks apart; a share of them out of order, some at the same moment."""

    def scores() -> list[float | None]:
        found = [rng.choice([None, 1.0, 2.0, 2.5, 3.0, 4.0, 5.0]) for _ in CRITERIA]
        return found if any(score is not None for score in found) else [3.0, None, None]

    recorded, _ = await record(
        world,
        *(
            NewEvaluation(EvaluationSpec(f"o{n}", (), group=rng.choice([None, "a", "b"])), scores())
            for n in range(number // 4)
        ),
    )
    items = []
    for place in range(number):
        evaluation = rng.choice(recorded)
        assert not isinstance(evaluation, Conflict)
        what: dict[str, Any] = rng.choice(
            [{"scores": scores()}, {"scores": scores()}, {"rating": rng.randint(1, 5)},
             {"approved": rng.random() < 0.5}, {}]
        )  # fmt: skip
        at = START + (rng.randint(0, number) if rng.random() < astray else place) * apart
        items.append(new_feedback(evaluation, **what, by=rng.choice(["ann", "ben", "cy"]), submitted_at=at))
    kept, _ = await submit(world, *items)
    rows = []
    for item, row in zip(items, kept, strict=True):
        assert not isinstance(row, Conflict)
        rows.append(Row(row.seq, item.evaluation.scores, item.evaluation.group or "", item, rng.random() < 0.1))
    gone = [kept[number].id for number, row in enumerate(rows) if row.retracted]  # type: ignore[union-attr]
    for feedback_id in gone:
        await retract(world, feedback_id)
    return rows


async def summary_of(world: World, bounds: FeedbackBounds | None = None) -> Summary:
    return await world.store.read(
        lambda c: summarise(c, world.judge.pk, judges.list_criteria(c, world.judge.pk), bounds or FeedbackBounds())
    )


def rows_within(rows: list[Row], bounds: FeedbackBounds, meant: tuple[int, ...]) -> list[Row]:
    """Those that count, in the order in which they were given."""
    return [
        row
        for row in sorted(rows, key=lambda r: (r.at, r.seq))
        if not row.retracted
        and (bounds.since is None or row.at >= bounds.since)
        and (bounds.until is None or row.at < bounds.until)
        and row.seq > bounds.after_seq
        and (bounds.upto_seq is None or row.seq <= bounds.upto_seq)
        and (row.item.spec.type is not FeedbackType.CORRECTION or bounds.criteria is None or _given(row, meant))
    ]


def gave_most(rows: list[Row], bounds: FeedbackBounds) -> list[RaterCount]:
    """Who gave how many items within bounds, most first."""
    inside = rows_within(rows, bounds, bounds.criteria or ())
    total = Counter(row.by for row in inside)
    corrections = Counter(row.by for row in inside if row.item.spec.type is FeedbackType.CORRECTION)
    ordered = sorted(total, key=lambda rater: (-total[rater], rater))
    return [RaterCount(rater, total[rater], corrections[rater]) for rater in ordered]


async def raters_of(world: World, bounds: FeedbackBounds, first: int) -> list[RaterCount]:
    """The same, as it is told."""
    return await world.store.read(
        lambda c: list_raters(c, world.judge.pk, judges.list_criteria(c, world.judge.pk), bounds, first)
    )


def usable_of(rows: list[Row], bounds: FeedbackBounds, criteria: int = 3) -> list[int]:
    """The places of those that yield a label: of a rater's corrections of an evaluation the latest."""
    meant = tuple(range(criteria)) if bounds.criteria is None else bounds.criteria
    inside = rows_within(rows, bounds, meant)
    confirming = [r for r in inside if (r.item.spec.rating or 0) >= 4 or r.item.spec.approved is True]
    latest = {
        (row.item.evaluation.id, row.by): row.seq
        for row in inside
        if any(_raw(row, n) is not None for n in _given(row, meant))
    }
    return [row.seq for row in confirming] + list(latest.values())


def recount(rows: list[Row], bounds: FeedbackBounds, watermark: int, criteria: int = 3) -> dict[str, Any]:
    """The same figures by the words of their definition."""
    meant = tuple(range(criteria)) if bounds.criteria is None else bounds.criteria
    inside = rows_within(rows, bounds, meant)

    def given(row: Row) -> dict[int, float]:
        return _given(row, meant)

    def of(kind: FeedbackType) -> list[Row]:
        return [row for row in inside if row.item.spec.type is kind]

    corrections = of(FeedbackType.CORRECTION)
    doubting = [r for r in inside if r.item.spec.rating in (1, 2) or r.item.spec.approved is False]
    usable = usable_of(rows, bounds, criteria)
    opinions: dict[int, dict[str, dict[str, float]]] = {n: {} for n in meant}
    for row in corrections:
        for n, score in given(row).items():
            opinions[n].setdefault(row.item.evaluation.id, {})[row.by] = score
    alphas = [krippendorff_alpha([list(o.values()) for o in opinions[n].values()]) for n in meant]
    known = [alpha for alpha in alphas if alpha is not None]
    shifts = {
        n: [given(r)[n] - (_raw(r, n) or 0) for r in corrections if n in given(r) and _raw(r, n) is not None]
        for n in meant
    }
    return {
        "total": len(inside),
        "corrections": len(corrections),
        "ratings": len(of(FeedbackType.RATING)),
        "approvals": len(of(FeedbackType.APPROVAL)),
        "comments": len(of(FeedbackType.COMMENT)),
        "usable": len(usable),
        "new_since_last_training": sum(seq > watermark for seq in usable),
        "earliest": min((row.at for row in inside), default=None),
        "latest": max((row.at for row in inside), default=None),
        "evaluations": len({row.item.evaluation.id for row in inside}),
        "raters": len({row.by for row in inside}),
        "doubts": len(doubting),
        "rater_agreement": pytest.approx(fmean(known)) if known else None,
        "conflicts": sum(max(o.values()) - min(o.values()) > 1 for n in meant for o in opinions[n].values()),
        "agreeing": sum(abs(shift) <= 0.5 for n in meant for shift in shifts[n]),
        "criteria": [
            (
                n,
                sum(n in given(row) for row in corrections),
                pytest.approx(fmean(shifts[n])) if shifts[n] else None,
                pytest.approx(fmean(map(abs, shifts[n]))) if shifts[n] else None,
            )
            for n in meant
        ],
    }


def told(summary: Summary) -> dict[str, Any]:
    """A summary in the recount's shape."""
    shifts = [astuple(shift) for shift in summary.criteria]
    names = [field.name for field in fields(Summary) if field.name not in ("criteria", "agreement", "spread")]
    names += ["rater_agreement", "conflicts"]
    return {name: getattr(summary, name) for name in names} | {"criteria": shifts}


def _given(row: Row, meant: tuple[int, ...]) -> dict[int, float]:
    scores = row.item.scores or []
    return {n: score for n, score in enumerate(scores) if n in meant and score is not None}


def _raw(row: Row, ordinal: int) -> float | None:
    return score_at(row.raw, ordinal)


async def short_of(world: World, bounds: FeedbackBounds) -> dict[str, Any]:
    """What is told without reading all rows within bounds, in the recount's shape."""

    def unit(connection: Connection) -> dict[str, Any]:
        criteria = judges.list_criteria(connection, world.judge.pk)
        asked = (connection, world.judge.pk, criteria, bounds)
        figures, agreement = compute_figures(*asked), compute_agreement(*asked)
        names = [field.name for field in fields(FeedbackTotals) if field.name != "criteria"]
        return {name: getattr(figures, name) for name in names} | {
            "new_since_last_training": count_new(*asked),
            "evaluations": count_evaluations(*asked),
            "rater_agreement": agreement.mean,
            "conflicts": agreement.conflicts,
            "criteria": [astuple(shift) for shift in figures.criteria],
        }

    return await world.store.read(unit)


async def put_version(world: World, watermark: int, number: int = 1) -> None:
    """A version that knew all feedback up to a place."""
    values = {
        "id": new_id("ver"), "judge_pk": world.judge.pk, "number": number, "status": VersionStatus.CANDIDATE,
        "watermark": watermark, "lineage": {}, "created_at": now(), "created_by": world.viewer.user_id,
    }  # fmt: skip
    await world.store.write(lambda c: c.execute(insert(JudgeVersion).values(values)))
