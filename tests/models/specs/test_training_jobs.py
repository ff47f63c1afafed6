"""Training jobs: configuration, execution options, the request as a whole."""

import math
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from models.job import Priority, TrainingType
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec
from tests.models.specs.problems import (
    HALF_A_PAIR,
    MOMENTS,
    NO_MOMENTS,
    NOON,
    NUL,
    Found,
    found,
    rejections,
)


class TestTrainingConfig:
    def problems(self, training_type: TrainingType = TrainingType.FULL_RETRAIN, **values: Any) -> Found:
        return found(TrainingConfig(**values).problems(training_type))

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"minimum_feedback_count": 1},
            {"minimum_feedback_count": 1_000_000},
            {"validation_split": 0.5},
            {"validation_split": 1e-9},
            {"learning_rate": 1.0},
            {"learning_rate": 1e-9},
            {"max_epochs": 1},
            {"max_epochs": 10_000},
            {"seed": 0},
            {"seed": 2**31 - 1},
            *({"feedback_cutoff_date": moment} for moment in MOMENTS),
        ],
        ids=str,
    )
    def test_the_bounds_of_each_range_are_accepted(self, values: dict[str, Any]) -> None:
        assert self.problems(**values) == []

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("minimum_feedback_count", [0, -1, 1_000_001]),
            ("validation_split", [0, -0.1, 0.5000001, 1, math.nan, math.inf]),
            ("learning_rate", [0, -1, 1.0000001, math.nan, math.inf, -math.inf]),
            ("max_epochs", [0, -5, 10_001]),
            ("seed", [-1, 2**31]),
            ("feedback_cutoff_date", NO_MOMENTS),
        ],
    )
    def test_values_beyond_the_range_are_rejected_with_their_field_path(self, field: str, values: list[Any]) -> None:
        for value in values:
            assert self.problems(**{field: value}) == [("INVALID", field)], value

    @pytest.mark.parametrize("targets", [None, ()])
    def test_fine_tuning_needs_targets(self, targets: tuple[str, ...] | None) -> None:
        assert self.problems(TrainingType.FINE_TUNE, target_criteria=targets) == [("INVALID", "target_criteria")]

    @pytest.mark.parametrize(
        ("training_type", "targets", "fine"),
        [
            (TrainingType.FINE_TUNE, ("crit_a",), True),
            (TrainingType.VALIDATION, ("crit_a",), True),
            (TrainingType.VALIDATION, None, True),
            (TrainingType.VALIDATION, (), False),
            (TrainingType.VALIDATION, ("crit_a",) * 101, False),
            (TrainingType.INCREMENTAL, ("crit_a",), False),
            (TrainingType.INCREMENTAL, None, True),
            (TrainingType.FULL_RETRAIN, ("crit_a",), False),
            (TrainingType.FULL_RETRAIN, None, True),
        ],
    )
    def test_targets_go_only_with_the_types_that_use_them(
        self, training_type: TrainingType, targets: tuple[str, ...] | None, fine: bool
    ) -> None:
        expected = [] if fine else [("INVALID", "target_criteria")]

        assert self.problems(training_type, target_criteria=targets) == expected


class TestExecutionOptions:
    @pytest.mark.parametrize(
        "address",
        ["ann@example.org", "ann+jobs@mail.example.co.uk", "o'neill@example.org", "a@b.c", "ünïcode@example.org"],
    )
    def test_a_valid_email_address_is_accepted(self, address: str) -> None:
        assert found(ExecutionOptions(notification_email=address).problems()) == []

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "ann",
            "ann@",
            "@example.org",
            "ann@localhost",
            "ann@@example.org",
            "ann@exa mple.org",
            "ann bob@example.org",
            "ann@example.org\nBcc: all@example.org",
            "ann@example.org,bob@example.org",
            "Ann <ann@example.org>",
            "ann@-example.org",
            "a" * 65 + "@example.org",
            "a@" + "b" * 200 + ".org",
            "an\x00n@example.org",
            "an\x7fn@example.org",
            "an\ud800n@example.org",
        ],
        ids=ascii,
    )
    def test_an_invalid_email_address_is_rejected(self, address: str) -> None:
        problems = list(ExecutionOptions(notification_email=address).problems())

        assert found(problems) == [("INVALID", "notification_email")]
        assert problems[0].message.isprintable()

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.org/hook",
            "http://example.org:8080/a?b=c#d",
            "https://[2001:db8::1]/hook",
            "https://münchen.example/",
            "HTTPS://EXAMPLE.ORG",
        ],
    )
    def test_a_valid_web_address_is_accepted(self, url: str) -> None:
        assert found(ExecutionOptions(webhook_url=url).problems()) == []

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "example.org/hook",
            "ftp://example.org",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://",
            "https:///hook",
            "https://user:word@example.org",
            "https://user@example.org",
            "https://example.org:0/",
            "https://example.org:99999/",
            "https://example.org:x/",
            "https://[::1/",
            "https://exa mple.org",
            "https://example.org/\r\nX: y",
            "https://example.org/\x00",
            "https://example.org/\ud800",
            "https://a..b/",
            "https://" + "a" * 64 + ".org/",
            "https://example.org/" + "a" * 2000,
        ],
        ids=ascii,
    )
    def test_an_invalid_web_address_is_rejected(self, url: str) -> None:
        problems = list(ExecutionOptions(webhook_url=url).problems())

        assert found(problems) == [("INVALID", "webhook_url")]
        assert problems[0].message.isprintable()


class TestTraining:
    SPEC = TrainingSpec("jdg_a", TrainingType.FULL_RETRAIN)

    def test_problems_carry_the_path_from_the_request(self) -> None:
        spec = replace(
            self.SPEC,
            config=TrainingConfig(max_epochs=0, seed=-1),
            options=ExecutionOptions(webhook_url="x"),
            idempotency_key="k" * 201,
        )

        assert rejections(spec) == [
            ("INVALID", "training_config.max_epochs"),
            ("INVALID", "training_config.seed"),
            ("INVALID", "execution_options.webhook_url"),
            ("LIMIT_EXCEEDED", "idempotency_key"),
        ]

    @pytest.mark.parametrize("key", ["", " ", NUL, HALF_A_PAIR])
    def test_a_blank_or_invalid_idempotency_key_is_rejected(self, key: str) -> None:
        assert rejections(replace(self.SPEC, idempotency_key=key)) == [("INVALID", "idempotency_key")]

    def test_equal_requests_have_equal_digests_whatever_the_offset_of_their_date(self) -> None:
        elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
        here, there = (
            replace(self.SPEC, config=TrainingConfig(feedback_cutoff_date=moment)).digest()
            for moment in (NOON, elsewhere)
        )

        assert here == there

    def test_different_requests_have_different_digests(self) -> None:
        others = [
            replace(self.SPEC, judge_id="jdg_b"),
            replace(self.SPEC, training_type=TrainingType.VALIDATION),
            replace(self.SPEC, config=TrainingConfig(seed=1)),
            replace(self.SPEC, config=TrainingConfig(feedback_cutoff_date=NOON)),
            replace(self.SPEC, options=ExecutionOptions(priority=Priority.HIGH)),
            replace(self.SPEC, options=ExecutionOptions(auto_start=False)),
        ]

        assert all(other.digest() != self.SPEC.digest() for other in others)
