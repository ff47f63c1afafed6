"""Tests of the object types."""

from typing import Any, TypeVar

import msgspec
import pytest

from models.access import Role, Viewer
from models.evaluation import Evaluation
from models.feedback import Agreement, CriterionShift, Feedback, FeedbackBounds, FeedbackType, RaterCount, Summary
from models.job import Delivery, DeliveryStatus, EventKind, JobEvent, TrainingJob, TrainingType
from models.job_status import JobStatus
from models.judge import JudgeVersion, VersionStatus
from models.stored.evidence import TrainingEvidence
from models.stored.json_column import Stored, StoredVariant
from models.stored.training_job import (
    ChosenSettings,
    DeploymentDecision,
    FeedbackSnapshot,
    JobConfig,
    JobOptions,
    JobProgress,
)
from resolvers.evaluations import EvaluatedItems, ScoredCriterion, ScoredItem
from resolvers.page import ListPage
from tests.schema.records import CLARITY, JUDGE, MOMENT, Ask, Known, Resolve

T = TypeVar("T")

REPORT = {
    "mean_absolute_error": 0.2,
    "spearman": 0.5,
    "quadratic_weighted_kappa": None,
    "exact_agreement": 0.4,
    "within_one_agreement": 0.9,
    "bias": -0.1,
    "calibration_error": None,
}
CHANGE = {"estimate": -0.1, "lower": -0.2, "upper": -0.05}
EVIDENCE = {
    "raw": REPORT,
    "before": REPORT,
    "after": REPORT,
    "constant_baseline": REPORT,
    "mae_change": CHANGE,
    "spearman_change": None,
    "improved": True,
    "held_out_count": 40,
    "group_count": 12,
    "method": "5 folds",
    "criteria": [
        {
            "criterion": "crit_1",
            "raw": REPORT,
            "before": REPORT,
            "after": None,
            "mae_change": CHANGE,
            "spearman_change": None,
            "improved": True,
            "worsened": False,
            "held_out_count": 40,
        }
    ],
}

CONFIG = {
    "feedback_cutoff_date": None,
    "minimum_feedback_count": 20,
    "validation_split": None,
    "learning_rate": None,
    "max_epochs": 9,
    "early_stopping": None,
    "target_criteria": None,
    "seed": 0,
}


def stored(kind: type[T], content: dict[str, Any]) -> Stored[T]:
    return Stored.of(msgspec.convert(content, kind))


def job(**changes: Any) -> TrainingJob:
    return TrainingJob(
        **{
            "id": "job_1",
            "judge_pk": 7,
            "training_type": TrainingType.FULL_RETRAIN,
            "status": JobStatus.QUEUED,
            "config": stored(JobConfig, CONFIG),
            "chosen": None,
            "options": stored(
                JobOptions,
                {
                    "priority": "HIGH",
                    "auto_deploy": False,
                    "backup_current_version": True,
                    "notification_email": "ann@example.org",
                    "webhook_url": None,
                    "auto_start": True,
                },
            ),
            "summary": stored(
                FeedbackSnapshot,
                {
                    "total": 5,
                    "corrections": 3,
                    "ratings": 2,
                    "usable": 4,
                    "earliest": "2026-01-31T12:00:00+00:00",
                    "latest": None,
                },
            ),
            "created_at": MOMENT,
            "created_by": "usr_ann",
            "attempt": 0,
            **changes,
        }
    )


def shown(result: Any) -> Any:
    assert result.errors is None, result.errors
    return result.data


async def one() -> int:
    return 1


def page(*items: Any) -> ListPage[Any]:
    return ListPage(items, tuple(f"c{n}" for n in range(len(items))), has_next=True, has_previous=False, count=one)


async def test_the_viewer(ask: Ask) -> None:
    data = shown(await ask("{ viewer { id name role user { id name } workspace { id name } } }"))
    assert data["viewer"] == {
        "id": "key_1",
        "name": "ann",
        "role": "TRAINER",
        "user": {"id": "usr_ann", "name": "ann"},
        "workspace": {"id": "wsp_1", "name": "team"},
    }


async def test_a_judge(ask: Ask, resolve: Resolve) -> None:
    resolve("judges.find_judge", JUDGE)
    data = shown(
        await ask(
            """
            { judge(id: "jdg_a") {
                id description createdAt createdBy { name } activeVersion { id }
                criteria { id key min max step weight }
            } }
            """
        )
    )
    assert data["judge"] == {
        "id": "jdg_a",
        "description": None,
        "createdAt": "2026-01-31T12:00:00Z",
        "createdBy": {"name": "ann"},
        "activeVersion": None,
        "criteria": [{"id": "crit_1", "key": "crit_clarity", "min": 1.0, "max": 5.0, "step": 1.0, "weight": 1.0}],
    }


