"""The rules a request must meet, field by field: what is refused, with which code, at which field."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from models.errors import DomainError, RequestRejected
from models.feedback import FeedbackType
from models.job import Priority, TrainingType
from models.specs.checks import check_batch_size
from models.specs.evaluations import EvaluationSpec, ScoreSpec
from models.specs.feedback import FeedbackSpec
from models.specs.judges import CriterionSpec, JudgeSpec
from models.specs.training_jobs import ExecutionOptions, TrainingConfig, TrainingSpec

Found = list[tuple[str, str]]  # code and field of each problem

NUL = "a\x00b"
HALF_A_PAIR = "a\ud800b"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NO_OFFSET = datetime(2026, 1, 31, 12)  # noqa: DTZ001
BEFORE_YEAR_1 = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
AFTER_YEAR_9999 = datetime(9999, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1)))
NO_MOMENTS = [NO_OFFSET, BEFORE_YEAR_1, AFTER_YEAR_9999]
MOMENTS = [NOON, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]


def found(problems: Iterable[DomainError]) -> Found:
    return [(problem.code.value, ".".join(problem.field)) for problem in problems]


def refusals(spec: JudgeSpec | TrainingSpec) -> Found:
    with pytest.raises(RequestRejected) as refused:
        spec.validated()
    return found(refused.value.errors)


class TestCriterion:
    """What a criterion of a new judge may be."""

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
    def test_what_makes_sense_is_taken(self, values: dict[str, Any]) -> None:
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
    def test_what_makes_no_sense_is_refused_at_its_field(
        self, values: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert self.problems(**values) == [expected]

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e10, -1e10])
    @pytest.mark.parametrize(
        ("name", "field"), [("minimum", "min"), ("maximum", "max"), ("step", "step"), ("weight", "weight")]
    )
    def test_numbers_are_finite_and_not_absurd(self, name: str, field: str, value: float) -> None:
        assert self.problems(**{name: value}) == [("INVALID", field)]


class TestJudge:
    """What a new judge may be, and the keys its criteria get."""

    def keys(self, *criteria: CriterionSpec) -> list[str | None]:
        return [criterion.key for criterion in JudgeSpec("Judge", criteria).validated().criteria]

    def test_keys_that_are_left_out_come_from_the_names(self) -> None:
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

    def test_a_key_that_was_asked_for_is_never_given_to_another(self) -> None:
        assert self.keys(CriterionSpec("Tone"), CriterionSpec("Other", key="crit_tone")) == [
            "crit_tone_2",
            "crit_tone",
        ]
        assert self.keys(CriterionSpec("明"), CriterionSpec("Other", key="crit_1")) == ["crit_2", "crit_1"]

    def test_a_key_made_from_the_longest_name_is_one_that_could_be_asked_for(self) -> None:
        keys = self.keys(*(CriterionSpec("x" * 200) for _ in range(100)))

        assert len(set(keys)) == 100
        assert all(not list(CriterionSpec("Name", key=key).problems()) for key in keys)

    def test_the_same_key_twice_is_refused_at_the_second(self) -> None:
        twice = (CriterionSpec("A", key="crit_a"), CriterionSpec("B", key="crit_a"))

        assert refusals(JudgeSpec("Judge", twice)) == [("INVALID", "criteria.1.key")]

    @pytest.mark.parametrize("judge_id", ["jdg_a", "jdg_" + "Z9" * 32, None])
    def test_an_id_of_the_workspaces_own_is_taken(self, judge_id: str | None) -> None:
        assert JudgeSpec("Judge", (CriterionSpec("A"),), id=judge_id).validated().id == judge_id

    @pytest.mark.parametrize("judge_id", ["", "jdg_", "judge1", "jdg_a-b", "jdg_ä", "jdg_a\n", "jdg_" + "a" * 65, NUL])
    def test_any_other_id_is_refused(self, judge_id: str) -> None:
        assert refusals(JudgeSpec("Judge", (CriterionSpec("A"),), id=judge_id)) == [("INVALID", "id")]

    def test_it_has_one_to_a_hundred_criteria(self) -> None:
        many = tuple(CriterionSpec(f"C{n}") for n in range(101))

        assert refusals(JudgeSpec("Judge", ())) == [("INVALID", "criteria")]
        assert refusals(JudgeSpec("Judge", many)) == [("INVALID", "criteria")]
        assert len(JudgeSpec("Judge", many[:100]).validated().criteria) == 100

    def test_at_least_one_criterion_weighs_something(self) -> None:
        weightless = (CriterionSpec("A", weight=0), CriterionSpec("B", weight=0))

        assert refusals(JudgeSpec("Judge", weightless)) == [("INVALID", "criteria")]

    def test_all_that_is_wrong_is_named_at_once(self) -> None:
        spec = JudgeSpec("", (CriterionSpec("A"), CriterionSpec("", step=-1)), id="x", description="d" * 10_001)

        assert refusals(spec) == [
            ("INVALID", "name"),
            ("LIMIT_EXCEEDED", "description"),
            ("INVALID", "id"),
            ("INVALID", "criteria.1.name"),
            ("INVALID", "criteria.1.step"),
        ]


class TestEvaluation:
    """What an evaluation may hold."""

    def problems(self, **values: Any) -> Found:
        return found(EvaluationSpec(**{"output": "Text", "scores": (ScoreSpec("crit_a", 3),)} | values).problems())

    @pytest.mark.parametrize("moment", MOMENTS, ids=str)
    def test_a_full_one_is_taken(self, moment: datetime) -> None:
        full = dict.fromkeys(("external_id", "group", "source"), "x" * 200)

        assert self.problems(**full, input="", rationale="r" * 100_000, evaluated_at=moment) == []

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"output": ""}, ("INVALID", "output")),
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
    def test_what_makes_no_sense_is_refused_at_its_field(
        self, values: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert self.problems(**values) == [expected]


OWN: dict[FeedbackType, dict[str, Any]] = {
    FeedbackType.CORRECTION: {"corrected_scores": (ScoreSpec("crit_a", 3),)},
    FeedbackType.RATING: {"rating": 5},
    FeedbackType.APPROVAL: {"approved": False},
    FeedbackType.COMMENT: {"comment": "Why?"},
}


class TestFeedback:
    """Exactly the field of the type; a comment may go with any."""

    def problems(self, kind: FeedbackType, **values: Any) -> Found:
        return found(FeedbackSpec(kind, **{"evaluation_id": "evl_1"} | values).problems())

    @pytest.mark.parametrize("kind", FeedbackType)
    def test_its_own_field_alone_is_enough(self, kind: FeedbackType) -> None:
        assert self.problems(kind, **OWN[kind]) == []

    @pytest.mark.parametrize("kind", FeedbackType)
    def test_without_its_own_field_it_is_refused(self, kind: FeedbackType) -> None:
        [own] = OWN[kind]

        assert self.problems(kind) == [("INVALID", own)]

    @pytest.mark.parametrize("kind", FeedbackType)
    @pytest.mark.parametrize("other", [FeedbackType.CORRECTION, FeedbackType.RATING, FeedbackType.APPROVAL])
    def test_the_field_of_another_type_is_refused(self, kind: FeedbackType, other: FeedbackType) -> None:
        [field] = OWN[other]
        expected = [] if kind is other else [("INVALID", field)]

        assert self.problems(kind, **OWN[kind] | OWN[other]) == expected

    @pytest.mark.parametrize("kind", FeedbackType)
    def test_a_comment_goes_with_any_type(self, kind: FeedbackType) -> None:
        assert self.problems(kind, **OWN[kind] | {"comment": "c" * 10_000}) == []

    def test_an_empty_comment_says_nothing_as_a_comment_but_harms_no_other_type(self) -> None:
        assert self.problems(FeedbackType.COMMENT, comment=" ") == [("INVALID", "comment")]
        assert self.problems(FeedbackType.RATING, rating=5, comment="") == []

    @pytest.mark.parametrize("rating", [-1, 0, 6, 10**20])
    def test_a_rating_is_one_to_five(self, rating: int) -> None:
        assert self.problems(FeedbackType.RATING, rating=rating) == [("INVALID", "rating")]

    def test_a_correction_corrects_something(self) -> None:
        assert self.problems(FeedbackType.CORRECTION, corrected_scores=()) == [("INVALID", "corrected_scores")]

    @pytest.mark.parametrize("named", [{}, {"evaluation_id": "evl_1", "evaluation_external_id": "e1"}])
    def test_the_evaluation_is_named_in_exactly_one_way(self, named: dict[str, str]) -> None:
        spec = FeedbackSpec(FeedbackType.RATING, rating=5, **named)  # type: ignore[arg-type]

        assert found(spec.problems()) == [("INVALID", "evaluation_id")]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"comment": "c" * 10_001}, ("LIMIT_EXCEEDED", "comment")),
            ({"comment": NUL}, ("INVALID", "comment")),
            ({"submitted_by": ""}, ("INVALID", "submitted_by")),
            ({"submitted_by": "s" * 201}, ("LIMIT_EXCEEDED", "submitted_by")),
            ({"submitted_by": HALF_A_PAIR}, ("INVALID", "submitted_by")),
            ({"external_id": NUL}, ("INVALID", "external_id")),
            *(({"submitted_at": moment}, ("INVALID", "submitted_at")) for moment in NO_MOMENTS),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_what_makes_no_sense_is_refused_at_its_field(
        self, values: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert self.problems(FeedbackType.RATING, rating=4, **values) == [expected]


class TestTrainingConfig:
    """What a job may be asked to learn from and how."""

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
    def test_the_ends_of_each_range_belong_to_it(self, values: dict[str, Any]) -> None:
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
    def test_beyond_them_is_refused_at_its_field(self, field: str, values: list[Any]) -> None:
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
    """Where messages about a job may go."""

    @pytest.mark.parametrize(
        "address",
        ["ann@example.org", "ann+jobs@mail.example.co.uk", "o'neill@example.org", "a@b.c", "ünïcode@example.org"],
    )
    def test_an_e_mail_address_is_taken(self, address: str) -> None:
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
    def test_what_is_no_e_mail_address_is_refused(self, address: str) -> None:
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
    def test_a_web_address_is_taken(self, url: str) -> None:
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
    def test_what_is_no_web_address_is_refused(self, url: str) -> None:
        problems = list(ExecutionOptions(webhook_url=url).problems())

        assert found(problems) == [("INVALID", "webhook_url")]
        assert problems[0].message.isprintable()


class TestTraining:
    """A request for a job as a whole."""

    SPEC = TrainingSpec("jdg_a", TrainingType.FULL_RETRAIN)

    def test_problems_carry_the_path_from_the_request(self) -> None:
        spec = replace(
            self.SPEC,
            config=TrainingConfig(max_epochs=0, seed=-1),
            options=ExecutionOptions(webhook_url="x"),
            idempotency_key="k" * 201,
        )

        assert refusals(spec) == [
            ("INVALID", "training_config.max_epochs"),
            ("INVALID", "training_config.seed"),
            ("INVALID", "execution_options.webhook_url"),
            ("LIMIT_EXCEEDED", "idempotency_key"),
        ]

    @pytest.mark.parametrize("key", ["", " ", NUL, HALF_A_PAIR])
    def test_an_idempotency_key_says_something(self, key: str) -> None:
        assert refusals(replace(self.SPEC, idempotency_key=key)) == [("INVALID", "idempotency_key")]

    def test_the_same_request_is_the_same_json_whatever_the_offset_of_its_date(self) -> None:
        elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
        here, there = (
            replace(self.SPEC, config=TrainingConfig(feedback_cutoff_date=moment)).as_json()
            for moment in (NOON, elsewhere)
        )

        assert here == there

    def test_another_request_is_other_json(self) -> None:
        others = [
            replace(self.SPEC, judge_id="jdg_b"),
            replace(self.SPEC, training_type=TrainingType.VALIDATION),
            replace(self.SPEC, config=TrainingConfig(seed=1)),
            replace(self.SPEC, config=TrainingConfig(feedback_cutoff_date=NOON)),
            replace(self.SPEC, options=ExecutionOptions(priority=Priority.HIGH)),
            replace(self.SPEC, options=ExecutionOptions(auto_start=False)),
        ]

        assert all(other.as_json() != self.SPEC.as_json() for other in others)


def test_a_call_holds_one_to_five_hundred_items() -> None:
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
