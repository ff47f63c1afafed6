"""Conversion of inputs by a plan: the same objects as Strawberry's own conversion."""

from dataclasses import is_dataclass
from typing import Any

import pytest
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.arguments import convert_argument

from models.feedback import FeedbackType
from schema.inputs.evaluation import EvaluateInput, RecordEvaluationsInput
from schema.inputs.feedback import FeedbackInput, SubmitFeedbackInput
from schema.inputs.judge import CreateJudgeInput, UpdateJudgeInput
from schema.inputs.training_job import CreateTrainingJobInput

SCORES = [{"criterionId": "clarity", "score": 3.5}, {"criterionId": "accuracy", "score": 2}]
VALUES: list[tuple[type, dict[str, Any]]] = [
    (RecordEvaluationsInput, {"judgeId": "j", "evaluations": [{"output": "Yes.", "group": None, "scores": SCORES}]}),
    (EvaluateInput, {"judgeId": "j", "items": [{"output": "Yes.", "scores": SCORES}], "record": None}),
    (EvaluateInput, {"judgeId": "j", "items": [], "record": True, "versionId": "v"}),
    (SubmitFeedbackInput, {"judgeId": "j", "feedback": [
        {"evaluationId": "e", "type": FeedbackType.CORRECTION, "correctedScores": SCORES, "externalId": "x"},
        {"evaluationExternalId": "e", "type": FeedbackType.RATING, "rating": 3, "correctedScores": None},
    ]}),
    (CreateJudgeInput, {"name": "Tone", "criteria": [{"name": "Warm", "min": 1, "max": 5}]}),
    (UpdateJudgeInput, {"judgeId": "j", "addCriteria": [{"name": "Warm"}]}),
    (CreateTrainingJobInput, {"judgeId": "j", "trainingConfig": {"targetCriteria": ["a"]}, "executionOptions": {}}),
]  # fmt: skip


def convert(kind: type, value: dict[str, Any]) -> Any:
    return convert_argument(value, kind, DEFAULT_SCALAR_REGISTRY, StrawberryConfig())


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_inputs_are_the_same_as_without_a_plan(
    kind: type, value: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_plan = convert(kind, value)
    with monkeypatch.context() as without:
        for input_type in {type(each) for each in _objects_in(by_plan)}:
            without.setattr(input_type.__strawberry_definition__, "from_input", None)
        expected = convert(kind, value)

    assert by_plan == expected


def test_a_list_is_copied_because_a_default_is_shared_by_all_requests() -> None:
    names = ["a"]
    found = convert(CreateTrainingJobInput, {"judgeId": "j", "trainingConfig": {"targetCriteria": names}})

    assert found.training_config.target_criteria == names
    assert found.training_config.target_criteria is not names


def test_a_field_without_a_value_is_none() -> None:
    assert convert(FeedbackInput, {"type": FeedbackType.COMMENT}).comment is None


def _objects_in(value: Any) -> list[Any]:
    """Return an input object and all input objects within it."""
    if isinstance(value, list):
        return [each for item in value for each in _objects_in(item)]
    if not is_dataclass(value):
        return []
    return [value, *(each for item in vars(value).values() for each in _objects_in(item))]
