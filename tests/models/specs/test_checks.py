"""Shared checks: batch sizes and error paths."""

import pytest

from models.errors import RequestRejected
from models.specs.checks import check_batch_size
from models.specs.judges import CriterionSpec
from tests.models.specs.problems import (
    found,
)


def test_a_call_has_1_to_500_items() -> None:
    check_batch_size("feedback", 1)
    check_batch_size("feedback", 500)
    with pytest.raises(RequestRejected) as none:
        check_batch_size("feedback", 0)
    with pytest.raises(RequestRejected) as many:
        check_batch_size("feedback", 501)

    assert found(none.value.errors) == [("INVALID", "feedback")]
    assert found(many.value.errors) == [("LIMIT_EXCEEDED", "feedback")]


def test_an_error_within_a_request_keeps_its_kind_and_details() -> None:
    [problem] = CriterionSpec("n" * 201).problems()
    nested = problem.within("criteria", "3")

    assert (type(nested), nested.message) == (type(problem), problem.message)
    assert nested.field == ("criteria", "3", "name")