async def test_an_unknown_object_is_null(ask: Ask, resolve: Resolve) -> None:
    names = (
        "judges.find_judge",
        "jobs.find_job",
        "evaluations.find_evaluation",
        "summary.summarize_judge",
        "node.find_node",
    )
    for name in names:
        resolve(name, None)
    data = shown(
        await ask(
            """
            { node(id: 1) { id } judge(id: 1) { id } trainingJob(id: 1) { id } evaluation(id: 1) { id }
              feedbackSummary(judgeId: 1) { usableCount } }
            """
        )
    )
    assert set(data.values()) == {None}


async def test_edges_and_nodes_contain_the_same_objects(ask: Ask, resolve: Resolve) -> None:
    resolve("judges.list_judges", page(JUDGE))
    document = "{ judges { edges { cursor node { id } } nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"  # noqa: E501
    assert shown(await ask(document))["judges"] == {
        "edges": [{"cursor": "c0", "node": {"id": "jdg_a"}}],
        "nodes": [{"id": "jdg_a"}],
        "totalCount": 1,
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": "c0", "endCursor": "c0"},
    }


@pytest.mark.parametrize(
    ("kind", "record", "name"),
    [
        ("judge", JUDGE, "Judge"),
        ("version", JudgeVersion(id="ver_1", number=1, status=VersionStatus.ACTIVE, created_at=MOMENT), "JudgeVersion"),
        ("job", job(), "TrainingJob"),
        ("evaluation", Evaluation(id="evl_1", output="o", created_at=MOMENT), "Evaluation"),
        (
            "feedback",
            Feedback(id="fb_1", type=FeedbackType.COMMENT, submitted_by="ann", submitted_at=MOMENT),
            "Feedback",
        ),
    ],
)
async def test_node_returns_each_kind_of_object(ask: Ask, resolve: Resolve, kind: str, record: Any, name: str) -> None:
    resolve("node.find_node", (kind, record))
    data = shown(await ask("{ node(id: 1) { __typename id } }"))
    assert data["node"] == {"__typename": name, "id": record.id}


JOB = """
{ trainingJob(id: "job_1") {
    status estimatedDuration attempt startedAt
    trainingConfig { feedbackCutoffDate learningRate maxEpochs earlyStopping validationSplit targetCriteria { key } }
    executionOptions { priority notificationEmail webhookUrl }
    feedbackDataSummary { totalFeedbackCount correctionCount ratingCount dateRange { earliest latest } }
    progress { fraction epoch loss } error { code message } deployment { deployed decidedAt }
    judge { id } createdBy { id } baseVersion { id } resultVersion { id } retryOf { id }
    evidence { improved heldOutCount maeChange { estimate lower upper } after { spearman }
      criteria { criterion { key } worsened after { bias } } }
} }
"""


async def test_a_queued_job(ask: Ask, resolve: Resolve) -> None:
    resolve("jobs.find_job", job(estimated_seconds=61.0))
    found = shown(await ask(JOB))["trainingJob"]
    assert found == {
        "status": "QUEUED",
        "estimatedDuration": 2,
        "attempt": 0,
        "startedAt": None,
        "trainingConfig": {
            "feedbackCutoffDate": None,
            "learningRate": None,
            "maxEpochs": 9,
            "earlyStopping": None,
            "validationSplit": None,
            "targetCriteria": [],
        },
        "executionOptions": {"priority": "HIGH", "notificationEmail": "ann@example.org", "webhookUrl": None},
        "feedbackDataSummary": {
            "totalFeedbackCount": 5,
            "correctionCount": 3,
            "ratingCount": 2,
            "dateRange": {"earliest": "2026-01-31T12:00:00Z", "latest": None},
        },
        "progress": {"fraction": 0.0, "epoch": None, "loss": None},
        "error": None,
        "deployment": None,
        "judge": {"id": "jdg_a"},
        "createdBy": {"id": "usr_ann"},
        "baseVersion": None,
        "resultVersion": None,
        "retryOf": None,
        "evidence": None,
    }


