"""Assessment of the feedback before a job starts: duplicates, imbalance, agreement and exclusions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.job import EventKind, TrainingType
from models.specs.evaluations import EvaluationSpec
from models.stored.events import WarningBody
from runner.jobs import feedback_quality as quality_module
from runner.jobs.feedback_quality import FeedbackAssessment, LabelBalance
from runner.jobs.manager import JobManager
from runner.jobs.warnings import TrainingWarning
from store.database.store import Store
from store.evaluations import NewEvaluation
from tests.factories import World, add_evaluations, log_of, make_world, new_feedback, record, submit, training_spec
from tests.runner.preflight import preflight_plan

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


async def assess(world: World, kind: TrainingType = TrainingType.FULL_RETRAIN, **config: Any) -> FeedbackAssessment:
    return (await preflight_plan(world, training_spec(world, kind, **config))).quality


async def warnings_of(world: World, **config: Any) -> dict[str, str]:
    plan = await preflight_plan(world, training_spec(world, **config))
    return {notice.code: notice.message for notice in plan.warnings}


async def test_corrections_that_agree_with_the_judge_are_counted(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 4)
    await submit(
        world,
        *(new_feedback(e, scores=[s, None]) for e, s in zip(evaluated, [3.0, 3.5, 3.75, 1.0], strict=True)),
        new_feedback(evaluated[0], rating=5, by="cy"),
    )
    found = await assess(world)

    assert (found.examined, found.whole, found.corrected, found.agreeing, found.confirmed) == (5, True, 4, 2, 2)
    assert found.agreeing_share == 0.5


async def test_without_feedback_the_assessment_is_empty(store: Store) -> None:
    found = await assess(await make_world(store))

    assert found == FeedbackAssessment()
    assert found.agreeing_share is None


async def test_repeated_feedback_of_a_rater_is_counted_and_warned_of(store: Store) -> None:
    world = await make_world(store)
    [evaluation] = await add_evaluations(world, 1)
    await submit(
        world,
        *(new_feedback(evaluation, scores=[score, 4.0]) for score in (2.0, 2.0, 5.0)),
        new_feedback(evaluation, rating=5, by="cy"),
        new_feedback(evaluation, rating=1, by="cy"),
    )

    assert (await assess(world)).repeated == 5  # two criteria twice, a verdict once
    assert "5 scores or verdicts were given again" in (await warnings_of(world))["DUPLICATE_FEEDBACK"]


async def test_imbalanced_labels_are_warned_of_by_criterion(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 12)
    await submit(world, *(new_feedback(e, scores=[4.2, float(1 + n % 5)]) for n, e in enumerate(evaluated)))
    found = await assess(world)
    message = (await warnings_of(world))["CLASS_IMBALANCE"]

    assert found.balance == (LabelBalance(0, 12, 4.0, 12), LabelBalance(1, 12, 1.0, 3))
    assert message.startswith("100% of the 12 labels of crit_clarity are 4:")


async def test_low_agreement_of_raters_is_warned_of(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 6)
    for by, turn in (("ben", 0), ("cy", 2)):
        await submit(
            world, *(new_feedback(e, scores=[float(1 + (n + turn) % 5), None], by=by) for n, e in enumerate(evaluated))
        )

    assert "Krippendorff's alpha" in (await warnings_of(world))["LOW_AGREEMENT"]


async def test_a_low_alpha_of_nearly_equal_scores_is_not_warned_of(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 20)
    for by in ("ann", "ben", "cy"):
        given = [4.0 if (by, n) == ("cy", 19) else 5.0 for n in range(len(evaluated))]
        items = (new_feedback(e, scores=[score, None], by=by) for e, score in zip(evaluated, given, strict=True))
        await submit(world, *items)

    assert "LOW_AGREEMENT" not in await warnings_of(world)


async def test_copies_of_evaluations_are_counted_and_warned_of(store: Store) -> None:
    world = await make_world(store)
    specs = [EvaluationSpec("Same  text." if n % 2 else "same text.", (), group=f"g{n}") for n in range(3)]
    same = [NewEvaluation(spec, [3.0, 3.0]) for spec in specs]
    copies, _ = await record(world, *same)
    others = await add_evaluations(world, 2, start=10)
    await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in (*copies, *others)))

    assert (await assess(world)).copies == 3
    assert "3 evaluations have the same input and output" in (await warnings_of(world))["DUPLICATE_ITEMS"]


async def test_feedback_on_errors_alone_is_warned_of_with_the_agreeing_share(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 12)
    await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in evaluated))
    before = await warnings_of(world)
    await submit(world, new_feedback(evaluated[0], approved=True, by="cy"))

    assert "None of 12 corrected scores (0%) agree with the judge" in before["ONLY_ERRORS"]
    assert "ONLY_ERRORS" not in await warnings_of(world)


async def test_a_few_confirmations_do_not_remove_the_warning(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 100)
    await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in evaluated))
    await submit(world, new_feedback(evaluated[0], approved=True, by="cy"))
    few = await warnings_of(world)
    await submit(world, *(new_feedback(e, rating=5, by="cy") for e in evaluated[1:9]))

    assert "0%) agree with the judge, and 2 more were confirmed" in few["ONLY_ERRORS"]
    assert "ONLY_ERRORS" not in await warnings_of(world)


async def test_few_groups_are_warned_of_and_detect_less_than_many_groups(store: Store) -> None:
    found = {}
    for groups in (4, 40):
        world = await make_world(store, workspace=f"w{groups}")
        evaluated = await add_evaluations(world, 120, groups=groups)
        scores = [5.0 if n % groups % 4 == 0 else 3.0 + n % 2 for n in range(120)]  # a quarter of the groups
        await submit(world, *(new_feedback(e, scores=[s, None]) for e, s in zip(evaluated, scores, strict=True)))
        plan = await preflight_plan(world, training_spec(world))
        found[groups] = plan.detectable_change, {notice.code for notice in plan.warnings}
    split = await preflight_plan(world, training_spec(world, validation_split=0.2))

    assert found[4][0] is not None
    assert found[40][0] is not None
    assert found[4][0] > 3 * found[40][0] > 0
    assert "FEW_GROUPS" in found[4][1] - found[40][1]
    assert split.detectable_change is not None
    assert split.detectable_change > 2 * found[40][0]
    assert "40 groups, of which 8 would be held out" in split.warnings[-1].message


async def test_excluded_feedback_is_counted_by_reason(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 3)
    [unscored] = await add_evaluations(world, 1, scores=(3.0,), start=3)
    await submit(
        world,
        new_feedback(evaluated[0], scores=[5.0, None], submitted_at=START),
        new_feedback(evaluated[1], rating=3, submitted_at=START + DAY),
        new_feedback(evaluated[1], submitted_at=START + DAY),
        new_feedback(unscored, scores=[None, 2.0], submitted_at=START + DAY),
        new_feedback(evaluated[2], scores=[2.0, None], submitted_at=START + DAY),
    )

    assert (await assess(world, feedback_cutoff_date=START + DAY)).excluded == {
        "given before feedbackCutoffDate": 1,
        "neutral ratings of 3": 1,
        "comments": 1,
        "corrections of a criterion that the judge did not score": 1,
    }


async def test_only_the_newest_feedback_is_examined_and_that_is_reported(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality_module, "ROWS_PER_READ", 4)
    monkeypatch.setattr(quality_module, "MAX_EXAMINED", 8)
    world = await make_world(store)
    evaluated = await add_evaluations(world, 6)
    await submit(world, *(new_feedback(e, scores=[1.0, None]) for e in evaluated))
    for _ in range(2):
        await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in evaluated[:4]))
    found = await assess(world)
    message = (await warnings_of(world))["DUPLICATE_FEEDBACK"]

    assert (found.examined, found.whole, found.repeated) == (8, False, 4)
    assert found.balance == (LabelBalance(0, 4, 5.0, 4),)
    assert "of the newest 8 items of feedback" in message


async def test_the_preflight_and_the_jobs_log_have_the_same_warnings(store: Store) -> None:
    world = await make_world(store)
    evaluated = await add_evaluations(world, 12)
    for _ in range(2):
        await submit(world, *(new_feedback(e, scores=[5.0, None]) for e in evaluated))
    spec, manager = training_spec(world, TrainingType.INCREMENTAL), JobManager(store)
    dry = (await preflight_plan(world, spec)).warnings
    job, real = await manager.submit(world.viewer, spec)
    told = [event for event in await log_of(store, job) if event.kind is EventKind.WARNING]

    assert {notice.code for notice in dry} == {
        "NO_ACTIVE_VERSION", "ONLY_ERRORS", "DUPLICATE_FEEDBACK", "CLASS_IMBALANCE",
    }  # fmt: skip
    assert real == dry
    assert [TrainingWarning(event.body.read_as(WarningBody).code, event.message) for event in told] == list(dry)
