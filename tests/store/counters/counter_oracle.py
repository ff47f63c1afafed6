"""Test oracle for counters: the figures of feedback, computed from the rows literally as they are defined."""

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
from store.database.snapshot import snapshot
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
class OracleRow:
    """An item of feedback as the oracle knows it."""

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
) -> list[OracleRow]:
    """Submit random feedback of all types, and retract some of it.

    Args:
        world: the judge and its store.
        rng: the source of randomness.
        number: how many items to submit.
        apart: the distance of two moments.
        astray: the share of items whose moments are out of order; some of them share a moment.
    """

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
        rows.append(OracleRow(row.seq, item.evaluation.scores, item.evaluation.group or "", item, rng.random() < 0.1))
    gone = [kept[number].id for number, row in enumerate(rows) if row.retracted]  # type: ignore[union-attr]
    for feedback_id in gone:
        await retract(world, feedback_id)
    return rows


async def read_summary(world: World, bounds: FeedbackBounds | None = None) -> Summary:
    return await world.store.read(
        snapshot(
            lambda c: summarise(c, world.judge.pk, judges.list_criteria(c, world.judge.pk), bounds or FeedbackBounds())
        )
    )


def rows_within(rows: list[OracleRow], bounds: FeedbackBounds, selected: tuple[int, ...]) -> list[OracleRow]:
    """Return the rows that count, in the order in which they were given.

    Args:
        rows: all rows.
        bounds: which feedback is counted.
        selected: the ordinals of the selected criteria.
    """
    return [
        row
        for row in sorted(rows, key=lambda r: (r.at, r.seq))
        if not row.retracted
        and (bounds.since is None or row.at >= bounds.since)
        and (bounds.until is None or row.at < bounds.until)
        and row.seq > bounds.after_seq
        and (bounds.upto_seq is None or row.seq <= bounds.upto_seq)
        and (row.item.spec.type is not FeedbackType.CORRECTION or bounds.criteria is None or _given(row, selected))
    ]


def expected_raters(rows: list[OracleRow], bounds: FeedbackBounds) -> list[RaterCount]:
    """Return the raters within bounds with their numbers of items, most first."""
    within = rows_within(rows, bounds, bounds.criteria or ())
    total = Counter(row.by for row in within)
    corrections = Counter(row.by for row in within if row.item.spec.type is FeedbackType.CORRECTION)
    ordered = sorted(total, key=lambda rater: (-total[rater], rater))
    return [RaterCount(rater, total[rater], corrections[rater]) for rater in ordered]


async def read_raters(world: World, bounds: FeedbackBounds, first: int) -> list[RaterCount]:
    """Return the listed raters.

    Args:
        world: the judge and its store.
        bounds: which feedback is counted.
        first: the largest number of raters.
    """
    return await world.store.read(
        lambda c: list_raters(c, world.judge.pk, judges.list_criteria(c, world.judge.pk), bounds, first)
    )


def usable_seqs(rows: list[OracleRow], bounds: FeedbackBounds, criteria: int = 3) -> list[int]:
    """Return the ``seq`` of the rows that yield a label: of a rater's corrections of an evaluation, the latest.

    Args:
        rows: all rows.
        bounds: which feedback is counted.
        criteria: how many criteria the judge has.
    """
    selected = tuple(range(criteria)) if bounds.criteria is None else bounds.criteria
    within = rows_within(rows, bounds, selected)
    confirming = [r for r in within if (r.item.spec.rating or 0) >= 4 or r.item.spec.approved is True]
    latest = {
        (row.item.evaluation.id, row.by): row.seq
        for row in within
        if any(_raw(row, n) is not None for n in _given(row, selected))
    }
    return [row.seq for row in confirming] + list(latest.values())


