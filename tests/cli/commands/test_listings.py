"""Tests of `judges`, `jobs` and `summary`."""

import json

from tests.cli.fake_api import Data, FakeApi, page, run


def test_jobs_are_listed_with_their_change_in_error(api: FakeApi) -> None:
    requests: list[Data] = []
    job = {
        "id": "job_1",
        "judge": {"name": "Stories"},
        "trainingType": "FULL_RETRAIN",
        "status": "COMPLETED",
        "evidence": {"maeChange": {"estimate": -0.06, "lower": -0.08, "upper": -0.04}},
        "deployment": {"deployed": True},
        "createdAt": "2026-01-05T09:00:00Z",
    }

    def answer(variables: Data) -> Data:
        requests.append(variables)
        return {"data": {"trainingJobs": page(job, job | {"evidence": None, "deployment": None}, more=True)}}

    api.answers["TrainingJobs"] = answer
    text = run(api, "jobs", "--judge", "jdg_1", "--status", "completed", "--status", "failed", "--first", "2").stdout
    assert requests == [{"first": 2, "filter": {"judgeId": "jdg_1", "statuses": ["COMPLETED", "FAILED"]}}]
    assert "-6.0 [-8.0, -4.0]" in text
    assert "2 of 40; --first shows more" in text


def test_judges_are_listed_with_their_criteria_and_active_version(api: FakeApi) -> None:
    judge = {
        "id": "jdg_1",
        "name": "Stories [x]",
        "criteria": [{"name": "clarity"}, {"name": "depth"}],
        "activeVersion": None,
        "createdAt": "2026-01-05T09:00:00Z",
    }
    api.answers["Judges"] = lambda _: {"data": {"judges": page(judge)}}
    text = run(api, "judges").stdout
    assert all(part in text for part in ("jdg_1", "Stories [x]", "clarity, depth", "none, raw scores"))
    assert json.loads(run(api, "judges", "--json").stdout) == [judge]


def test_an_empty_list_names_the_command_that_fills_it(api: FakeApi) -> None:
    api.answers["Judges"] = lambda _: {"data": {"judges": page()}}
    assert "judgesmith import --new judge.json" in run(api, "judges").stdout


def test_the_summary_of_an_unknown_judge_is_an_error(api: FakeApi) -> None:
    api.answers["FeedbackSummary"] = lambda _: {"data": {"feedbackSummary": None}}
    result = run(api, "summary", "jdg_9")
    assert result.exit_code == 1
    assert "There is no judge jdg_9" in result.stderr


def test_jobs_cannot_be_watched_as_json(api: FakeApi) -> None:
    result = run(api, "jobs", "--watch", "--json")
    assert result.exit_code == 2
    assert "--json" in result.stderr
