"""Judges, evaluations, feedback and jobs that tests create through the API."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.server.api import Api, Data, open_socket

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
OVERRATED, FAIR = "crit_clarity", "crit_accuracy"  # criteria scored a point too high, and correctly


@dataclass(frozen=True)
class Trained:
    """A judge whose first version was proven better and is active."""

    api: Api
    judge: Data
    job: Data

    @property
    def version(self) -> Data:
        version: Data = self.job["resultVersion"]
        return version


def make_judge(api: Api, **more: Any) -> Data:
    """Create a judge with two criteria."""
    criteria = [{"name": "Clarity", "key": OVERRATED}, {"name": "Accuracy", "key": FAIR, "weight": 2}]
    judge: Data = api.run("CreateJudge", input={"name": "Judge", "criteria": criteria} | more)["judge"]
    return judge


def make_item(number: int, **more: Any) -> Data:
    """Return an evaluation, always the same for the same number. Two consecutive ones form a group."""
    chance = random.Random(number)
    scores = [
        {"criterionId": OVERRATED, "score": chance.randint(2, 5)},
        {"criterionId": FAIR, "score": chance.randint(1, 5)},
    ]
    output = f"Answer {number}." + " More of it." * chance.randint(0, 20)
    return {"externalId": f"e{number}", "group": f"g{number // 2}", "output": output, "scores": scores} | more


def make_correction(number: int, *criteria: str, **more: Any) -> Data:
    """Return a correction that lowers the overrated criterion by a point.

    Args:
        number: number of the evaluation.
        criteria: keys of the criteria to score. Default: all.
        more: further fields.
    """
    corrected = [
        {"criterionId": score["criterionId"], "score": score["score"] - (score["criterionId"] == OVERRATED)}
        for score in make_item(number)["scores"]
        if not criteria or score["criterionId"] in criteria
    ]
    return make_feedback(number, "CORRECTION", correctedScores=corrected, **more)


def make_feedback(number: int, type_: str, **more: Any) -> Data:
    """Return a feedback item whose time is an hour after that of the number before.

    Args:
        number: number of the evaluation.
        type_: type of the feedback.
        more: further fields.
    """
    base = {
        "evaluationExternalId": f"e{number}",
        "externalId": f"f{number}",
        "type": type_,
        "submittedBy": "ben",
        "submittedAt": hour_timestamp(number),
    }
    return base | more


def hour_timestamp(number: int) -> str:
    """Return the time of the feedback item with a number."""
    return (FIRST_DAY + timedelta(hours=number)).isoformat().replace("+00:00", "Z")


def record_evaluations(api: Api, judge: Data, items: list[Data]) -> list[Data]:
    """Record evaluations and return them.

    Args:
        api: client of the judge's workspace.
        judge: the judge.
        items: evaluations as `recordEvaluations` takes them.
    """
    payload = api.run("RecordEvaluations", input={"judgeId": judge["id"], "evaluations": items})
    recorded: list[Data] = payload["evaluations"]
    return recorded


def submit_feedback(api: Api, judge: Data, items: list[Data]) -> Data:
    """Submit feedback and return the payload.

    Args:
        api: client of the judge's workspace.
        judge: the judge.
        items: feedback as `submitFeedback` takes it.
    """
    payload: Data = api.run("SubmitFeedback", input={"judgeId": judge["id"], "feedback": items})
    return payload


def add_corrected_evaluations(api: Api, judge: Data, numbers: range) -> None:
    """Record evaluations and submit a correction of each.

    Args:
        api: client of the judge's workspace.
        judge: the judge.
        numbers: numbers of the evaluations.
    """
    record_evaluations(api, judge, [make_item(number) for number in numbers])
    submit_feedback(api, judge, [make_correction(number) for number in numbers])


def make_job_request(judge: Data, type_: str = "FULL_RETRAIN", config: Data | None = None, **options: Any) -> Data:
    """Return the input of `createTrainingJob`.

    Args:
        judge: the judge to train.
        type_: training type.
        config: training configuration. Default: empty.
        options: execution options.
    """
    return {
        "judgeId": judge["id"],
        "trainingType": type_,
        "trainingConfig": config or {},
        "executionOptions": options,
    }


def create_job(api: Api, judge: Data, type_: str = "FULL_RETRAIN", config: Data | None = None, **options: Any) -> Data:
    """Create a training job.

    Args:
        api: client of the judge's workspace.
        judge: the judge to train.
        type_: training type.
        config: training configuration. Default: empty.
        options: execution options.
    """
    job: Data = api.run("CreateTrainingJob", input=make_job_request(judge, type_, config, **options))["trainingJob"]
    return job


def follow_job(api: Api, job: Data, **variables: Any) -> list[Data]:
    """Return every status update of a job until it ends."""
    with open_socket(api) as live:
        live.subscribe("TrainingJobStatus", jobId=job["id"], **variables)
        return list(live.results())


def run_job(api: Api, judge: Data, type_: str = "FULL_RETRAIN", config: Data | None = None, **options: Any) -> Data:
    """Create a training job, wait until it ends, and return it.

    Args:
        api: client of the judge's workspace.
        judge: the judge to train.
        type_: training type.
        config: training configuration. Default: empty.
        options: execution options.
    """
    job = create_job(api, judge, type_, config, **options)
    follow_job(api, job)
    finished: Data = api.run("TrainingJob", id=job["id"])
    return finished


def train_a_judge(api: Api) -> Trained:
    """Create a judge with 60 corrected evaluations, train it and deploy the version."""
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(60))
    job = run_job(api, judge, autoDeploy=True)
    assert job["status"] == "COMPLETED", job["error"]
    assert job["deployment"]["deployed"], job["deployment"]["reason"]
    return Trained(api, judge, job)


def evaluate_scores(api: Api, judge: Data, items: list[Data], **more: Any) -> dict[str, list[float]]:
    """Return the scores of a version for items, by criterion key.

    Args:
        api: client of the judge's workspace.
        judge: the judge.
        items: items to score.
        more: further fields of the input, such as the version.
    """
    results = api.run("Evaluate", input={"judgeId": judge["id"], "items": items} | more)["results"]
    found: dict[str, list[float]] = {}
    for result in results:
        for score in result["scores"]:
            found.setdefault(score["criterion"]["key"], []).append(score["score"])
    return found
