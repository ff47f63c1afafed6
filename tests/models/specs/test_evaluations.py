"""Evaluations: allowed values and rejected values with their field paths."""

from datetime import datetime
from typing import Any

import pytest

from models.specs.evaluations import EvaluationSpec, ScoreSpec
from tests.models.specs.problems import (
    HALF_A_PAIR,
    MOMENTS,
    NO_MOMENTS,
    NUL,
    Found,
    found,
)


class TestEvaluation:
    def problems(self, **values: Any) -> Found:
        return found(EvaluationSpec(**{"output": "Text", "scores": (ScoreSpec("crit_a", 3),)} | values).problems())

    @pytest.mark.parametrize("moment", MOMENTS, ids=str)
    def test_all_fields_at_their_limits_are_accepted(self, moment: datetime) -> None:
        full = dict.fromkeys(("external_id", "group", "source"), "x" * 200)

        assert self.problems(**full, input="", rationale="r" * 100_000, evaluated_at=moment) == []

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"output": "a\ud83d"}, ("INVALID", "output")),
            ({"output": "o" * 100_001}, ("LIMIT_EXCEEDED", "output")),
            ({"output": NUL}, ("INVALID", "output")),
            ({"output": HALF_A_PAIR}, ("INVALID", "output")),
            ({"input": "i" * 100_001}, ("LIMIT_EXCEEDED", "input")),
            ({"input": NUL}, ("INVALID", "input")),
            ({"rationale": HALF_A_PAIR}, ("INVALID", "rationale")),
            ({"external_id": ""}, ("INVALID", "external_id")),
            ({"external_id": "e" * 201}, ("LIMIT_EXCEEDED", "external_id")),
            ({"group": " "}, ("INVALID", "group")),
            ({"group": NUL}, ("INVALID", "group")),
            ({"source": HALF_A_PAIR}, ("INVALID", "source")),
            ({"scores": ()}, ("INVALID", "scores")),
            *(({"evaluated_at": moment}, ("INVALID", "evaluated_at")) for moment in NO_MOMENTS),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_invalid_input_is_rejected_with_its_field_path(
        self, values: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert self.problems(**values) == [expected]
