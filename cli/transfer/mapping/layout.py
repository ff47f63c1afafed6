"""Layout of a table or of JSON records: the place of each field and score.

In the wide form each criterion has a place of its own. In the long form a record has one score, and a column names its
criterion. The layout follows from the options, from the names in the first records, and from their values: a column
whose values are names of criteria makes the long form, one whose values are kinds of raters separates people from
judges.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.errors import ApiError
from cli.transfer.mapping.criteria import CriteriaByName
from cli.transfer.mapping.lines import APPROVAL_QUESTIONS
from cli.transfer.mapping.options import FileOptions
from cli.transfer.sources.record import NameIndex, Record, fold_name

#: Names of the places in which fields are looked for, by field and in this order.
DEFAULT_PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "evaluations": {
        "external_id": ("external_id", "id"),
        "group": ("group",),
        "source": ("source",),
        "input": ("input", "prompt", "question", "instruction", "query"),
        "output": ("output", "response", "answer", "completion", "generation", "model_response", "model_output"),
        "rationale": ("rationale",),
        "version_id": ("version_id",),
        "evaluated_at": ("evaluated_at",),
    },
    "feedback": {
        "type": ("type",),
        "evaluation": ("evaluation",),
        "evaluation_id": ("evaluation_id",),
        "comment": ("comment", "comments", "notes"),
        "submitted_by": ("submitted_by", "rater", "annotator"),
        "submitted_at": ("submitted_at",),
        "external_id": ("external_id",),
        "rating": ("rating",),
        "approved": ("approved",),
    },
}
#: Options of `--field` that are no fields of the import format.
CRITERION, SCORE, RATER_KIND = "criterion", "score", "rater_kind"
_CRITERION_NAMES = frozenset(
    {"name", "criterion", "metric", "dimension", "key", "question", "annotationname", "scorename", "aspect"}
)
_SCORE_OBJECTS = {"evaluations": ("scores.",), "feedback": ("corrected_scores.", "scores.")}
_LIKELY_SHARE = 0.5
_SCORE_PLACES = ("score", "value", "label", "result.score", "rating")
_RATER_KIND_NAMES = frozenset(
    {"source", "sourcetype", "source.sourcetype", "annotatorkind", "annotatortype", "ratertype", "raterkind",
     "evaluatortype", "scoresource", "kind"}
)  # fmt: skip
JUDGE_KINDS = frozenset(
    {"eval", "llm", "code", "model", "llmjudge", "ai", "auto", "automated", "evaluator", "autoeval", "judge", "machine",
     "heuristic", "llmasajudge"}
)  # fmt: skip
PERSON_KINDS = frozenset({"human", "annotation", "annotator", "person", "user", "expert", "reviewer", "manual", "app"})
_UNCLEAR_KINDS = frozenset({"api", "sdk"})
_TEXT_FIELDS = ("input", "output", "rationale", "comment")


@dataclass(frozen=True)
class Layout:
    """The places of one file's fields and scores.

    Attributes:
        kind: `evaluations` or `feedback`.
        fields: the places of fields, by field.
        scores: the places of scores, by criterion.
        criterion: the place of the criterion's name, in the long form.
        score: the place of the score, in the long form.
        rater_kind: the place that separates people from judges.
    """

    kind: str
    fields: Mapping[str, str]
    scores: Mapping[str, str] = field(default_factory=dict)
    criterion: str | None = None
    score: str | None = None
    rater_kind: str | None = None

    @property
    def is_long(self) -> bool:
        """True if each record has one score, whose criterion a column names."""
        return self.criterion is not None

    def describe(self) -> dict[str, str]:
        """Return the places by what they hold, for people."""
        places = dict(self.fields) | dict(self.scores)
        for name, place in ((CRITERION, self.criterion), (SCORE, self.score), (RATER_KIND, self.rater_kind)):
            if place is not None:
                places[name] = place
        return places


class LayoutFinder:
    """Finder of the layout of one file from its first records."""

    def __init__(
        self,
        kind: str,
        criteria: CriteriaByName,
        options: FileOptions,
        sample: Sequence[Record],
        columns: Sequence[str],
    ) -> None:
        """Create the finder.

        Args:
            kind: `evaluations` or `feedback`.
            criteria: the judge's criteria.
            options: the options of the file.
            sample: its first records.
            columns: the names of its columns, or of the keys of the first records.
        """
        self._kind = kind
        self._criteria = criteria
        self._given = options.fields
        self._filters = options.filters
        self._sample = sample
        self._index = NameIndex()
        self._columns = dict.fromkeys(columns)

    def find(self) -> Layout:
        """Return the layout; places that are not found are left out.

        Raises:
            ApiError: a field has no place that the options name.
        """
        fields = self._find_fields()
        given = {
            self._criteria.label(one): place for one in self._criteria if (place := self._given_place(one)) is not None
        }
        own = {
            label: key
            for one in self._criteria
            if (label := self._criteria.label(one)) not in given
            for name in (one["id"], one["key"], one["name"])
            if self._criteria.find(name) is one and (key := self._find_score(name)) is not None
        }
        criterion = self._given.get(CRITERION)
        if criterion is None and not own:
            criterion = self._find_criterion_column(fields, is_likely_wide=bool(given))
        score = self._find_score_column(given) if criterion is not None else None
        is_long = criterion is not None and (score is not None or bool(given))
        return Layout(
            self._kind,
            {name: place for name, place in fields.items() if not is_long or place not in (criterion, score)},
            given if is_long else given | own,
            criterion if is_long else None,
            score,
            self._find_rater_kind(is_long=is_long),
        )

    def _find_fields(self) -> dict[str, str]:
        fields = {}
        for name, candidates in DEFAULT_PLACES[self._kind].items():
            if name in self._given:
                fields[name] = self._given[name]
                continue
            found = next((key for some in candidates if (key := self._find_key(some)) is not None), None)
            if found is not None and found not in self._given.values():
                fields[name] = found
        return fields

    def _given_place(self, criterion: Mapping[str, Any]) -> str | None:
        for name, place in self._given.items():
            if name not in DEFAULT_PLACES[self._kind] and self._criteria.find(name) is criterion:
                return place
        return None

    def _find_key(self, name: str) -> str | None:
        return self._index.find_key(self._columns, name)

    def _find_score(self, criterion: str) -> str | None:
        """Return the place of a criterion's score, which may be within an object of scores."""
        for prefix in ("", *_SCORE_OBJECTS[self._kind]):
            key = self._find_key(f"{prefix}{criterion}")
            if key is not None:
                return key
        return None

    def _values(self, column: str) -> list[Any]:
        found = (self._index.find(record, column)[1] for record in self._sample)
        return [value for value in found if value not in (None, "")]

    def _find_criterion_column(self, fields: Mapping[str, str], *, is_likely_wide: bool) -> str | None:
        """Return the column with the most names of criteria among its values, or None.

        Args:
            fields: the places of the fields; texts are left out.
            is_likely_wide: whether a criterion has a place, so that only a likely column counts.
        """
        texts = {fields[name] for name in _TEXT_FIELDS if name in fields}
        shares = {column: self._share_of_criteria(column) for column in self._columns if column not in texts}
        best = max(shares, key=lambda column: shares[column], default=None)
        if best is None or not shares[best]:
            return None
        is_likely = fold_name(best) in _CRITERION_NAMES or shares[best] >= _LIKELY_SHARE
        return best if is_likely or not is_likely_wide else None

    def _share_of_criteria(self, column: str) -> float:
        """Return the share of a column's values that are names of criteria."""
        values = self._values(column)
        named = sum(isinstance(value, str) and self._criteria.find(value) is not None for value in values)
        return named / len(values) if values else 0.0

    def _find_score_column(self, given: Mapping[str, str]) -> str | None:
        if SCORE in self._given:
            return self._given[SCORE]
        if given:
            return None
        return next((key for name in _SCORE_PLACES if (key := self._find_key(name)) is not None), None)

    def _find_rater_kind(self, *, is_long: bool) -> str | None:
        """Return the column whose values separate people from judges, unless a filter does so already."""
        if RATER_KIND in self._given:
            return self._given[RATER_KIND]
        if self._kind == "evaluations" and not is_long:
            return None  # there `source` is the writer of the output
        filtered = {fold_name(one.place) for one in self._filters}
        for column in self._columns:
            if fold_name(column) in _RATER_KIND_NAMES and fold_name(column) not in filtered:
                kinds = {fold_name(str(value)) for value in self._values(column)}
                if kinds and kinds <= JUDGE_KINDS | PERSON_KINDS | _UNCLEAR_KINDS:
                    return column
        return None


