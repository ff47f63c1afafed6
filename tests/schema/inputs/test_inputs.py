"""Tests of inputs: they become specs, and null means the same as an omitted field."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.errors import Invalid
from models.feedback import FeedbackType
from models.job import Priority, TrainingType
from models.job_status import JobStatus
from models.specs.evaluations import EvaluationSpec, ScoreSpec
from models.specs.feedback import FeedbackSpec
from models.specs.judges import CriterionSpec, JudgeSpec
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec
from resolvers.batch import BatchResult
from resolvers.page import ListPage
from store.job_list import JobFilter
from tests.schema.records import JUDGE, Ask, Resolve

PREFLIGHT = (
    "query ($input: CreateTrainingJobInput!) { trainingPreflight(input: $input) { ready userErrors { message } } }"
)


async def none() -> int:
    return 0


EMPTY: ListPage[Any] = ListPage((), (), has_next=False, has_previous=False, count=none)


async def preflight(ask: Ask, resolve: Resolve, **input_: Any) -> Any:
    calls = resolve("jobs.run_preflight", Invalid("Seen."))
    result = await ask(PREFLIGHT, input={"judgeId": "jdg_a", "trainingType": "FULL_RETRAIN", **input_})
    assert result.data["trainingPreflight"] == {"ready": False, "userErrors": [{"message": "Seen."}]}
    return calls[0][0]


@pytest.mark.parametrize(
    "given",
    [
        {"trainingConfig": {}},
        {"trainingConfig": {}, "executionOptions": {}},
        {
            "trainingConfig": {
                "feedbackCutoffDate": None,
                "minimumFeedbackCount": None,
                "validationSplit": None,
                "seed": None,
                "targetCriteria": None,
            },
            "executionOptions": {
                "priority": None,
                "autoDeploy": None,
                "backupCurrentVersion": None,
                "autoStart": None,
                "webhookUrl": None,
            },
            "idempotencyKey": None,
        },
    ],
)
async def test_an_empty_job_input_has_the_defaults(ask: Ask, resolve: Resolve, given: dict[str, Any]) -> None:
    assert await preflight(ask, resolve, **given) == TrainingSpec("jdg_a", TrainingType.FULL_RETRAIN)


async def test_all_fields_of_a_job_input_reach_the_spec(ask: Ask, resolve: Resolve) -> None:
    spec = await preflight(
        ask,
        resolve,
        trainingType="FINE_TUNE",
        trainingConfig={
            "feedbackCutoffDate": "2026-01-31T13:00:00+01:00",
            "minimumFeedbackCount": 3,
            "validationSplit": 0.2,
            "learningRate": 0.1,
            "maxEpochs": 9,
            "earlyStopping": False,
            "targetCriteria": ["crit_clarity"],
            "seed": 4,
        },
        executionOptions={
            "priority": "HIGH",
            "autoDeploy": True,
            "backupCurrentVersion": False,
            "notificationEmail": "ann@example.org",
            "webhookUrl": "https://example.org",
            "autoStart": False,
        },
        idempotencyKey="k",
    )
    assert spec == TrainingSpec(
        "jdg_a",
        TrainingType.FINE_TUNE,
        TrainingConfig(datetime(2026, 1, 31, 12, tzinfo=UTC), 3, 0.2, 0.1, 9, False, ("crit_clarity",), 4),
        ExecutionOptions(Priority.HIGH, True, False, "ann@example.org", "https://example.org", False),
        "k",
    )


async def test_a_judge(ask: Ask, resolve: Resolve) -> None:
    calls = resolve("judges.create_judge", JUDGE)
    document = (
        "mutation ($input: CreateJudgeInput!) { createJudge(input: $input) { judge { id } userErrors { code } } }"
    )
    criteria = [
        {"name": "Clarity", "min": None, "max": None},
        {"key": "crit_b", "name": "B", "min": 0, "max": 1, "step": 0.5},
    ]
    result = await ask(document, input={"name": "A", "criteria": criteria})
    assert calls == [
        (JudgeSpec("A", (CriterionSpec("Clarity"), CriterionSpec("B", "crit_b", minimum=0.0, maximum=1.0, step=0.5))),)
    ]
    assert result.data == {"createJudge": {"judge": {"id": "jdg_a"}, "userErrors": []}}


async def test_evaluations(ask: Ask, resolve: Resolve) -> None:
    calls = resolve(
        "evaluations.record_evaluations", BatchResult((None,), 0, (Invalid("Odd.", ("evaluations", "0", "output")),), 7)
    )
    result = await ask(
        """
        mutation ($input: RecordEvaluationsInput!) {
          recordEvaluations(input: $input) { evaluations { id } recordedCount userErrors { field } }
        }
        """,
        input={"judgeId": "jdg_a", "evaluations": [{"output": "o", "scores": [{"criterionId": "crit_1", "score": 3}]}]},
    )
    assert calls == [("jdg_a", (EvaluationSpec("o", (ScoreSpec("crit_1", 3.0),)),))]
    assert result.data["recordEvaluations"] == {
        "evaluations": [None],
        "recordedCount": 0,
        "userErrors": [{"field": ["evaluations", "0", "output"]}],
    }


async def test_feedback(ask: Ask, resolve: Resolve) -> None:
    calls = resolve("feedback.submit_feedback", BatchResult((), 0, (), 7))
    document = "mutation ($input: SubmitFeedbackInput!) { submitFeedback(input: $input) { acceptedCount } }"
    correction = {
        "evaluationExternalId": "e1",
        "type": "CORRECTION",
        "correctedScores": [{"criterionId": "crit_1", "score": 2}],
        "submittedBy": "ann",
    }
    await ask(
        document, input={"judgeId": "jdg_a", "feedback": [correction, {"evaluationId": "evl_1", "type": "RATING"}]}
    )
    assert calls == [
        (
            "jdg_a",
            (
                FeedbackSpec(
                    FeedbackType.CORRECTION,
                    evaluation_external_id="e1",
                    corrected_scores=(ScoreSpec("crit_1", 2.0),),
                    submitted_by="ann",
                ),
                FeedbackSpec(FeedbackType.RATING, evaluation_id="evl_1"),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", (20, None, JobFilter())),
        ("(first: null, after: null, filter: null)", (20, None, JobFilter())),
        ('(first: 5, after: "x")', (5, "x", JobFilter())),
        ("(filter: {statuses: [FAILED]})", (20, None, JobFilter(statuses=(JobStatus.FAILED,)))),
        (
            '(filter: {judgeId: "jdg_b", trainingTypes: [VALIDATION], createdBy: "usr_ann"})',
            (20, None, JobFilter("jdg_b", None, (TrainingType.VALIDATION,), "usr_ann")),
        ),
    ],
)
async def test_lists(ask: Ask, resolve: Resolve, arguments: str, expected: tuple[Any, ...]) -> None:
    calls = resolve("jobs.list_jobs", EMPTY)
    await ask("{ trainingJobs" + arguments + " { totalCount } }")
    assert calls == [(*expected, ())]


async def test_a_judge_lists_only_its_own_jobs(ask: Ask, resolve: Resolve) -> None:
    resolve("judges.find_judge", JUDGE)
    calls = resolve("jobs.list_jobs", EMPTY)
    await ask('{ judge(id: "jdg_a") { trainingJobs { totalCount } } }')
    other = await ask('{ judge(id: "jdg_a") { trainingJobs(filter: {judgeId: "jdg_b"}) { totalCount } } }')
    assert calls == [(20, None, JobFilter("jdg_a"), ())]
    assert [error.extensions for error in other.errors] == [{"code": "INVALID", "field": ["filter", "judgeId"]}]
