"""Lines of bulk loads and import files: one JSON object a line, with the keys of a mutation's input in snake_case.

A line becomes the same spec as a mutation's input, so that the same rules apply.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from models.bulk.explanations import explain_line
from models.bulk.line_splitter import MAX_LINE_BYTES
from models.errors import DomainError, Invalid, LimitExceeded, RequestRejected
from models.evaluation import Scores
from models.feedback import FeedbackType
from models.judge import Criterion
from models.scoring import Scorecard
from models.specs.evaluations import EvaluationSpec, ScoreSpec
from models.specs.feedback import FeedbackSpec


class EvaluationLine(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A line with one evaluation; scores by the criterion's id, key or unique name."""

    output: str
    scores: Mapping[str, float | None]
    external_id: str | None = None
    group: str | None = None
    source: str | None = None
    input: str | None = None
    rationale: str | None = None
    version_id: str | None = None
    shown_scores: Mapping[str, float | None] | None = None
    evaluated_at: datetime | None = None

    def to_spec(self) -> EvaluationSpec:
        """Return the spec of a mutation. The caller places the scores, which may name criteria by their names."""
        return EvaluationSpec(
            self.output,
            _specs(drop_unscored(self.scores)),
            self.external_id,
            self.group,
            self.source,
            self.input,
            self.rationale,
            self.version_id,
            self.evaluated_at,
        )


class FeedbackLine(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A line with one item of feedback; ``evaluation`` is the evaluation's external id."""

    type: str
    evaluation: str | None = None
    evaluation_id: str | None = None
    corrected_scores: Mapping[str, float | None] | None = None
    rating: float | None = None
    approved: bool | None = None
    comment: str | None = None
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    external_id: str | None = None

    def to_spec(self) -> FeedbackSpec:
        """Return the spec of a mutation. The caller places the scores, which may name criteria by their names.

        Raises:
            RequestRejected: The type is unknown, or the rating is not a whole number.
        """
        kind = _TYPES.get(self.type) or _TYPES.get(self.type.lower())
        if kind is None:
            raise RequestRejected(Invalid(f"A type is one of {', '.join(_TYPES)}, not {self.type[:60]!r}.", ("type",)))
        if self.rating is not None and not self.rating.is_integer():
            raise RequestRejected(Invalid(f"A rating is a whole number from 1 to 5, not {self.rating:g}.", ("rating",)))
        return FeedbackSpec(
            kind,
            self.evaluation_id,
            self.evaluation,
            None if self.corrected_scores is None else _specs(drop_unscored(self.corrected_scores)),
            None if self.rating is None else int(self.rating),
            self.approved,
            self.comment,
            self.submitted_by,
            self.submitted_at,
            self.external_id,
        )


L = TypeVar("L", EvaluationLine, FeedbackLine)

_TYPES = {kind.value: kind for kind in FeedbackType}
_canonical = msgspec.json.Encoder(order="deterministic")
_key = re.compile(rb'"\s*:')
_escaped_key = re.compile(rb'\\"\s*:')


class LineReader(Generic[L]):
    """A decoder of lines of one kind."""

    def __init__(self, kind: type[L]) -> None:
        self._kind: type[L] = kind
        self._decoder: msgspec.json.Decoder[L] = msgspec.json.Decoder(kind)
        self._fields = ", ".join(kind.__struct_fields__)

    def read(self, line: bytes) -> L:
        """Decode one line.

        Raises:
            RequestRejected: The line is not a valid object of this kind.
        """
        try:
            found: L = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestRejected(*explain_line(line, self._kind, self._fields, error)) from None
        _reject_duplicate_keys(line, found)
        return found


def line_too_long_error() -> LimitExceeded:
    """Return the error for a line that exceeds the limit."""
    return LimitExceeded(f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB, so it was skipped.")


def derive_external_id(line: EvaluationLine | FeedbackLine) -> str:
    """Return an external id for a line without one: a digest of its content, independent of spelling and order."""
    return f"line-{hashlib.sha256(_canonical.encode(line)).hexdigest()[:40]}"


class CriterionNames:
    """A judge's criteria by the names that lines may use: id, key, or the name if it is unique."""

    def __init__(self, criteria: Sequence[Criterion]) -> None:
        self._card = Scorecard(criteria)
        self._empty: Scores = [None] * len(criteria)
        names = [criterion.name for criterion in criteria]
        by_name = {c.name: c for c in criteria if names.count(c.name) == 1}
        self._known = by_name | {c.key: c for c in criteria} | {c.id: c for c in criteria}

    def arrange_scores(self, scores: dict[str, float], field: str) -> tuple[Scores, list[DomainError]]:
        """Return scores in the order of the criteria, and the problems of individual scores.

        Args:
            scores: scores by the names of their criteria.
            field: the field that holds them, for the paths of problems.
        """
        placed = self._empty.copy()
        for name, score in scores.items():
            criterion = self._known.get(name)
            if criterion is None or not criterion.minimum <= score <= criterion.maximum:
                break
            if placed[criterion.ordinal] is not None:
                break
            placed[criterion.ordinal] = score
        else:
            return placed, []
        return self._problems(scores, field)

    def _problems(self, scores: dict[str, float], field: str) -> tuple[Scores, list[DomainError]]:
        """Apply the rules of mutations, and name each problem's score by its criterion instead of its index."""
        given = tuple(scores)
        known = [self._known[name].id if name in self._known else name for name in given]
        placed, problems = self._card.arrange_scores(
            [ScoreSpec(name, score) for name, score in zip(known, scores.values(), strict=True)], field
        )
        return placed, [type(p)(p.message, (field, given[int(p.field[1])]), **p.details) for p in problems]


def drop_unscored(scores: Mapping[str, float | None]) -> dict[str, float]:
    """Return scores without the nulls, which stand for criteria that were not scored."""
    return {name: score for name, score in scores.items() if score is not None}


def _specs(scores: dict[str, float]) -> tuple[ScoreSpec, ...]:
    return tuple([ScoreSpec(name, score) for name, score in scores.items()])


def _reject_duplicate_keys(line: bytes, found: EvaluationLine | FeedbackLine) -> None:
    """Reject an object with a duplicate key, of which decoders would keep the last.

    Every key appears as a quote before a colon. If there are as many of them as fields, no key is duplicated. If there
    are more, because of nulls, quotes in texts or duplicates, a slower decoder that reports each pair parses the line
    again.
    """
    expected = 0
    for name in found.__struct_fields__:
        value = getattr(found, name)
        if value is not None:
            expected += 1 + (len(value) if isinstance(value, dict) else 0)
    if len(_key.findall(line)) != expected or _escaped_key.search(line):
        json.loads(line, object_pairs_hook=_to_unique_keys)


def _to_unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise RequestRejected(Invalid(f"{key} is there twice.", (key,)))
        found[key] = value
    return found