def find_rater_problem(kind: str, value: object) -> str | None:
    """Return the reason why a record of a rater's kind is not loaded, or None.

    Args:
        kind: `evaluations` or `feedback`.
        value: the kind of rater.
    """
    folded = fold_name(str(value))
    if kind == "feedback" and folded not in PERSON_KINDS:
        return "records by a judge, not a person" if folded in JUDGE_KINDS else _UNCLEAR_RATER
    if kind == "evaluations" and folded not in JUDGE_KINDS:
        return "records by a person, not a judge" if folded in PERSON_KINDS else _UNCLEAR_RATER
    return None


_UNCLEAR_RATER = "records of which it is not known if a person or a judge gave them (choose them with --where)"


def check_layout(layout: Layout, file: str, shown_columns: str) -> None:
    """Check that a file has what its kind needs.

    Args:
        layout: the layout.
        file: the file's name.
        shown_columns: the file's columns, for the message.

    Raises:
        ApiError: something is missing.
    """
    needed = "output" if layout.kind == "evaluations" else "evaluation"
    if needed not in layout.fields and not (needed == "evaluation" and "evaluation_id" in layout.fields):
        meaning = "the judged text" if needed == "output" else "the id of the item"
        raise ApiError(
            f"{file}: no column is recognised as {needed} ({meaning}): {shown_columns}. "
            f"Name it with --{layout.kind}.field {needed}=COLUMN."
        )


