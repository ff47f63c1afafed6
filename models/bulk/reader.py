"""Parsing of lines in bulk: well-formed lines become specs by the rules of mutations, others become errors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.bulk.line_splitter import Line
from models.bulk.lines import (
    CriterionNames,
    EvaluationLine,
    FeedbackLine,
    LineReader,
    derive_external_id,
    drop_unscored,
    line_too_long_error,
)
from models.errors import DomainError, Invalid, RequestRejected
from models.evaluation import Scores
from models.specs.evaluations import EvaluationSpec
from models.specs.feedback import FeedbackSpec

S = TypeVar("S", EvaluationSpec, FeedbackSpec)


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """One problem of a line."""

    line: int
    error: DomainError
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedLine(Generic[S]):
    """A well-formed line with its scores in the judge's order."""

    line: int
    spec: S
    scores: Scores | None
    shown: Scores | None = None


@dataclass(frozen=True, slots=True)
class ParsedBatch(Generic[S]):
    """The well-formed lines of a batch, and the problems of the others."""

    parsed: list[ParsedLine[S]] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)


_evaluations = LineReader(EvaluationLine)
_feedback = LineReader(FeedbackLine)


def read_evaluations(lines: Iterable[Line], names: CriterionNames, *, idempotent: bool) -> ParsedBatch[EvaluationSpec]:
    """Parse lines of evaluations.

    Args:
        lines: numbered lines.
        names: the judge's criteria.
        idempotent: whether a line without an external id gets one that is derived from its content.
    """

    def read(number: int, text: bytes) -> tuple[ParsedLine[EvaluationSpec], list[DomainError]]:
        line = _evaluations.read(text)
        if idempotent and line.external_id is None:
            line.external_id = derive_external_id(line)
        spec, shown = line.to_spec(), None
        scores, misplaced = names.arrange_scores(drop_unscored(line.scores), "scores")
        problems = [*spec.problems(), *misplaced]
        if line.shown_scores is not None:
            shown, misplaced = names.arrange_scores(drop_unscored(line.shown_scores), "shown_scores")
            problems += misplaced
        return ParsedLine(number, spec, scores, shown), problems

    return _parse_lines(lines, read)


def read_feedback(lines: Iterable[Line], names: CriterionNames, *, idempotent: bool) -> ParsedBatch[FeedbackSpec]:
    """Parse lines of feedback.

    Args:
        lines: numbered lines.
        names: the judge's criteria.
        idempotent: whether a line without an external id gets one that is derived from its content.
    """

    def read(number: int, text: bytes) -> tuple[ParsedLine[FeedbackSpec], list[DomainError]]:
        line = _feedback.read(text)
        if idempotent and line.external_id is None:
            line.external_id = derive_external_id(line)
        if line.evaluation is None and line.evaluation_id is None:
            raise RequestRejected(
                Invalid("evaluation is missing: name the evaluation by its external id.", ("evaluation",))
            )
        spec, scores = line.to_spec(), None
        problems = [with_line_field(problem) for problem in spec.problems()]
        if line.corrected_scores is not None:
            scores, misplaced = names.arrange_scores(drop_unscored(line.corrected_scores), "corrected_scores")
            problems += misplaced
        return ParsedLine(number, spec, scores), problems

    return _parse_lines(lines, read)


def with_line_field(error: DomainError) -> DomainError:
    """Return the error with the path of the line's field, which may differ from the mutation's."""
    if error.field[:1] == ("evaluation_external_id",):
        return type(error)(error.message, ("evaluation", *error.field[1:]), **error.details)
    return error


def _parse_lines(
    lines: Iterable[Line], read: Callable[[int, bytes], tuple[ParsedLine[S], list[DomainError]]]
) -> ParsedBatch[S]:
    batch: ParsedBatch[S] = ParsedBatch()
    for number, text in lines:
        if text is None:
            batch.rejected.append(RejectedLine(number, line_too_long_error()))
            continue
        try:
            item, problems = read(number, text)
        except RequestRejected as refusal:
            batch.rejected.extend(RejectedLine(number, error) for error in refusal.errors)
            continue
        if problems:
            batch.rejected.extend(RejectedLine(number, problem, item.spec.external_id) for problem in problems)
        else:
            batch.parsed.append(item)
    return batch