async def test_a_completed_job(ask: Ask, resolve: Resolve, context: Any) -> None:
    context.loaders.versions = Known({"ver_1": JudgeVersion(id="ver_1", number=1, status=VersionStatus.CANDIDATE)})
    context.loaders.jobs = Known({"job_0": job(id="job_0")})
    config = CONFIG | {"feedback_cutoff_date": "2026-01-01T00:00:00+00:00", "target_criteria": ["crit_1"]}
    chosen = {"learning_rate": 0.5, "max_epochs": 30, "early_stopping": True, "validation_split": None}
    record = job(
        status=JobStatus.COMPLETED,
        config=stored(JobConfig, config),
        chosen=stored(ChosenSettings, chosen),
        estimated_seconds=0.1,
        progress=stored(
            JobProgress, {"fraction": 0.97, "epoch": 4, "max_epochs": 9, "loss": 0.25, "validation_loss": None}
        ),
        result_version_id="ver_1",
        retry_of="job_0",
        evidence=stored(TrainingEvidence, EVIDENCE),
        deployment=stored(
            DeploymentDecision, {"deployed": True, "reason": "Better.", "decided_at": "2026-01-31T12:00:00.5+00:00"}
        ),
    )
    resolve("jobs.find_job", record)
    found = shown(await ask(JOB))["trainingJob"]
    assert found["estimatedDuration"] == 1
    assert found["trainingConfig"] == {
        "feedbackCutoffDate": "2026-01-01T00:00:00Z",
        "learningRate": 0.5,
        "maxEpochs": 9,
        "earlyStopping": True,
        "validationSplit": None,
        "targetCriteria": [{"key": "crit_clarity"}],
    }
    assert found["progress"] == {"fraction": 1.0, "epoch": 4, "loss": 0.25}
    assert found["deployment"] == {"deployed": True, "decidedAt": "2026-01-31T12:00:00.500000Z"}
    assert (found["resultVersion"], found["retryOf"]) == ({"id": "ver_1"}, {"id": "job_0"})
    assert found["evidence"] == {
        "improved": True,
        "heldOutCount": 40,
        "maeChange": CHANGE,
        "after": {"spearman": 0.5},
        "criteria": [{"criterion": {"key": "crit_clarity"}, "worsened": False, "after": None}],
    }


async def test_a_failed_job(ask: Ask, resolve: Resolve) -> None:
    resolve("jobs.find_job", job(status=JobStatus.FAILED, error_code="DIVERGED", error_message="It grew and grew."))
    found = shown(await ask(JOB))["trainingJob"]
    assert found["error"] == {"code": "DIVERGED", "message": "It grew and grew."}


