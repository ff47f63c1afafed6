"""Reading lines in bulk: which of them are well-formed, by the mutations' rules, and what is wrong with the others."""

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
    line_too_long_error,
)
from models.errors import DomainError, Invalid, RequestRejected
from models.evaluation import Scores
from models.specs.evaluations import EvaluationSpec
from models.specs.feedback import FeedbackSpec

S = TypeVar("S", EvaluationSpec, FeedbackSpec)


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """One thing that is wrong with a line."""

    line: int
    error: DomainError
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedLine(Generic[S]):
    """A line that is well-formed, with its scores in the judge's order."""

    line: int
    spec: S
    scores: Scores | None
    shown: Scores | None = None


@dataclass(frozen=True, slots=True)
class ParsedBatch(Generic[S]):
    """Lines that were read, and what is wrong with the others."""

    parsed: list[ParsedLine[S]] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)


_evaluations = LineReader(EvaluationLine)
_feedback = LineReader(FeedbackLine)


def read_evaluations(lines: Iterable[Line], names: CriterionNames, *, idempotent: bool) -> ParsedBatch[EvaluationSpec]:
    """Read lines of evaluations; ``idempotent``: those without an external id are known by what they say."""

    def read(number: int, text: bytes) -> tuple[ParsedLine[EvaluationSpec], list[DomainError]]:
        line = _evaluations.read(text)
        if idempotent and line.external_id is None:
            line.external_id = derive_external_id(line)
        spec, shown = line.to_spec(), None
        scores, misplaced = names.arrange_scores(line.scores, "scores")
        problems = [*spec.problems(), *misplaced]
        if line.shown_scores is not None:
            shown, misplaced = names.arrange_scores(line.shown_scores, "shown_scores")
            problems += misplaced
        return ParsedLine(number, spec, scores, shown), problems

    return _parse_lines(lines, read)


def read_feedback(lines: Iterable[Line], names: CriterionNames, *, idempotent: bool) -> ParsedBatch[FeedbackSpec]:
    """Read lines of feedback; ``idempotent``: those without an external id are known by what they say."""

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
            scores, misplaced = names.arrange_scores(line.corrected_scores, "corrected_scores")
            problems += misplaced
        return ParsedLine(number, spec, scores), problems

    return _parse_lines(lines, read)


def with_line_field(error: DomainError) -> DomainError:
    """The same error with the path of a line's field, where that differs from a mutation's."""
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
