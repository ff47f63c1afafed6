"""Make what a test needs, with sensible values where it does not care."""

from dataclasses import dataclass
from typing import Any

from models.access import Role, Viewer
from models.evaluation import Evaluation
from models.feedback import FeedbackType
from models.job import TrainingType
from models.judge import Criterion, Judge
from models.spec import CriterionSpec, EvaluationSpec, FeedbackSpec, JudgeSpec, TrainingConfig, TrainingSpec
from store import access, evaluations, feedback, judges
from store.evaluations import NewEvaluation
from store.feedback import NewFeedback
from store.store import Store


@dataclass(frozen=True)
class World:
    """A workspace with a judge of two criteria."""

    store: Store
    viewer: Viewer
    key: str
    judge: Judge
    criteria: tuple[Criterion, ...]


async def make_key(store: Store, *, role: Role = Role.ADMIN, workspace: str = "default", user: str = "ann") -> str:
    """The secret of a new key."""
    made = await store.write(lambda c: access.create_key(c, workspace=workspace, user=user, role=role))
    return made.secret


async def make_viewer(store: Store, **values: Any) -> tuple[Viewer, str]:
    """Somebody with a key, and the key."""
    secret = await make_key(store, **values)
    viewer = await store.read(lambda c: access.viewer_of(c, secret))
    assert viewer is not None
    return viewer, secret


async def make_world(store: Store, *, criteria: tuple[str, ...] = ("Clarity", "Accuracy"), **values: Any) -> World:
    """A workspace, somebody in it, and a judge."""
    viewer, key = await make_viewer(store, **values)
    spec = JudgeSpec("Judge", tuple(CriterionSpec(name) for name in criteria)).checked()
    judge = await store.write(lambda c: judges.create(c, viewer.workspace_id, viewer.user_id, spec))
    return World(store, viewer, key, judge, await store.read(lambda c: judges.criteria(c, judge.pk)))


async def add_evaluations(
    world: World, number: int, *, groups: int = 10, scores: tuple[float, ...] = (3.0, 3.0)
) -> list[Evaluation]:
    """Evaluations with the same raw scores, spread over groups."""
    items = [
        NewEvaluation(
            EvaluationSpec(f"Output {n}. " + "word " * (n % 17), (), external_id=f"e{n}", group=f"g{n % groups}"),
            list(scores),
        )
        for n in range(number)
    ]
    rows, _ = await world.store.write(lambda c: evaluations.record(c, world.judge.pk, world.viewer.user_id, items))
    return [row for row in rows if not isinstance(row, Exception)]


async def add_corrections(world: World, evaluated: list[Evaluation], score: float = 4.0, by: str = "ben") -> None:
    """One correction of the first criterion for each evaluation."""
    items = [
        NewFeedback(
            FeedbackSpec(FeedbackType.CORRECTION, evaluation_id=e.id, submitted_by=by),
            e,
            [score, *[None] * (len(world.criteria) - 1)],
        )
        for e in evaluated
    ]
    await world.store.write(
        lambda c: feedback.submit(c, world.judge.pk, world.viewer.user_id, world.viewer.user_name, items)
    )


def training_spec(world: World, training_type: TrainingType = TrainingType.FULL_RETRAIN, **config: Any) -> TrainingSpec:
    """A request for a job on the world's judge."""
    return TrainingSpec(world.judge.id, training_type, TrainingConfig(**{"minimum_feedback_count": 1} | config))