def expected_figures(
    rows: list[OracleRow], bounds: FeedbackBounds, watermark: int, criteria: int = 3
) -> dict[str, Any]:
    """Return the expected figures.

    Args:
        rows: all rows.
        bounds: which feedback is counted.
        watermark: the ``seq`` up to which the newest version knew the feedback.
        criteria: how many criteria the judge has.
    """
    selected = tuple(range(criteria)) if bounds.criteria is None else bounds.criteria
    within = rows_within(rows, bounds, selected)

    def given(row: OracleRow) -> dict[int, float]:
        return _given(row, selected)

    def of(kind: FeedbackType) -> list[OracleRow]:
        return [row for row in within if row.item.spec.type is kind]

    corrections = of(FeedbackType.CORRECTION)
    doubting = [r for r in within if r.item.spec.rating in (1, 2) or r.item.spec.approved is False]
    usable = usable_seqs(rows, bounds, criteria)
    shifts = {
        n: [given(r)[n] - (_raw(r, n) or 0) for r in corrections if n in given(r) and _raw(r, n) is not None]
        for n in selected
    }
    return {
        "total": len(within),
        "corrections": len(corrections),
        "ratings": len(of(FeedbackType.RATING)),
        "approvals": len(of(FeedbackType.APPROVAL)),
        "comments": len(of(FeedbackType.COMMENT)),
        "usable": len(usable),
        "new_since_last_training": sum(seq > watermark for seq in usable),
        "earliest": min((row.at for row in within), default=None),
        "latest": max((row.at for row in within), default=None),
        "evaluations": len({row.item.evaluation.id for row in within}),
        "raters": len({row.by for row in within}),
        "doubts": len(doubting),
        **_expected_agreement(corrections, selected),
        "agreeing": sum(abs(shift) <= 0.5 for n in selected for shift in shifts[n]),
        "criteria": [
            (
                n,
                sum(n in given(row) for row in corrections),
                pytest.approx(fmean(shifts[n])) if shifts[n] else None,
                pytest.approx(fmean(map(abs, shifts[n]))) if shifts[n] else None,
            )
            for n in selected
        ],
    }


def _expected_agreement(corrections: list[OracleRow], selected: tuple[int, ...]) -> dict[str, Any]:
    """Return the raters' agreement and the number of conflicts, from each rater's latest scores."""
    latest: dict[int, dict[str, dict[str, float]]] = {n: {} for n in selected}
    for row in corrections:
        for n, score in _given(row, selected).items():
            latest[n].setdefault(row.item.evaluation.id, {})[row.by] = score
    alphas = [krippendorff_alpha([list(scores.values()) for scores in latest[n].values()]) for n in selected]
    known = [alpha for alpha in alphas if alpha is not None]
    return {
        "rater_agreement": pytest.approx(fmean(known)) if known else None,
        "conflicts": sum(max(s.values()) - min(s.values()) > 1 for n in selected for s in latest[n].values()),
    }


def to_comparable(summary: Summary) -> dict[str, Any]:
    """Return a summary in the shape of the expected figures."""
    shifts = [astuple(shift) for shift in summary.criteria]
    names = [field.name for field in fields(Summary) if field.name not in ("criteria", "agreement", "spread")]
    names += ["rater_agreement", "conflicts"]
    return {name: getattr(summary, name) for name in names} | {"criteria": shifts}


def _given(row: OracleRow, selected: tuple[int, ...]) -> dict[int, float]:
    scores = row.item.scores or []
    return {n: score for n, score in enumerate(scores) if n in selected and score is not None}


def _raw(row: OracleRow, ordinal: int) -> float | None:
    return score_at(row.raw, ordinal)


async def read_counted_figures(world: World, bounds: FeedbackBounds) -> dict[str, Any]:
    """Return the figures that come from counters, in the shape of the expected figures."""

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

    return await world.store.read(snapshot(unit))


async def add_version(world: World, watermark: int, number: int = 1) -> None:
    """Add a version that knew the feedback up to its watermark.

    Args:
        world: the judge and its store.
        watermark: the ``seq`` of the last known feedback.
        number: the version's number.
    """
    values = {
        "id": new_id("ver"), "judge_pk": world.judge.pk, "number": number, "status": VersionStatus.CANDIDATE,
        "watermark": watermark, "lineage": {}, "created_at": now(), "created_by": world.viewer.user_id,
    }  # fmt: skip
    await world.store.write(lambda c: c.execute(insert(JudgeVersion).values(values)))
