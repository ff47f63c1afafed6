"""A judge's evaluations and feedback, newest first, page by page.

Every page is found by walking an index from the key where the page before ended, so the ten-thousandth costs what the
first does. Which index depends on the filter; what an index does not know is checked on the rows it leads to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, literal, select, tuple_, union, union_all

from models.base import from_microseconds, to_microseconds
from models.counters.effective_feedback import concerns_any
from models.counters.tables import ALL_TIME, FeedbackCounter, Review
from models.errors import Invalid
from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackType
from models.specs.listings import EvaluationFilter, FeedbackFilter
from store import search
from store.database.keyset import KeysetPage, check_first, count_rows, decode_cursor, encode_cursor, parse_key_number
from store.database.rows import fetch_all

T = TypeVar("T", Evaluation, Feedback)

MAX_BRANCHES = 50  # sets of criteria that are each walked by themselves; with more, all corrections are

Conditions = list[ColumnElement[bool]]
Sets = Sequence[tuple[FeedbackType, str]]


@dataclass(frozen=True, slots=True)
class _IndexWalk(Generic[T]):
    """How to find a list's rows in order: by a moment and the place, or by the place in a full text alone.

    Each branch is a select of (moment, seq), or of (place, seq), and the columns that order it, descending. Branches
    that overlap may have the same keys.
    """

    record: type[T]
    judge_pk: int
    branches: tuple[tuple[Any, tuple[Any, ...]], ...]
    kind: str
    overlap: bool = False

    def fetch_page(self, connection: Connection, first: int, after: str | None) -> KeysetPage[T]:
        """One page."""
        check_first(first)
        start = None if after is None else self._parse(after)
        keys = sorted(connection.execute(self.keys(start, first + 1)).all(), reverse=True)
        shown = keys[:first]
        of_page = select(self.record).where(
            self.record.judge_pk == self.judge_pk, self.record.seq.in_([key.seq for key in shown])
        )
        by_seq = {row.seq: row for row in fetch_all(connection, of_page, self.record)}
        return KeysetPage(
            tuple(by_seq[key.seq] for key in shown),
            tuple(encode_cursor(self.kind, self._cursor(key)) for key in shown),
            has_next=len(keys) > first,
            has_previous=after is not None,
        )

    def keys(self, start: tuple[Any, ...] | None, limit: int) -> Any:
        """The keys of a page that begins after ``start``."""
        pages = []
        for statement, order in self.branches:
            page = statement
            if start is not None:
                values = [literal(value, column.type) for column, value in zip(order, start, strict=True)]
                page = page.where(tuple_(*order) < tuple_(*values) if len(order) > 1 else order[0] < values[0])
            pages.append(page.order_by(*(column.desc() for column in order)).limit(limit))
        if len(pages) == 1:
            return pages[0]
        joined = self._join([select(page.subquery()) for page in pages]).subquery()
        return select(joined).order_by(*(column.desc() for column in joined.c)).limit(limit)

    def number(self, connection: Connection) -> int:
        """How long the list is."""
        if self.overlap:
            return count_rows(connection, select(self._join([statement for statement, _ in self.branches]).subquery()))
        return sum(count_rows(connection, statement) for statement, _ in self.branches)

    def _join(self, selects: Sequence[Select[Any]]) -> Any:
        return union(*selects) if self.overlap else union_all(*selects)

    def _cursor(self, key: Any) -> str:
        moment, seq = key
        return f"{to_microseconds(moment)}.{seq}" if isinstance(moment, datetime) else str(moment)

    def _parse(self, after: str) -> tuple[Any, ...]:
        moment, dot, seq = decode_cursor(self.kind, after).partition(".")
        try:
            return (from_microseconds(int(moment)), parse_key_number(seq)) if dot else (parse_key_number(moment),)
        except (ValueError, OverflowError):
            raise Invalid("after is no cursor of this list.", ("after",)) from None


def list_evaluations(
    connection: Connection, judge_pk: int, wanted: EvaluationFilter, first: int, after: str | None
) -> KeysetPage[Evaluation]:
    """A page of a judge's evaluations.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return _walk_evaluations(connection, judge_pk, wanted).fetch_page(connection, first, after)


