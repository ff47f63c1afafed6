"""Tests of errors: each has a code, and unexpected errors are masked."""

from typing import Any

import pytest
from msgspec import structs
from structlog.testing import capture_logs

from models.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InsufficientFeedback,
    Invalid,
    NotAnImprovement,
    NotFound,
    RequestRejected,
    Unauthenticated,
)
from models.stored.evidence import Interval
from schema.types.user_error import field_path, to_user_error
from tests.schema.records import Ask, Resolve

CREATE_JUDGE = """
mutation ($input: CreateJudgeInput!) {
  createJudge(input: $input) { judge { id } userErrors { __typename message field code } }
}
"""
A_JUDGE = {"name": "A", "criteria": [{"name": "Clarity"}]}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ((), None),
        (("name",), ["name"]),
        (("training_config", "minimum_feedback_count"), ["trainingConfig", "minimumFeedbackCount"]),
        (("criteria", "0", "minimum"), ["criteria", "0", "min"]),
        (
            ("feedback", "3", "corrected_scores", "0", "criterion_id"),
            ["feedback", "3", "correctedScores", "0", "criterionId"],
        ),
    ],
)
def test_field_paths_use_the_names_of_the_schema(path: tuple[str, ...], shown: list[str] | None) -> None:
    assert field_path(path) == shown


async def test_a_mutation_returns_all_rejections_as_user_errors(ask: Ask, resolve: Resolve) -> None:
    resolve(
        "judges.create_judge",
        RequestRejected(Invalid("No name.", ("name",)), Invalid("No key.", ("criteria", "0", "key"))),
    )
    result = await ask(CREATE_JUDGE, input=A_JUDGE)
    assert result.errors is None
    assert result.data["createJudge"] == {
        "judge": None,
        "userErrors": [
            {"__typename": "RequestError", "message": "No name.", "field": ["name"], "code": "INVALID"},
            {"__typename": "RequestError", "message": "No key.", "field": ["criteria", "0", "key"], "code": "INVALID"},
        ],
    }


async def test_a_single_rejection_is_a_user_error(ask: Ask, resolve: Resolve) -> None:
    resolve("judges.create_judge", Conflict("The id is taken.", ("id",)))
    result = await ask(CREATE_JUDGE, input=A_JUDGE)
    assert [error["code"] for error in result.data["createJudge"]["userErrors"]] == ["CONFLICT"]


def test_insufficient_feedback_has_both_numbers() -> None:
    error = to_user_error(InsufficientFeedback("Too little.", usable=3, required=20))
    assert vars(error) == {
        "message": "Too little.",
        "field": None,
        "code": "INSUFFICIENT_FEEDBACK",
        "usable_count": 3,
        "required_count": 20,
    }


@pytest.mark.parametrize("change", [None, Interval(0.1, -0.1, 0.3)])
def test_a_missing_improvement_reports_the_change(change: Interval | None) -> None:
    error: Any = to_user_error(NotAnImprovement("Not proven.", mae_change=change))
    expected = None if change is None else structs.asdict(change)
    assert (None if error.mae_change is None else vars(error.mae_change)) == expected


@pytest.mark.parametrize(
    ("failure", "extensions"),
    [
        (Invalid("first must be 1 to 100.", ("first",)), {"code": "INVALID", "field": ["first"]}),
        (NotFound("There is no such judge."), {"code": "NOT_FOUND"}),
        (RequestRejected(Invalid("Odd.", ("judge_id",))), {"code": "INVALID", "field": ["judgeId"]}),
        (Unauthenticated("Unknown key."), {"code": "UNAUTHENTICATED"}),
        (Forbidden("This needs the role ADMIN."), {"code": "FORBIDDEN"}),
    ],
)
async def test_a_query_returns_rejections_as_top_level_errors(
    ask: Ask, resolve: Resolve, failure: Exception, extensions: dict[str, Any]
) -> None:
    resolve("judges.list_judges", failure)
    result = await ask("{ judges { nodes { id } } }")
    assert [(error.message, error.extensions, error.path) for error in result.errors] == [
        (str(failure), extensions, ["judges"])
    ]