def check_columns(layout: Layout, file: str, columns: Iterable[str], duplicates: Sequence[str], shown: str) -> None:
    """Check that the columns of a table are there, and each once.

    Args:
        layout: the layout.
        file: the file's name.
        columns: the table's columns.
        duplicates: names that several columns have.
        shown: the file's columns, for the message.

    Raises:
        ApiError: a column is missing or ambiguous.
    """
    known, twice = {fold_name(column) for column in columns}, {fold_name(name) for name in duplicates}
    for name, place in layout.describe().items():
        if fold_name(place) in twice:
            raise ApiError(f"{file} has two columns {place!r}, and {name} is read from one of them: rename the other.")
        if fold_name(place) not in known:
            raise ApiError(f"{file} has no column {place!r} for {name}: {shown}.")


def check_sides(evaluations: Layout, feedback: Layout, file: str, *, is_filtered: bool) -> None:
    """Check that no score of one file counts as the judge's and as a person's.

    Args:
        evaluations: the layout of the file as evaluations.
        feedback: the layout of the same file as feedback.
        file: the file's name.
        is_filtered: whether conditions separate the records of the two sides.

    Raises:
        ApiError: a place has both scores.
    """
    if is_filtered or (evaluations.rater_kind is not None and feedback.rater_kind is not None):
        return
    sides = [{**dict(one.scores), **({SCORE: one.score} if one.score else {})} for one in (evaluations, feedback)]
    for name, place in sides[0].items():
        if sides[1].get(name) == place:
            raise ApiError(
                f"{file}: {place!r} would be both the judge's {name} and a person's correction of it. Name the column "
                f"of each with --evaluations.field {name}=COLUMN and --feedback.field {name}=COLUMN, or separate the "
                "records with --evaluations.where and --feedback.where."
            )


def known_names(criteria: CriteriaByName, options: FileOptions) -> set[str]:
    """Return the folded names that a head may have."""
    names = {name for places in DEFAULT_PLACES.values() for some in places.values() for name in some}
    names |= set(criteria.names) | set(options.fields.values()) | {one.place for one in options.filters}
    return {fold_name(name) for name in names | APPROVAL_QUESTIONS}
