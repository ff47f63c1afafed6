"""Factories of records, with default values that a test may override."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, select, update

from models.access import Role, Viewer
from models.base import new_id
from models.errors import Conflict
from models.evaluation import Evaluation, Scores
from models.feedback import Feedback, FeedbackType
from models.job import JobEvent, Priority, TrainingJob, TrainingType
from models.job_status import JobStatus
from models.judge import Criterion, Judge, JudgeVersion
from models.specs.evaluations import EvaluationSpec
from models.specs.feedback import FeedbackSpec
from models.specs.judges import CriterionSpec, JudgeSpec
from models.specs.training_jobs import TrainingConfig, TrainingSpec
from models.stored.evidence import AgreementReport, CriterionEvidence, Interval, TrainingEvidence
from models.stored.training_job import FeedbackSnapshot, Lineage
from store import access, evaluations, feedback, jobs, judges
from store.counters import totals
from store.database.open import open_store
from store.database.rows import fetch_all
from store.database.store import Store
from store.evaluations import NewEvaluation
from store.event_log import events
from store.feedback import NewFeedback
from store.migrate import migrate_store


@dataclass(frozen=True)
class World:
    """A workspace with one viewer, their key and one judge."""

    store: Store
    viewer: Viewer
    key: str
    judge: Judge
    criteria: tuple[Criterion, ...]


def loose_criteria(*names: str, minimum: float = 1.0, maximum: float = 5.0) -> tuple[Criterion, ...]:
    """Return criteria that belong to no judge."""
    return tuple(
        Criterion(
            id=f"cri_{name}",
            ordinal=ordinal,
            key=f"crit_{name}",
            name=name,
            minimum=minimum,
            maximum=maximum,
            step=1.0,
            weight=1.0,
        )
        for ordinal, name in enumerate(names)
    )


async def migrate(url: str) -> None:
    """Create the tables in a database."""
    async with open_store(url) as store:
        await migrate_store(store)


async def make_key(store: Store, *, role: Role = Role.ADMIN, workspace: str = "default", user: str = "ann") -> str:
    """Create a key and return its secret.

    Args:
        store: the database.
        role: the key's role.
        workspace: the name of the workspace, which is created if it does not exist.
        user: the name of the key's user, who is created if they do not exist.
    """
    made = await store.write(lambda c: access.create_key(c, workspace=workspace, user=user, role=role))
    return made.secret


async def make_viewer(store: Store, **values: Any) -> tuple[Viewer, str]:
    """Create a key, and return its viewer and its secret; ``values`` are those of ``make_key``."""
    secret = await make_key(store, **values)
    viewer = await store.read(lambda c: access.find_viewer(c, secret))
    assert viewer is not None
    return viewer, secret


async def make_world(store: Store, *, criteria: tuple[str, ...] = ("Clarity", "Accuracy"), **values: Any) -> World:
    """Create a workspace with a viewer and a judge.

    Args:
        store: the database.
        criteria: the names of the judge's criteria.
        values: arguments of ``make_key``.
    """
    viewer, key = await make_viewer(store, **values)
    spec = JudgeSpec("Judge", tuple(CriterionSpec(name) for name in criteria)).validated()
    judge = await store.write(lambda c: judges.create_judge(c, viewer.workspace_id, viewer.user_id, spec))
    return World(store, viewer, key, judge, await store.read(lambda c: judges.list_criteria(c, judge.pk)))


async def record(world: World, *items: NewEvaluation) -> tuple[list[Evaluation | Conflict], int]:
    """Record evaluations, and return a row or a conflict for each, and the number of new ones."""
    return await world.store.write(
        lambda c: evaluations.record_evaluations(c, world.judge.pk, world.viewer.user_id, items)
    )


async def submit(world: World, *items: NewFeedback) -> tuple[list[Feedback | Conflict], int]:
    """Submit feedback, and return a row or a conflict for each, and the number of new ones."""
    viewer = world.viewer
    return await world.store.write(
        lambda c: feedback.submit_feedback(c, world.judge.pk, viewer.user_id, viewer.user_name, items)
    )


async def retract(world: World, feedback_id: str, reason: str = "A mistake.") -> Feedback:
    """Retract an item of feedback.

    Args:
        world: the workspace.
        feedback_id: the item.
        reason: the reason that is recorded.
    """
    return await world.store.write(
        lambda c: feedback.retract_feedback(c, world.judge.pk, feedback_id, world.viewer.user_id, reason)
    )


async def retract_all(world: World, after: int = 0) -> None:
    """Retract all feedback after a place in the order of ingestion."""
    mine = select(Feedback).where(Feedback.judge_pk == world.judge.pk, Feedback.seq > after)
    for row in await world.store.read(lambda c: fetch_all(c, mine, Feedback)):
        await retract(world, row.id)


async def add_evaluations(
    world: World, number: int, *, groups: int = 10, scores: tuple[float, ...] = (3.0, 3.0), start: int = 0
) -> list[Evaluation]:
    """Record evaluations with the same raw scores.

    Args:
        world: the workspace.
        number: the number of evaluations.
        groups: the number of groups, to which the evaluations are assigned in turn.
        scores: the raw scores.
        start: the number of the first evaluation, by which external ids and texts differ.
    """
    items = [
        NewEvaluation(
            EvaluationSpec(f"Output {n}. " + "word " * (n % 17), (), external_id=f"e{n}", group=f"g{n % groups}"),
            list(scores),
        )
        for n in range(start, start + number)
    ]
    rows, _ = await record(world, *items)
    return [row for row in rows if not isinstance(row, Exception)]


def new_feedback(
    evaluation: Evaluation,
    *,
    scores: Scores | None = None,
    rating: int | None = None,
    approved: bool | None = None,
    by: str = "ben",
    **values: Any,
) -> NewFeedback:
    """Return new feedback, whose type follows from the argument that is given.

    Args:
        evaluation: the evaluation.
        scores: the scores of a correction.
        rating: the rating.
        approved: the verdict of an approval.
        by: the rater.
        values: other fields of the spec; without any, the feedback is a comment.
    """
    kind = FeedbackType.COMMENT
    if scores is not None:
        kind = FeedbackType.CORRECTION
    elif rating is not None:
        kind = FeedbackType.RATING
    elif approved is not None:
        kind = FeedbackType.APPROVAL
    elif "comment" not in values:
        values["comment"] = "Hm."
    spec = FeedbackSpec(kind, evaluation_id=evaluation.id, rating=rating, approved=approved, submitted_by=by, **values)
    return NewFeedback(spec, evaluation, scores)


async def add_corrections(world: World, evaluated: Sequence[Evaluation], score: float = 4.0, by: str = "ben") -> None:
    """Submit a correction of the first criterion for each evaluation.

    Args:
        world: the workspace.
        evaluated: the evaluations.
        score: the corrected score.
        by: the rater.
    """
    others: Scores = [None] * (len(world.criteria) - 1)
    await submit(world, *(new_feedback(e, scores=[score, *others], by=by) for e in evaluated))


def training_spec(world: World, training_type: TrainingType = TrainingType.FULL_RETRAIN, **config: Any) -> TrainingSpec:
    """Return a request for a job on the judge.

    Args:
        world: the workspace.
        training_type: the kind of job.
        config: settings that replace the defaults.
    """
    return TrainingSpec(world.judge.id, training_type, TrainingConfig(**{"minimum_feedback_count": 1} | config))


def job_values(world: World, **values: Any) -> dict[str, Any]:
    """Return the columns of a job for which no rule was checked; ``options`` replaces some of the options."""
    request = training_spec(world)
    return {
        "workspace_id": world.viewer.workspace_id,
        "judge_pk": world.judge.pk,
        "training_type": TrainingType.FULL_RETRAIN,
        "priority": int(Priority.NORMAL),
        "config": request.config.to_stored(),
        "options": structs.replace(request.options.to_stored(), **values.pop("options", {})),
        "request_digest": "",
        "feedback_after": 0,
        "feedback_upto": 0,
        "summary": FeedbackSnapshot(total=0, corrections=0, ratings=0, usable=0, earliest=None, latest=None),
        "created_by": world.viewer.user_id,
    } | values


async def make_job(world: World, *, start: bool = True, **values: Any) -> TrainingJob:
    """Create a job.

    Args:
        world: the workspace.
        start: whether the job is queued.
        values: columns of the job.
    """
    row = job_values(world, **values)
    return await world.store.write(lambda c: jobs.create_job(c, jobs.NewJob(**row), [], start=start))


async def put_job(world: World, status: JobStatus, **values: Any) -> TrainingJob:
    """Create a job and set its state directly, without transitions.

    Args:
        world: the workspace.
        status: the state.
        values: other columns to set.
    """
    job = await make_job(world)

    def unit(connection: Connection) -> TrainingJob:
        connection.execute(update(TrainingJob).where(TrainingJob.id == job.id).values(status=status, **values))
        totals.rebuild(connection)
        return jobs.get_job_or_raise(connection, job.workspace_id, job.id)

    return await world.store.write(unit)


async def job_now(store: Store, job: TrainingJob) -> TrainingJob:
    """Return the current row of a job."""
    return await store.read(lambda c: jobs.get_job_or_raise(c, job.workspace_id, job.id))


async def log_of(store: Store, job: TrainingJob) -> list[JobEvent]:
    """Return a job's events in order."""
    return await store.read(lambda c: fetch_all(c, events.for_job(job.id).order_by(JobEvent.seq), JobEvent))