async def test_all_rejections_of_a_query_are_returned(ask: Ask, resolve: Resolve) -> None:
    resolve("judges.list_judges", RequestRejected(Invalid("One."), Invalid("Two.")))
    assert [error.message for error in (await ask("{ judges { totalCount } }")).errors] == ["One.", "Two."]


async def test_a_missing_role_is_a_top_level_error_of_a_mutation(ask: Ask, resolve: Resolve) -> None:
    resolve("judges.create_judge", Forbidden("This needs the role TRAINER."))
    result = await ask(CREATE_JUDGE, input=A_JUDGE)
    assert [error.extensions for error in result.errors] == [{"code": "FORBIDDEN"}]


@pytest.mark.parametrize("outcome", [RuntimeError("password is 1234"), object()])
async def test_an_unexpected_error_is_masked_and_logged(ask: Ask, resolve: Resolve, outcome: Any) -> None:
    resolve("judges.find_judge", outcome)
    with capture_logs() as logs:
        result = await ask('{ judge(id: "jdg_a") { id } }')
    (error,) = result.errors
    (entry,) = logs
    assert error.extensions == {"code": "INTERNAL", "id": entry["id"]}
    assert error.message == f"An internal error occurred. It is logged under {entry['id']}."
    assert isinstance(entry["exc_info"], Exception)
    assert entry["log_level"] == "error"


async def test_a_value_that_cannot_be_serialized_is_masked(ask: Ask, context: Any) -> None:
    context.viewer = context.viewer.__class__("key_1", "nonsense", "usr_ann", "ann", "wsp_1", "team")
    with capture_logs() as logs:
        result = await ask("{ viewer { role } }")
    assert [error.extensions["code"] for error in result.errors] == ["INTERNAL"]
    assert len(logs) == 1


@pytest.mark.parametrize(
    ("document", "variables", "told"),
    [
        ("{", {}, "Syntax Error"),
        ("{ nothing }", {}, "Cannot query field 'nothing'"),
        ("query ($id: ID!) { judge(id: $id) { id } }", {}, "$id"),
        ("query A { viewer { id } } query B { viewer { id } }", {}, "several operations"),
        ("{ judges(first: 99999999999) { totalCount } }", {}, "32-bit"),
        ('{ feedbackSummary(judgeId: "a", since: "2026-01-31") { usableCount } }', {}, "not a date and time"),
    ],
)
async def test_a_bad_request_keeps_its_message(ask: Ask, document: str, variables: dict[str, Any], told: str) -> None:
    result = await ask(document, **variables)
    assert [error.extensions for error in result.errors] == [{"code": "BAD_REQUEST"}]
    assert told in result.errors[0].message


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"feedbackCutoffDate": "2026-01-31T12:00:00"}, ".trainingConfig.feedbackCutoffDate"),
        ({"learningRate": float("nan")}, ".trainingConfig.learningRate"),
        ({"learningRate": float("inf")}, ".trainingConfig.learningRate"),
        ({"seed": 2**31}, ".trainingConfig.seed"),
    ],
)
async def test_an_invalid_variable_is_reported_with_its_location(ask: Ask, config: dict[str, Any], where: str) -> None:
    result = await ask(
        "query ($input: CreateTrainingJobInput!) { trainingPreflight(input: $input) { ready } }",
        input={"judgeId": "jdg_a", "trainingType": "FULL_RETRAIN", "trainingConfig": config},
    )
    (error,) = result.errors
    assert where in error.message
    assert error.extensions == {"code": "BAD_REQUEST"}


async def test_an_invalid_document_is_rejected_again(ask: Ask) -> None:
    first, second = await ask("{ nothing }"), await ask("{ nothing }")
    assert [error.formatted for error in first.errors] == [error.formatted for error in second.errors]


def test_every_domain_error_becomes_a_user_error() -> None:
    for kind in DomainError.__subclasses__():
        details: dict[str, Any] = {"usable": 1, "required": 2} if kind is InsufficientFeedback else {}
        assert to_user_error(kind("Why.", **details)).code == kind.code
