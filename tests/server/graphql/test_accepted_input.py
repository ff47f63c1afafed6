"""Tests of unusual input: whatever has one meaning is accepted, and other problems are reported for their item only."""

import json

from tests.server.conftest import Enter
from tests.server.processes import Server
from tests.server.scenarios import make_item, make_judge, record_evaluations


def test_half_surrogate_pair_in_an_item_is_reported_for_that_item_only(quiet_server: Server, enter: Enter) -> None:
    api = enter(quiet_server)
    judge = make_judge(api)
    (evaluation,) = record_evaluations(api, judge, [make_item(1)])
    about = {"evaluationId": evaluation["id"], "type": "COMMENT"}
    given = {"judgeId": judge["id"], "feedback": [about | {"comment": "fine"}, about | {"comment": "cut ?"}]}
    document = """mutation ($i: SubmitFeedbackInput!) {
        submitFeedback(input: $i) { acceptedCount userErrors { message } } }"""
    content = json.dumps({"query": document, "variables": {"i": given}}).replace("?", r"\ud83d")
    answer = api.http.post("/graphql", content=content, headers={"content-type": "application/json"}).json()
    payload = answer["data"]["submitFeedback"]
    assert payload["acceptedCount"] == 1
    assert r"half a surrogate pair, \ud83d, at character 5" in payload["userErrors"][0]["message"]


def test_empty_outputs_and_approvals_with_an_empty_list_are_accepted(quiet_server: Server, enter: Enter) -> None:
    api = enter(quiet_server)
    judge = make_judge(api)
    (evaluation,) = record_evaluations(api, judge, [make_item(1) | {"output": ""}])
    approval = {"evaluationId": evaluation["id"], "type": "APPROVAL", "approved": True, "correctedScores": []}
    payload = api.run("SubmitFeedback", input={"judgeId": judge["id"], "feedback": [approval]})
    assert (payload["acceptedCount"], payload["userErrors"]) == (1, [])


def test_an_unknown_enum_value_and_a_wrong_date_are_answered_with_what_is_allowed(
    quiet_server: Server, enter: Enter
) -> None:
    api = enter(quiet_server)
    document = 'mutation { submitFeedback(input: {judgeId: "j", feedback: [{type: THUMBS}]}) { acceptedCount } }'
    messages = [error["message"] for error in api.post(document).json()["errors"]]
    assert any("Allowed values: CORRECTION, RATING, APPROVAL, COMMENT." in message for message in messages)

    item = {"evaluationId": "e", "type": "COMMENT", "comment": "x", "submittedAt": "31.01.2026"}
    [error] = api.errors("SubmitFeedback", input={"judgeId": "j", "feedback": [item]})
    assert "such as 2026-01-31T12:00:00Z" in error["message"]

    item = {"evaluationId": "e", "type": "thumbs"}
    [error] = api.errors("SubmitFeedback", input={"judgeId": "j", "feedback": [item]})
    assert "Allowed values: CORRECTION, RATING, APPROVAL, COMMENT." in error["message"]
