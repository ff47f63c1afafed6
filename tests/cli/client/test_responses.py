"""Tests that the types of responses and inputs have only fields that the documents and the schema have."""

import typing
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLNonNull,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    get_named_type,
    parse,
)

from cli.client import documents, inputs, responses

SDL = Path(__file__).parents[3] / "schema" / "schema.graphql"

PAYLOADS = {
    "Judges": responses.JudgePage,
    "Judge": responses.Judge,
    "JudgeVersions": responses.JudgeWithVersions,
    "CompareVersions": responses.VersionComparison,
    "TrainingJobs": responses.JobPage,
    "TrainingJob": responses.TrainingJob,
    "CreateTrainingJob": responses.CreatedJob,
    "TrainingJobStatus": responses.JobUpdate,
    "TrainingJobActivity": responses.JobActivity,
    "FeedbackSummary": responses.FeedbackSummary,
    "LearningCurve": responses.LearningCurve,
    "SuggestEvaluationsToReview": list[responses.ReviewSuggestion],
}
NESTED = {
    ("CreateJudge", "judge"): responses.Judge,
    ("DeployJudgeVersion", "judge"): responses.Judge,
    ("RollbackJudge", "judge"): responses.Judge,
    ("CancelTrainingJob", "trainingJob"): responses.TrainingJob,
    ("RetryTrainingJob", "trainingJob"): responses.TrainingJob,
    ("Evaluate", "results"): list[responses.EvaluationResult],
}
INPUTS = {
    "CreateTrainingJobInput": inputs.CreateTrainingJobInput,
    "TrainingJobFilter": inputs.TrainingJobFilter,
    "EvaluateInput": inputs.EvaluateInput,
}

Selection = dict[str, Any]


def selection(name: str) -> Selection:
    """Return the fields below the root field of a document by response key, each with the fields below it."""
    definitions = parse(documents.load(name)).definitions
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}

    def collect(node: SelectionSetNode | None) -> Selection:
        fields: Selection = {}
        for part in node.selections if node else ():
            if isinstance(part, FieldNode):
                key = part.alias.value if part.alias else part.name.value
                fields.setdefault(key, {}).update(collect(part.selection_set))
                continue
            assert isinstance(part, FragmentSpreadNode | InlineFragmentNode)
            source = part if isinstance(part, InlineFragmentNode) else fragments[part.name.value]
            for key, below in collect(source.selection_set).items():
                fields.setdefault(key, {}).update(below)
        return fields

    (operation,) = (one for one in definitions if isinstance(one, OperationDefinitionNode))
    (root,) = collect(operation.selection_set).values()
    return root


def typed_dict(annotation: Any) -> Any:
    """Return the TypedDict within an annotation such as `list[X] | None`, or None if there is none."""
    if typing.is_typeddict(annotation):
        return annotation
    found = [typed_dict(part) for part in get_args(annotation) if part is not NoneType]
    return next((one for one in found if one is not None), None)


def missing(annotation: Any, fields: Selection, path: str) -> list[str]:
    """Return the paths of the fields of a type, and of the types within it, that a selection lacks.

    Args:
        annotation: the type.
        fields: the selection.
        path: the path of the selection.
    """
    kind = typed_dict(annotation)
    if kind is None:
        return []
    lacking: list[str] = []
    for name, hint in typing.get_type_hints(kind).items():
        place = f"{path}.{name}"
        lacking += missing(hint, fields[name], place) if name in fields else [place]
    return lacking


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_document_selects_every_field_that_the_command_reads(name: str) -> None:
    assert missing(PAYLOADS[name], selection(name), name) == []


@pytest.mark.parametrize(("name", "field"), NESTED)
def test_a_payload_selects_every_field_that_the_command_reads(name: str, field: str) -> None:
    assert missing(NESTED[name, field], selection(name)[field], name) == []


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_type_has_only_fields_of_the_schema(name: str) -> None:
    schema = build_schema(SDL.read_text(encoding="utf-8"))

    def check(kind: Any, graphql_type: GraphQLInputObjectType) -> None:
        for field, hint in typing.get_type_hints(kind).items():
            assert field in graphql_type.fields, f"{graphql_type.name}.{field}"
            if (inner := typed_dict(hint)) is not None:
                check(inner, get_named_type(graphql_type.fields[field].type))

    check(INPUTS[name], schema.type_map[name])


def test_the_type_of_a_nullable_field_allows_none() -> None:
    schema = build_schema(SDL.read_text(encoding="utf-8"))
    types = {
        "Judge": responses.Judge,
        "TrainingJob": responses.TrainingJob,
        "TrainingEvidence": responses.Evidence,
        "CriterionEvidence": responses.CriterionEvidence,
        "AgreementReport": responses.AgreementReport,
        "FeedbackSummary": responses.FeedbackSummary,
        "CriterionFeedback": responses.CriterionFeedback,
        "CriterionComparison": responses.CriterionComparison,
        "VersionComparison": responses.VersionComparison,
        "LearningCurvePoint": responses.LearningCurvePoint,
        "JudgeVersion": responses.JudgeVersion,
        "TrainingProgress": responses.JobProgress,
    }
    wrong = [
        f"{name}.{field}"
        for name, kind in types.items()
        for field, hint in typing.get_type_hints(kind).items()
        if not isinstance(schema.type_map[name].fields[field].type, GraphQLNonNull) and NoneType not in get_args(hint)
    ]
    assert wrong == []
