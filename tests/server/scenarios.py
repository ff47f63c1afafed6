"""What tests find on a server: judges, evaluations and feedback, made through the API."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.server.api import Api, Data, socket

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
OVERRATED, FAIR = "crit_clarity", "crit_accuracy"  # the judge gives a point too much on one, and is right on the other


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
    """A judge of two criteria."""
    criteria = [{"name": "Clarity", "key": OVERRATED}, {"name": "Accuracy", "key": FAIR, "weight": 2}]
    judge: Data = api.run("CreateJudge", input={"name": "Judge", "criteria": criteria} | more)["judge"]
    return judge


def item(number: int, **more: Any) -> Data:
    """An item as the judge scored it: two of a group, always the same for the same number."""
    chance = random.Random(number)
    scores = [
        {"criterionId": OVERRATED, "score": chance.randint(2, 5)},
        {"criterionId": FAIR, "score": chance.randint(1, 5)},
    ]
    output = f"Answer {number}." + " More of it." * chance.randint(0, 20)
    return {"externalId": f"e{number}", "group": f"g{number // 2}", "output": output, "scores": scores} | more


def correction(number: int, *criteria: str, **more: Any) -> Data:
    """What a person says about an item: a point less on one criterion, nothing else."""
    right = [
        {"criterionId": score["criterionId"], "score": score["score"] - (score["criterionId"] == OVERRATED)}
        for score in item(number)["scores"]
        if not criteria or score["criterionId"] in criteria
    ]
    return feedback(number, "CORRECTION", correctedScores=right, **more)


def feedback(number: int, type_: str, **more: Any) -> Data:
    """An item of feedback, an hour after the one before it."""
    base = {
        "evaluationExternalId": f"e{number}",
        "externalId": f"f{number}",
        "type": type_,
        "submittedBy": "ben",
        "submittedAt": hour(number),
    }
    return base | more


def hour(number: int) -> str:
    """When the feedback of a number was given."""
    return (FIRST_DAY + timedelta(hours=number)).isoformat().replace("+00:00", "Z")


def record(api: Api, judge: Data, items: list[Data]) -> list[Data]:
    """Record evaluations."""
    kept: list[Data] = api.run("RecordEvaluations", input={"judgeId": judge["id"], "evaluations": items})["evaluations"]
    return kept


def submit(api: Api, judge: Data, given: list[Data]) -> Data:
    """Submit feedback."""
    payload: Data = api.run("SubmitFeedback", input={"judgeId": judge["id"], "feedback": given})
    return payload


def fill(api: Api, judge: Data, numbers: range) -> None:
    """Evaluations with a correction each."""
    record(api, judge, [item(number) for number in numbers])
    submit(api, judge, [correction(number) for number in numbers])


def request(judge: Data, type_: str = "FULL_RETRAIN", config: Data | None = None, **options: Any) -> Data:
    """What createTrainingJob takes."""
    return {
        "judgeId": judge["id"],
        "trainingType": type_,
        "trainingConfig": config or {},
        "executionOptions": options,
    }


def create_job(api: Api, judge: Data, type_: str = "FULL_RETRAIN", config: Data | None = None, **options: Any) -> Data:
    """A training job."""
    job: Data = api.run("CreateTrainingJob", input=request(judge, type_, config, **options))["trainingJob"]
    return job


def follow(api: Api, job: Data, **variables: Any) -> list[Data]:
    """Every update of a job, until it is over."""
    with socket(api) as live:
        live.subscribe("TrainingJobStatus", jobId=job["id"], **variables)
        return list(live.results())


def run_job(api: Api, judge: Data, type_: str = "FULL_RETRAIN", config: Data | None = None, **options: Any) -> Data:
    """A training job that is over."""
    job = create_job(api, judge, type_, config, **options)
    follow(api, job)
    done: Data = api.run("TrainingJob", id=job["id"])
    return done


def train_a_judge(api: Api) -> Trained:
    """A judge with 60 corrected items, trained, the version deployed."""
    judge = make_judge(api)
    fill(api, judge, range(60))
    job = run_job(api, judge, autoDeploy=True)
    assert job["status"] == "COMPLETED", job["error"]
    assert job["deployment"]["deployed"], job["deployment"]["reason"]
    return Trained(api, judge, job)


def scores(api: Api, judge: Data, items: list[Data], **more: Any) -> dict[str, list[float]]:
    """By criterion, what a version gives these items."""
    results = api.run("Evaluate", input={"judgeId": judge["id"], "items": items} | more)["results"]
    found: dict[str, list[float]] = {}
    for result in results:
        for score in result["scores"]:
            found.setdefault(score["criterion"]["key"], []).append(score["score"])
    return found