async def test_addresses_are_redacted_for_low_roles(ask: Ask, resolve: Resolve, context: Any) -> None:
    context.viewer = Viewer("key_1", Role.VIEWER, "usr_ann", "ann", "wsp_1", "team")
    resolve("jobs.find_job", job())
    delivery = Delivery(
        channel="email", target="ann@example.org", status=DeliveryStatus.PENDING, attempts=2, last_error="Refused."
    )
    resolve("jobs.list_deliveries", (delivery,))
    document = "{ trainingJob(id: 1) { executionOptions { notificationEmail webhookUrl } notifications { channel target status attempts } } }"  # noqa: E501
    assert "ann@example.org" not in str(shown(await ask(document)))


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (
            EventKind.STATUS,
            {"from": None, "to": "created"},
            {"__typename": "StatusChanged", "from": None, "to": "CREATED"},
        ),
        (
            EventKind.STATUS,
            {"from": "created", "to": "queued"},
            {"__typename": "StatusChanged", "from": "CREATED", "to": "QUEUED"},
        ),
        (
            EventKind.EPOCH,
            {"epoch": 3, "max_epochs": 9, "loss": 0.5, "validation_loss": None, "mean_absolute_error": 0.1},
            {"__typename": "EpochCompleted", "epoch": 3, "loss": 0.5, "validationLoss": None, "meanAbsoluteError": 0.1},
        ),
        (EventKind.WARNING, {"code": "FEW_GROUPS"}, {"__typename": "WarningRaised", "code": "FEW_GROUPS"}),
        (EventKind.NOTE, {}, {"__typename": "NoteAdded"}),
        (
            EventKind.VERSION,
            {"version_id": "ver_1"},
            {"__typename": "VersionCreated", "version": {"number": 4}},
        ),
        (
            EventKind.DEPLOYMENT,
            {"deployed": False, "reason": "Not proven."},
            {"__typename": "DeploymentDecided", "deployed": False, "reason": "Not proven."},
        ),
    ],
)
async def test_events(
    ask: Ask, resolve: Resolve, context: Any, kind: EventKind, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    context.loaders.versions = Known({"ver_1": JudgeVersion(id="ver_1", number=4, status=VersionStatus.CANDIDATE)})
    resolve("jobs.find_job", job())
    calls = resolve(
        "jobs.list_events",
        page(JobEvent(position=12, kind=kind, at=MOMENT, message="So it is.", body=StoredVariant.of(body))),
    )
    data = shown(
        await ask(
            """
            { trainingJob(id: "job_1") { events { nodes {
                __typename id at message
                ... on StatusChanged { from to }
                ... on EpochCompleted { epoch loss validationLoss meanAbsoluteError }
                ... on WarningRaised { code }
                ... on VersionCreated { version { number } }
                ... on DeploymentDecided { deployed reason }
            } } } }
            """
        )
    )
    assert calls == [("job_1", 100, None)]
    common = {"id": "evt_12", "at": "2026-01-31T12:00:00Z", "message": "So it is."}
    assert data["trainingJob"]["events"]["nodes"] == [common | expected]


async def test_an_evaluation_has_the_shown_scores(ask: Ask, resolve: Resolve) -> None:
    evaluation = Evaluation(id="evl_1", judge_pk=7, output="o", scores=[3.0], shown=[3.5], created_at=MOMENT)
    resolve("evaluations.find_evaluation", evaluation)
    data = shown(await ask('{ evaluation(id: "evl_1") { scores { rawScore score expected } version { id } } }'))
    assert data["evaluation"] == {"scores": [{"rawScore": 3.0, "score": 3.5, "expected": None}], "version": None}


async def test_a_correction_has_the_persons_and_the_raw_score(ask: Ask, resolve: Resolve, context: Any) -> None:
    context.loaders.evaluations = Known({"evl_1": Evaluation(id="evl_1", judge_pk=7, output="o", scores=[3.0])})
    correction = Feedback(
        id="fb_1",
        judge_pk=7,
        evaluation_id="evl_1",
        type=FeedbackType.CORRECTION,
        scores=[2.0],
        submitted_by="ann",
        submitted_at=MOMENT,
    )
    resolve("node.find_node", ("feedback", correction))
    data = shown(
        await ask("{ node(id: 1) { ... on Feedback { type correctedScores { criterion { key } rawScore score } } } }")
    )
    assert data["node"] == {
        "type": "CORRECTION",
        "correctedScores": [{"criterion": {"key": "crit_clarity"}, "rawScore": 3.0, "score": 2.0}],
    }


async def test_a_summary(ask: Ask, resolve: Resolve) -> None:
    summary = Summary(
        total=5,
        corrections=3,
        ratings=1,
        approvals=1,
        comments=0,
        usable=4,
        earliest=MOMENT,
        latest=MOMENT,
        evaluations=2,
        raters=2,
        new_since_last_training=1,
        criteria=(CriterionShift(0, 3, -0.5, 1.0),),
        agreement=Agreement(((0, None),), 0),
        agreeing=0,
        doubts=0,
        spread=None,
    )
    calls = resolve("summary.summarize_judge", (JUDGE, summary, FeedbackBounds()))
    resolve("summary.list_raters", [RaterCount("ann", 3, 2)])
    data = shown(
        await ask(
            """
            { feedbackSummary(judgeId: "jdg_a", until: "2026-02-01T00:00:00Z", targetCriteria: ["crit_clarity"]) {
                usableCount newSinceLastTraining raterAgreement dateRange { earliest }
                raters { submittedBy totalCount correctionCount }
                criteria { criterion { id } correctionCount meanShift meanAbsoluteShift }
            } }
            """
        )
    )
    assert [call[:-1] for call in calls] == [("jdg_a", None, MOMENT.replace(month=2, day=1, hour=0), ("crit_clarity",))]
    assert data["feedbackSummary"] == {
        "usableCount": 4,
        "newSinceLastTraining": 1,
        "raterAgreement": None,
        "dateRange": {"earliest": "2026-01-31T12:00:00Z"},
        "raters": [{"submittedBy": "ann", "totalCount": 3, "correctionCount": 2}],
        "criteria": [
            {"criterion": {"id": "crit_1"}, "correctionCount": 3, "meanShift": -0.5, "meanAbsoluteShift": 1.0}
        ],
    }


async def test_scored_items(ask: Ask, resolve: Resolve) -> None:
    scored = ScoredItem("e1", None, 62.5, (ScoredCriterion(CLARITY, 3.0, 3.5, 3.4, 3.0, 2.0, 5.0),))
    calls = resolve("evaluations.evaluate_items", EvaluatedItems(None, (scored, None), ()))
    data = shown(
        await ask(
            """
            mutation ($input: EvaluateInput!) { evaluate(input: $input) {
              version { id }
              results { externalId overallScore evaluation { id } scores { ...S } }
              userErrors { code }
            } }
            fragment S on CriterionScore { score rawScore expected verdict lower upper }
            """,
            input={"judgeId": "jdg_a", "items": []},
        )
    )
    assert calls == [("jdg_a", None, (), False)]
    score = {"score": 3.5, "rawScore": 3.0, "expected": 3.4, "verdict": 3.0, "lower": 2.0, "upper": 5.0}
    assert data["evaluate"] == {
        "version": None,
        "results": [{"externalId": "e1", "overallScore": 62.5, "evaluation": None, "scores": [score]}, None],
        "userErrors": [],
    }
