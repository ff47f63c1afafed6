"""Judges and criteria: allowed values, rejected values with their field paths, derived keys."""

import math
from typing import Any

import pytest

from models.specs.judges import CriterionSpec, JudgeSpec
from tests.models.specs.problems import (
    HALF_A_PAIR,
    NUL,
    Found,
    found,
    rejections,
)


class TestCriterion:
    def problems(self, **values: Any) -> Found:
        return found(CriterionSpec(**{"name": "Clarity"} | values).problems())

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"minimum": 0, "maximum": 1, "step": 0.1},
            {"minimum": -3, "maximum": 3, "step": 0.5},
            {"minimum": 0, "maximum": 1e9, "step": 1e3},
            {"minimum": 1, "maximum": 5, "step": 4},
            {"weight": 0},
            {"key": "crit_A_9"},
            {"key": "crit_" + "x" * 64},
            {"name": "n" * 200},
            {"description": "d" * 10_000},
            {"name": "明瞭さ 🙂"},
        ],
        ids=str,
    )
    def test_valid_values_are_accepted(self, values: dict[str, Any]) -> None:
        assert self.problems(**values) == []

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"name": ""}, ("INVALID", "name")),
            ({"name": " \n\t"}, ("INVALID", "name")),
            ({"name": "n" * 201}, ("LIMIT_EXCEEDED", "name")),
            ({"name": NUL}, ("INVALID", "name")),
            ({"name": HALF_A_PAIR}, ("INVALID", "name")),
            ({"description": ""}, ("INVALID", "description")),
            ({"description": "d" * 10_001}, ("LIMIT_EXCEEDED", "description")),
            ({"description": NUL}, ("INVALID", "description")),
            ({"key": ""}, ("INVALID", "key")),
            ({"key": "clarity"}, ("INVALID", "key")),
            ({"key": "crit_"}, ("INVALID", "key")),
            ({"key": "crit_klärung"}, ("INVALID", "key")),
            ({"key": "crit_a b"}, ("INVALID", "key")),
            ({"key": "crit_a\n"}, ("INVALID", "key")),
            ({"key": "crit_" + "x" * 65}, ("INVALID", "key")),
            ({"minimum": 5, "maximum": 5}, ("INVALID", "max")),
            ({"minimum": 6, "maximum": 5}, ("INVALID", "max")),
            ({"step": 0}, ("INVALID", "step")),
            ({"step": -1}, ("INVALID", "step")),
            ({"step": 3}, ("INVALID", "step")),
            ({"step": 5}, ("INVALID", "step")),
            ({"step": 1e-300}, ("INVALID", "step")),
            ({"minimum": 0, "maximum": 1, "step": 0.3}, ("INVALID", "step")),
            ({"weight": -0.1}, ("INVALID", "weight")),
        ],
        ids=str,
    )
    def test_invalid_input_is_rejected_with_its_field_path(
        self, values: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert self.problems(**values) == [expected]

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e10, -1e10])
    @pytest.mark.parametrize(
        ("name", "field"), [("minimum", "min"), ("maximum", "max"), ("step", "step"), ("weight", "weight")]
    )
    def test_numbers_are_finite_and_at_most_a_billion(self, name: str, field: str, value: float) -> None:
        assert self.problems(**{name: value}) == [("INVALID", field)]


class TestJudge:
    def keys(self, *criteria: CriterionSpec) -> list[str | None]:
        return [criterion.key for criterion in JudgeSpec("Judge", criteria).validated().criteria]

    def test_missing_keys_are_derived_from_the_names(self) -> None:
        assert self.keys(CriterionSpec("Clarity"), CriterionSpec("  Does it – really – answer? ")) == [
            "crit_clarity",
            "crit_does_it_really_answer",
        ]

    def test_accents_are_folded_in_keys(self) -> None:
        assert self.keys(CriterionSpec("Éloquence à l'écrit")) == ["crit_eloquence_a_l_ecrit"]

    def test_names_without_a_slug_are_numbered(self) -> None:
        assert self.keys(CriterionSpec("明瞭さ"), CriterionSpec("🙂"), CriterionSpec("Tone")) == [
            "crit_1",
            "crit_2",
            "crit_tone",
        ]

    def test_names_with_the_same_slug_get_keys_of_their_own(self) -> None:
        assert self.keys(CriterionSpec("Tone"), CriterionSpec("tone!"), CriterionSpec("TONE")) == [
            "crit_tone",
            "crit_tone_2",
            "crit_tone_3",
        ]

    def test_a_requested_key_is_never_assigned_to_another_criterion(self) -> None:
        assert self.keys(CriterionSpec("Tone"), CriterionSpec("Other", key="crit_tone")) == [
            "crit_tone_2",
            "crit_tone",
        ]
        assert self.keys(CriterionSpec("明"), CriterionSpec("Other", key="crit_1")) == ["crit_2", "crit_1"]

    def test_a_key_derived_from_the_longest_name_is_valid(self) -> None:
        keys = self.keys(*(CriterionSpec("x" * 200) for _ in range(100)))

        assert len(set(keys)) == 100
        assert all(not list(CriterionSpec("Name", key=key).problems()) for key in keys)

    def test_the_same_key_twice_is_rejected_at_the_second(self) -> None:
        twice = (CriterionSpec("A", key="crit_a"), CriterionSpec("B", key="crit_a"))

        assert rejections(JudgeSpec("Judge", twice)) == [("INVALID", "criteria.1.key")]

    @pytest.mark.parametrize("judge_id", ["jdg_a", "jdg_" + "Z9" * 32, None])
    def test_an_id_of_the_workspaces_own_is_accepted(self, judge_id: str | None) -> None:
        assert JudgeSpec("Judge", (CriterionSpec("A"),), id=judge_id).validated().id == judge_id

    @pytest.mark.parametrize("judge_id", ["", "jdg_", "judge1", "jdg_a-b", "jdg_ä", "jdg_a\n", "jdg_" + "a" * 65, NUL])
    def test_any_other_id_is_rejected(self, judge_id: str) -> None:
        assert rejections(JudgeSpec("Judge", (CriterionSpec("A"),), id=judge_id)) == [("INVALID", "id")]

    def test_it_has_one_to_a_hundred_criteria(self) -> None:
        many = tuple(CriterionSpec(f"C{n}") for n in range(101))

        assert rejections(JudgeSpec("Judge", ())) == [("INVALID", "criteria")]
        assert rejections(JudgeSpec("Judge", many)) == [("INVALID", "criteria")]
        assert len(JudgeSpec("Judge", many[:100]).validated().criteria) == 100

    def test_at_least_one_criterion_has_a_weight(self) -> None:
        weightless = (CriterionSpec("A", weight=0), CriterionSpec("B", weight=0))

        assert rejections(JudgeSpec("Judge", weightless)) == [("INVALID", "criteria")]

    def test_all_problems_are_reported_together(self) -> None:
        spec = JudgeSpec("", (CriterionSpec("A"), CriterionSpec("", step=-1)), id="x", description="d" * 10_001)

        assert rejections(spec) == [
            ("INVALID", "name"),
            ("LIMIT_EXCEEDED", "description"),
            ("INVALID", "id"),
            ("INVALID", "criteria.1.name"),
            ("INVALID", "criteria.1.step"),
        ]