def list_feedback(
    connection: Connection, judge_pk: int, wanted: FeedbackFilter, first: int, after: str | None
) -> KeysetPage[Feedback]:
    """A page of a judge's feedback.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return _walk_feedback(connection, judge_pk, wanted).fetch_page(connection, first, after)


def count_evaluations(connection: Connection, judge_pk: int, wanted: EvaluationFilter) -> int:
    """How many evaluations a filter leaves."""
    return _walk_evaluations(connection, judge_pk, wanted).number(connection)


def count_feedback(connection: Connection, judge_pk: int, wanted: FeedbackFilter) -> int:
    """How many items of feedback a filter leaves."""
    return _walk_feedback(connection, judge_pk, wanted).number(connection)


def _walk_evaluations(connection: Connection, judge_pk: int, wanted: EvaluationFilter) -> _IndexWalk[Evaluation]:
    said = wanted.feedback
    if said is None and wanted.search is None and wanted.has_feedback is not None:
        order = (Review.created_at, Review.seq)
        within = [Review.judge_pk == judge_pk, Review.reviewed == wanted.has_feedback]
        within += _period_conditions(Review.created_at, wanted)
        return _IndexWalk(Evaluation, judge_pk, ((select(*order).where(*within), order),), "evaluation")
    within = [Evaluation.judge_pk == judge_pk, *_period_conditions(Evaluation.created_at, wanted)]
    if said is not None:
        sets = _find_matching_sets(connection, judge_pk, said)
        if wanted.search is None and (said.rater is not None or len(sets or ()) <= MAX_BRANCHES):
            return _walk_evaluations_by_feedback(judge_pk, wanted, said, sets)
        within.append(exists().where(Feedback.evaluation_id == Evaluation.id, *_feedback_conditions(said, sets)))
    if wanted.has_feedback is not None:
        review = and_(Review.judge_pk == judge_pk, Review.seq == Evaluation.seq)
        within += [review, Review.reviewed == wanted.has_feedback]
    if wanted.search is None:
        order = (Evaluation.created_at, Evaluation.seq)
        return _IndexWalk(Evaluation, judge_pk, ((select(*order).where(*within), order),), "evaluation")
    return _walk_matches(connection, Evaluation, judge_pk, wanted.search, select(Evaluation.seq).where(*within))


def _walk_evaluations_by_feedback(
    judge_pk: int, wanted: EvaluationFilter, said: FeedbackFilter, sets: Sets | None
) -> _IndexWalk[Evaluation]:
    """By the place of its evaluation that each item of feedback knows."""
    order = (Feedback.about_at, Feedback.about_seq)
    within = [Feedback.judge_pk == judge_pk, *_period_conditions(Feedback.about_at, wanted)]
    if wanted.has_feedback is False:
        within.append(false())
    keys = select(Feedback.about_at, Feedback.about_seq.label("seq")).distinct()
    branches = _feedback_branches(keys, order, within, said, sets)
    return _IndexWalk(Evaluation, judge_pk, branches, "evaluation", overlap=len(branches) > 1)


def _walk_feedback(connection: Connection, judge_pk: int, wanted: FeedbackFilter) -> _IndexWalk[Feedback]:
    order = (Feedback.submitted_at, Feedback.seq)
    within = [Feedback.judge_pk == judge_pk, *_period_conditions(Feedback.submitted_at, wanted)]
    sets = _find_matching_sets(connection, judge_pk, wanted)
    if wanted.search is None:
        return _IndexWalk(
            Feedback, judge_pk, _feedback_branches(select(*order), order, within, wanted, sets), "feedback"
        )
    statement = select(Feedback.seq).where(*within, *_feedback_conditions(wanted, sets))
    return _walk_matches(connection, Feedback, judge_pk, wanted.search, statement)


def _feedback_branches(
    keys: Any, order: tuple[Any, ...], within: Conditions, wanted: FeedbackFilter, sets: Sets | None
) -> tuple[tuple[Any, tuple[Any, ...]], ...]:
    """A walk of the index by person; without one, a walk for each type and set of criteria that is meant."""
    if sets is None or wanted.rater is not None or len(sets) > MAX_BRANCHES:
        return ((keys.where(*within, *_feedback_conditions(wanted, sets)), order),)
    stands = _feedback_conditions(wanted, None)
    alike = [and_(Feedback.type == kind, Feedback.criteria == criteria) for kind, criteria in sets] or [false()]
    return tuple((keys.where(*within, *stands, each), order) for each in alike)


def _feedback_conditions(wanted: FeedbackFilter, sets: Sets | None) -> Conditions:
    """What feedback must be, but for words and period; ``sets``: the types and sets of criteria that are meant."""
    found: Conditions = [] if wanted.with_retracted else [Feedback.retracted_at.is_(None)]
    if wanted.rater is not None:
        found.append(Feedback.submitted_by == wanted.rater)
    if sets is not None:
        found.append(tuple_(Feedback.type, Feedback.criteria).in_(sets) if sets else false())
    return found


def _walk_matches(
    connection: Connection, record: type[T], judge_pk: int, words: str, statement: Select[Any]
) -> _IndexWalk[T]:
    """Matches, in the order in which the full text has them: the place in the judge's own order."""
    matches, place = search.match_texts(connection, record, judge_pk, words, statement)
    keyed = matches.with_only_columns(place.label("place"), record.seq)
    return _IndexWalk(record, judge_pk, ((keyed, (place,)),), f"found-{record.__tablename__}")


def _period_conditions(moment: Any, wanted: EvaluationFilter | FeedbackFilter) -> Conditions:
    found: Conditions = []
    if wanted.since is not None:
        found.append(moment >= wanted.since)
    if wanted.until is not None:
        found.append(moment < wanted.until)
    return found


def _find_matching_sets(connection: Connection, judge_pk: int, wanted: FeedbackFilter) -> Sets | None:
    """The types and sets of criteria there are that a filter means; None: it means all."""
    if wanted.types is None and wanted.criterion is None:
        return None
    types = set(FeedbackType if wanted.types is None else wanted.types)
    if wanted.criterion is not None:
        types &= {FeedbackType.CORRECTION}
    kept: Any
    if wanted.with_retracted:  # counters don't know sets that only retracted items have
        kept = select(Feedback.type, Feedback.criteria).where(Feedback.judge_pk == judge_pk, Feedback.type.in_(types))
        kept = kept.distinct()
    else:
        kept = select(FeedbackCounter.kind, FeedbackCounter.criteria).where(
            FeedbackCounter.judge_pk == judge_pk,
            FeedbackCounter.width == ALL_TIME,
            FeedbackCounter.start == 0,
            FeedbackCounter.kind.in_([kind.value for kind in types]),
        )
    return [
        (FeedbackType(kind), criteria)
        for kind, criteria in connection.execute(kept)
        if wanted.criterion is None or concerns_any(criteria, 1 << wanted.criterion)
    ]
