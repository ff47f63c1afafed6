"""Budgets of the documents in `frontend-queries/`: the statements and transactions that each of them may cost.

A higher number needs a reason; a lower one is welcome. The workspace has 20 judges with feedback, and 50 jobs with
proofs, so that a statement for each row of a list exceeds every budget.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from msgspec import structs
from sqlalchemy import event
from sqlalchemy.engine import Engine

from models.base import now
from models.job_status import JobStatus
from models.specs.judges import CriterionSpec, JudgeSpec
from resolvers.context import Context
from runner.analysis.results import Comparison, LearningCurveResult, SuggestedItem, Suggestions
from runner.jobs.manager import JobManager
from runner.versions.scorer import Scorer
from schema.build import build_schema
from server import documents
from store import access, judges
from store.database.keyset import encode_cursor
from store.database.store import Store
from store.event_log.feed import EventFeed
from tests.factories import (
    World,
    add_corrections,
    add_evaluations,
    evidence,
    make_version,
    make_world,
    new_feedback,
    put_job,
    submit,
)

# Statements and transactions, of the database that needs more.
BUDGETS = {
    "ApiKeys": (3, 2),
    "AuditLog": (3, 2),
    "CancelTrainingJob": (16, 2),
    "CompareVersions": (6, 3),
    "CreateApiKey": (8, 2),
    "CreateJudge": (7, 2),
    "CreateTrainingJob": (34, 7),
    "DeployJudgeVersion": (10, 2),
    "Evaluate": (2, 2),
    "Evaluation": (7, 4),
    "FeedbackByDay": (9, 1),
    "FeedbackSummary": (11, 2),
    "FeedbackSummaryChanged": (10, 2),
    "Judge": (4, 2),
    "JudgeEvaluations": (4, 3),
    "JudgeFeedback": (6, 4),
    "JudgeOverview": (15, 4),
    "JudgeVersion": (3, 2),
    "JudgeVersions": (4, 3),
    "Judges": (5, 2),
    "JudgesOverview": (46, 2),
    "LearningCurve": (2, 1),
    "RecordEvaluations": (6, 3),
    "RetractFeedback": (17, 3),
    "RetryTrainingJob": (36, 8),
    "RevokeApiKey": (8, 2),
    "RollbackJudge": (11, 2),
    "StartTrainingJob": (13, 2),
    "SubmitFeedback": (20, 6),
    "SuggestEvaluationsToReview": (5, 3),
    "TrainingJob": (6, 2),
    "TrainingJobActivity": (7, 5),
    "TrainingJobEvents": (3, 3),
    "TrainingJobProof": (2, 2),
    "TrainingJobStatus": (4, 2),
    "TrainingJobs": (5, 2),
    "TrainingPreflight": (23, 7),
    "UpdateJudge": (9, 2),
    "Users": (2, 2),
    "Viewer": (0, 0),
}

SCHEMA = build_schema()


@dataclass
class Cost:
    """Statements and transactions so far. Settings of the connection are not counted."""

    statements: int = 0
    transactions: int = 0


@contextmanager
def counted() -> Iterator[Cost]:
    """Count the statements and transactions of all databases during the block."""
    cost = Cost()

    def on_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        cost.statements += not statement.startswith(("BEGIN", "SET ", "PRAGMA", "SAVEPOINT", "RELEASE"))

    def on_begin(_connection: Any) -> None:
        cost.transactions += 1

    event.listen(Engine, "before_cursor_execute", on_statement)
    event.listen(Engine, "begin", on_begin)
    try:
        yield cost
    finally:
        event.remove(Engine, "before_cursor_execute", on_statement)
        event.remove(Engine, "begin", on_begin)


class FixedAnalysis:
    """Results of analyses, without their processes."""

    def __init__(self, evaluation_ids: list[str]) -> None:
        self.evaluation_ids = evaluation_ids

    async def run(self, _request: object, kind: type) -> Any:
        """Return a result of a kind."""
        if kind is Comparison:
            return Comparison(evaluations=1, flipped=0, criteria=[], items=[])
        if kind is LearningCurveResult:
            return LearningCurveResult(labels=0, points=[])
        return Suggestions([SuggestedItem(each, 1.0, 1.0, 1.0, "Uncertain.") for each in self.evaluation_ids])


@asynccontextmanager
async def context(world: World, evaluation_ids: list[str]) -> AsyncIterator[Context]:
    """Yield the context of one request."""
    feed = EventFeed(world.store)
    analysis: Any = FixedAnalysis(evaluation_ids)
    manager = JobManager(world.store, allow_private_targets=False)
    yield Context(world.viewer, world.store, feed, manager, Scorer(world.store), analysis)
    await feed.close()


async def measure(ctx: Context, text: str, **variables: Any) -> tuple[int, int]:
    """Return the cost of an operation; of a subscription until its first result."""
    with counted() as cost:
        if "\nsubscription" in text or text.startswith("subscription"):
            results: Any = await SCHEMA.subscribe(text, variable_values=variables, context_value=ctx)
            async with aclosing(results):
                result = await anext(results)
        else:
            result = await SCHEMA.execute(text, variable_values=variables, context_value=ctx)
    assert result.errors is None, result.errors
    for payload in (result.data or {}).values():
        if isinstance(payload, dict):
            assert not payload.get("userErrors"), payload
    return cost.statements, cost.transactions


@dataclass
class Populated:
    """A workspace with 20 judges, and the variables of every document."""

    world: World
    evaluation_ids: list[str]
    variables: dict[str, dict[str, Any]]


async def populate(store: Store) -> Populated:
    world = await make_world(store)
    worlds = [world]
    for number in range(19):
        spec = JudgeSpec(f"Judge {number}", (CriterionSpec("Clarity"), CriterionSpec("Accuracy"))).validated()
        judge = await store.write(
            lambda c, spec=spec: judges.create_judge(c, world.viewer.workspace_id, world.viewer.user_id, spec)
        )
        criteria = await store.read(lambda c, pk=judge.pk: judges.list_criteria(c, pk))
        worlds.append(World(store, world.viewer, world.key, judge, criteria))
    evaluation_ids: list[str] = []
    feedback_ids: list[str] = []
    for each in worlds:
        evaluated = await add_evaluations(each, 5)
        await add_corrections(each, evaluated)
        rated, _ = await submit(each, *(new_feedback(item, rating=5, by="cy") for item in evaluated))
        if each is world:
            evaluation_ids = [item.id for item in evaluated]
            feedback_ids = [item.id for item in rated]  # type: ignore[union-attr]
    proof = evidence()
    proof = structs.replace(proof, criteria=(structs.replace(proof.criteria[0], criterion=world.criteria[0].id),))
    version = await make_version(world, evidence=proof, job_id=None)
    moments = {"started_at": now(), "finished_at": now()}
    done = [
        await put_job(world, JobStatus.COMPLETED, evidence=proof, result_version_id=version.id, **moments)
        for _ in range(50)
    ]
    failed = await put_job(world, JobStatus.FAILED, error_code="INTERNAL", error_message="It failed.", **moments)
    created = await put_job(world, JobStatus.CREATED)
    queued = await put_job(world, JobStatus.QUEUED)
    other = await store.write(
        lambda c: access.create_key(
            c, workspace="default", user="ben", role=world.viewer.role, expires_at=None, actor=world.viewer
        )
    )
    return Populated(world, evaluation_ids, _variables(world, evaluation_ids, feedback_ids, version.id) | {
        "TrainingJob": {"id": done[0].id},
        "TrainingJobProof": {"id": done[0].id},
        "TrainingJobEvents": {"jobId": done[0].id},
        "TrainingJobStatus": {"jobId": done[0].id},
        "TrainingJobs": {"first": 50},
        "RetryTrainingJob": {"input": {"jobId": failed.id}},
        "StartTrainingJob": {"input": {"jobId": created.id}},
        "CancelTrainingJob": {"input": {"jobId": queued.id}},
        "Evaluate": {"input": {"judgeId": worlds[1].judge.id, "items": [_item(worlds[1])]}},
        "RevokeApiKey": {"input": {"keyId": other.id}},
    })  # fmt: skip


def _item(world: World) -> dict[str, Any]:
    return {"output": "An answer.", "scores": [{"criterionId": c.id, "score": 3} for c in world.criteria]}


def _variables(
    world: World, evaluation_ids: list[str], feedback_ids: list[str], version_id: str
) -> dict[str, dict[str, Any]]:
    judge = world.judge.id
    of_judge = {"judgeId": judge}
    job = {"judgeId": judge, "trainingType": "FULL_RETRAIN", "trainingConfig": {"minimumFeedbackCount": 1}}
    return {
        "ApiKeys": {},
        "AuditLog": {},
        "CompareVersions": of_judge,
        "CreateApiKey": {"input": {"role": "VIEWER"}},
        "CreateJudge": {"input": {"name": "New", "criteria": [{"name": "Clarity"}]}},
        "CreateTrainingJob": {"input": job},
        "DeployJudgeVersion": {"input": {"versionId": version_id, "force": True, "reason": "A test."}},
        "Evaluation": {"id": evaluation_ids[0]},
        "FeedbackByDay": of_judge,
        "FeedbackSummary": of_judge,
        "FeedbackSummaryChanged": of_judge,
        "Judge": {"id": judge},
        "JudgeEvaluations": of_judge,
        "JudgeFeedback": of_judge,
        "JudgeOverview": {"id": judge},
        "JudgeVersion": {"id": version_id},
        "JudgeVersions": of_judge,
        "Judges": {},
        "JudgesOverview": {},
        "LearningCurve": of_judge,
        "RecordEvaluations": {"input": of_judge | {"evaluations": [_item(world)]}},
        "RetractFeedback": {"input": {"feedbackId": feedback_ids[0], "reason": "A mistake."}},
        "RollbackJudge": {"input": of_judge},
        "SubmitFeedback": {
            "input": of_judge | {"feedback": [{"evaluationId": evaluation_ids[0], "type": "RATING", "rating": 4}]}
        },
        "SuggestEvaluationsToReview": of_judge,
        "TrainingJobActivity": of_judge | {"after": encode_cursor("event", 0)},
        "TrainingPreflight": {"input": job},
        "UpdateJudge": {"input": of_judge | {"description": "Changed."}},
        "Users": {},
        "Viewer": {},
    }


async def test_documents_keep_their_budgets(store: Store) -> None:
    populated = await populate(store)
    deploy, roll_back = "DeployJudgeVersion", "RollbackJudge"  # the judge has an active version in between
    names = [deploy, *(name for name in documents.names() if name not in (deploy, roll_back)), roll_back]
    exceeded = {}
    for name in names:
        async with context(populated.world, populated.evaluation_ids) as ctx:
            cost = await measure(ctx, documents.load(name), **populated.variables[name])
        if any(used > allowed for used, allowed in zip(cost, BUDGETS[name], strict=True)):
            exceeded[name] = cost
    assert exceeded == {}
