"""One line of an import file, checked and turned into the input of a mutation."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

Input = dict[str, Any]

T = TypeVar("T", bound=msgspec.Struct)
_FEEDBACK_TYPES = ("correction", "rating", "approval", "comment")
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class BadLineError(ValueError):
    """A line can't be loaded."""


class Row(NamedTuple):
    """A line's input and what it is known by, now and when it is loaded again."""

    external_id: str
    input: Input


class _EvaluationLine(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    output: str
    scores: dict[str, float]
    external_id: str | None = None
    group: str | None = None
    source: str | None = None
    input: str | None = None
    rationale: str | None = None
    version_id: str | None = None
    evaluated_at: _Moment | None = None


class _FeedbackLine(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    evaluation: str
    type: str
    corrected_scores: dict[str, float] | None = None
    rating: float | None = None
    approved: bool | None = None
    comment: str | None = None
    submitted_by: str | None = None
    submitted_at: _Moment | None = None
    external_id: str | None = None


_evaluation_decoder = msgspec.json.Decoder(_EvaluationLine)
_feedback_decoder = msgspec.json.Decoder(_FeedbackLine)
_canonical = msgspec.json.Encoder(order="deterministic")


class Criteria:
    """Finds a judge's criterion by its id, its key or its name."""

    def __init__(self, criteria: Iterable[Mapping[str, Any]]) -> None:
        criteria = list(criteria)
        self._names = [criterion["name"] for criterion in criteria]
        self._ids = {criterion[by]: criterion["id"] for by in ("name", "key", "id") for criterion in criteria}

    def scores(self, scores: Mapping[str, float]) -> list[Input]:
        """Scores as inputs name them."""
        ids = [self._id(name) for name in scores]
        if len(set(ids)) < len(ids):
            raise BadLineError(f"two of {', '.join(scores)} are the same criterion; score each one once")
        return [{"criterionId": id_, "score": score} for id_, score in zip(ids, scores.values(), strict=True)]

    def _id(self, name: str) -> str:
        try:
            return str(self._ids[name])
        except KeyError:
            raise BadLineError(f"unknown criterion {name!r}; this judge has {', '.join(self._names)}") from None


def evaluation_row(line: bytes, criteria: Criteria) -> Row:
    """Turn a line of an evaluations file into an `EvaluationInput`."""
    given = _decode(_evaluation_decoder, line)
    external_id = given.external_id or _digest(given)
    return Row(
        external_id,
        _without_nulls(
            externalId=external_id,
            group=given.group,
            source=given.source,
            input=given.input,
            output=given.output,
            rationale=given.rationale,
            scores=criteria.scores(given.scores),
            versionId=given.version_id,
            evaluatedAt=given.evaluated_at,
        ),
    )


def feedback_row(line: bytes, criteria: Criteria) -> Row:
    """Turn a line of a feedback file into a `FeedbackInput`."""
    given = _decode(_feedback_decoder, line)
    external_id = given.external_id or _digest(given)
    return Row(
        external_id,
        _without_nulls(
            evaluationExternalId=given.evaluation,
            type=_feedback_type(given.type),
            correctedScores=None if given.corrected_scores is None else criteria.scores(given.corrected_scores),
            rating=None if given.rating is None else _whole(given.rating),
            approved=given.approved,
            comment=given.comment,
            submittedBy=given.submitted_by,
            submittedAt=given.submitted_at,
            externalId=external_id,
        ),
    )


def _decode(decoder: msgspec.json.Decoder[T], line: bytes) -> T:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = str(error)
        if "unknown field" in text:
            text += f"; a line may have {', '.join(decoder.type.__struct_fields__)}"
        raise BadLineError(text) from error


def _feedback_type(name: str) -> str:
    if name.lower() not in _FEEDBACK_TYPES:
        raise BadLineError(f"unknown type {name!r}; feedback is one of {', '.join(_FEEDBACK_TYPES)}")
    return name.upper()


def _whole(rating: float) -> int:
    if not rating.is_integer():
        raise BadLineError(f"rating {rating} is not a whole number from 1 to 5")
    return int(rating)


def _digest(line: msgspec.Struct) -> str:
    """Know a line without `external_id` by what it says, however its keys are ordered and its numbers written."""
    return f"line-{hashlib.sha256(_canonical.encode(line)).hexdigest()[:40]}"


def _without_nulls(**values: Any) -> Input:
    return {name: value for name, value in values.items() if value is not None}