def agreement_report(error: float = 0.1) -> AgreementReport:
    """Return figures of agreement, of which only the mean absolute error is given."""
    return AgreementReport(
        mean_absolute_error=error,
        spearman=0.5,
        quadratic_weighted_kappa=0.5,
        exact_agreement=0.5,
        within_one_agreement=0.9,
        bias=0.0,
        calibration_error=0.05,
    )


def evidence(*, improved: bool = True, worsened: bool = False) -> TrainingEvidence:
    """Return evidence on one criterion.

    Args:
        improved: whether the version is proven better.
        worsened: whether the criterion is proven worse.
    """
    estimate = -0.1 if improved else 0.05
    report = agreement_report()
    criterion = CriterionEvidence(
        criterion="crit_clarity",
        raw=report,
        before=report,
        after=report,
        constant_baseline=report,
        mae_change=Interval(estimate=0.2, lower=0.1, upper=0.3),
        spearman_change=None,
        improved=False,
        worsened=worsened,
        held_out_count=10,
    )
    return TrainingEvidence(
        raw=report,
        before=report,
        after=report,
        constant_baseline=report,
        mae_change=Interval(estimate=estimate, lower=estimate - 0.04, upper=estimate + 0.04),
        spearman_change=None,
        improved=improved,
        held_out_count=10,
        group_count=5,
        method="Out of fold.",
        criteria=(criterion,),
    )


async def make_version(world: World, **values: Any) -> JudgeVersion:
    """Create a version that is proven better than the raw scores; ``values`` replace its columns."""
    row = {
        "parent_id": None,
        "evidence": evidence(),
        "proven_against": None,
        "watermark": 0,
        "lineage": Lineage(),
        "created_by": world.viewer.user_id,
        "job_id": new_id("job"),
    } | values
    return await world.store.write(
        lambda c: judges.add_version(c, world.judge.pk, b"learned", judges.NewVersion(**row))
    )
