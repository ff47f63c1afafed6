"""Pages of a judge's evaluations and feedback, newest first.

Every page is read by scanning an index from the last key of the page before, so each page costs the same. The filter
decides which index is scanned. Conditions that the index does not cover are checked on the rows that it finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, literal, select, tuple_, union, union_all

from models.base import from_microseconds, to_microseconds
from models.counters.effective_feedback import concerns_any
from models.counters.tables import FeedbackCounter, Review
from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackType
from models.specs.listings import EvaluationFilter, FeedbackFilter
from store import search
from store.counters.period import in_all_time
from store.database.keyset import (
    KeysetPage,
    check_first,
    count_rows,
    decode_cursor,
    encode_cursor,
    invalid_cursor,
    parse_key_number,
)
from store.database.rows import Columns, add_columns, fetch_all, in_period, with_columns

T = TypeVar("T", Evaluation, Feedback)

MAX_BRANCHES = 50  # sets of criteria with a scan each; if more match, one scan reads all feedback

Conditions = list[ColumnElement[bool]]
Sets = Sequence[tuple[FeedbackType, str]]  # types of feedback, each with a set of criteria


class _Branch(NamedTuple):
    """A select of the keys that one scan of an index finds, and the columns that order them, descending.

    The keys are (moment, seq), or (place in the full-text index, seq).
    """

    statement: Any
    order: tuple[Any, ...]

    def page(self, start: tuple[Any, ...] | None, limit: int) -> Any:
        """Return a select of the branch's keys after ``start``, at most ``limit``."""
        statement = self.statement
        if start is not None:
            values = [literal(value, column.type) for column, value in zip(self.order, start, strict=True)]
            after = tuple_(*self.order) < tuple_(*values) if len(self.order) > 1 else self.order[0] < values[0]
            statement = statement.where(after)
        return statement.order_by(*(column.desc() for column in self.order)).limit(limit)


@dataclass(frozen=True, slots=True)
class _IndexWalk(Generic[T]):
    """A list as the union of index scans.

    ``overlap`` states whether several branches may find the same key.
    """

    record: type[T]
    judge_pk: int
    branches: tuple[_Branch, ...]
    kind: str
    overlap: bool = False

    def fetch_page(self, connection: Connection, first: int, after: str | None, columns: Columns) -> KeysetPage[T]:
        """Return one page.

        Args:
            connection: the connection to read from.
            first: the size of the page.
            after: the cursor after which the page begins; None for the first page.
            columns: the columns to read; None for all.
        """
        check_first(first)
        start = None if after is None else self._decode(after)
        keys = sorted(connection.execute(self._select_keys(start, first + 1)).all(), reverse=True)
        shown = keys[:first]
        rows = with_columns(select(self.record), add_columns(columns, self.record.seq))
        of_page = rows.where(self.record.judge_pk == self.judge_pk, self.record.seq.in_([key.seq for key in shown]))
        by_seq = {row.seq: row for row in fetch_all(connection, of_page, self.record)}
        return KeysetPage(
            tuple(by_seq[key.seq] for key in shown),
            tuple(encode_cursor(self.kind, self._encode(key)) for key in shown),
            has_next=len(keys) > first,
            has_previous=after is not None,
        )

    def count(self, connection: Connection) -> int:
        """Return the length of the list."""
        if self.overlap:
            return count_rows(connection, select(self._union([branch.statement for branch in self.branches])))
        return sum(count_rows(connection, branch.statement) for branch in self.branches)

    def _select_keys(self, start: tuple[Any, ...] | None, limit: int) -> Any:
        pages = [branch.page(start, limit) for branch in self.branches]
        if len(pages) == 1:
            return pages[0]
        keys = self._union([select(page.subquery()) for page in pages])
        return select(keys).order_by(*(column.desc() for column in keys.c)).limit(limit)

    def _union(self, selects: Sequence[Select[Any]]) -> Any:
        return (union(*selects) if self.overlap else union_all(*selects)).subquery()

    def _encode(self, key: Any) -> str:
        moment, seq = key
        return f"{to_microseconds(moment)}.{seq}" if isinstance(moment, datetime) else str(moment)

    def _decode(self, after: str) -> tuple[Any, ...]:
        moment, dot, seq = decode_cursor(self.kind, after).partition(".")
        try:
            return (from_microseconds(int(moment)), parse_key_number(seq)) if dot else (parse_key_number(moment),)
        except (ValueError, OverflowError):
            raise invalid_cursor("this list") from None


def list_evaluations(
    connection: Connection,
    judge_pk: int,
    evaluation_filter: EvaluationFilter,
    first: int,
    after: str | None,
    columns: Columns = None,
) -> KeysetPage[Evaluation]:
    """Return a page of a judge's evaluations, newest first.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        evaluation_filter: the filter.
        first: the size of the page.
        after: the cursor after which the page begins; None for the first page.
        columns: the columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return _walk_evaluations(connection, judge_pk, evaluation_filter).fetch_page(connection, first, after, columns)


def list_feedback(
    connection: Connection,
    judge_pk: int,
    feedback_filter: FeedbackFilter,
    first: int,
    after: str | None,
    columns: Columns = None,
) -> KeysetPage[Feedback]:
    """Return a page of a judge's feedback, newest first.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        feedback_filter: the filter.
        first: the size of the page.
        after: the cursor after which the page begins; None for the first page.
        columns: the columns to read; None for all.

    Raises:
        Invalid: ``first`` or ``after`` is not allowed.
    """
    return _walk_feedback(connection, judge_pk, feedback_filter).fetch_page(connection, first, after, columns)


def count_evaluations(connection: Connection, judge_pk: int, evaluation_filter: EvaluationFilter) -> int:
    """Return the number of a judge's evaluations that match a filter.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        evaluation_filter: the filter.
    """
    return _walk_evaluations(connection, judge_pk, evaluation_filter).count(connection)


def count_feedback(connection: Connection, judge_pk: int, feedback_filter: FeedbackFilter) -> int:
    """Return the number of a judge's items of feedback that match a filter.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        feedback_filter: the filter.
    """
    return _walk_feedback(connection, judge_pk, feedback_filter).count(connection)


def _walk_evaluations(
    connection: Connection, judge_pk: int, evaluation_filter: EvaluationFilter
) -> _IndexWalk[Evaluation]:
    by_feedback = evaluation_filter.feedback
    if by_feedback is None and evaluation_filter.search is None and evaluation_filter.has_feedback is not None:
        order = (Review.created_at, Review.seq)
        within = [Review.judge_pk == judge_pk, Review.reviewed == evaluation_filter.has_feedback]
        within += in_period(Review.created_at, evaluation_filter.since, evaluation_filter.until)
        return _IndexWalk(Evaluation, judge_pk, (_Branch(select(*order).where(*within), order),), "evaluation")
    within = [
        Evaluation.judge_pk == judge_pk,
        *in_period(Evaluation.created_at, evaluation_filter.since, evaluation_filter.until),
    ]
    if by_feedback is not None:
        sets = _find_matching_sets(connection, judge_pk, by_feedback)
        if evaluation_filter.search is None and (by_feedback.rater is not None or len(sets or ()) <= MAX_BRANCHES):
            return _walk_evaluations_by_feedback(judge_pk, evaluation_filter, by_feedback, sets)
        within.append(exists().where(Feedback.evaluation_id == Evaluation.id, *_feedback_conditions(by_feedback, sets)))
    if evaluation_filter.has_feedback is not None:
        review = and_(Review.judge_pk == judge_pk, Review.seq == Evaluation.seq)
        within += [review, Review.reviewed == evaluation_filter.has_feedback]
    if evaluation_filter.search is None:
        order = (Evaluation.created_at, Evaluation.seq)
        return _IndexWalk(Evaluation, judge_pk, (_Branch(select(*order).where(*within), order),), "evaluation")
    return _walk_matches(
        connection, Evaluation, judge_pk, evaluation_filter.search, select(Evaluation.seq).where(*within)
    )


def _walk_evaluations_by_feedback(
    judge_pk: int, evaluation_filter: EvaluationFilter, by_feedback: FeedbackFilter, sets: Sets | None
) -> _IndexWalk[Evaluation]:
    # Each row of feedback holds the key of its evaluation, so that an index of feedback orders evaluations.
    order = (Feedback.about_at, Feedback.about_seq)
    within = [
        Feedback.judge_pk == judge_pk,
        *in_period(Feedback.about_at, evaluation_filter.since, evaluation_filter.until),
    ]
    if evaluation_filter.has_feedback is False:
        within.append(false())
    keys = select(Feedback.about_at, Feedback.about_seq.label("seq")).distinct()
    branches = _feedback_branches(keys, order, within, by_feedback, sets)
    return _IndexWalk(Evaluation, judge_pk, branches, "evaluation", overlap=len(branches) > 1)


def _walk_feedback(connection: Connection, judge_pk: int, feedback_filter: FeedbackFilter) -> _IndexWalk[Feedback]:
    order = (Feedback.submitted_at, Feedback.seq)
    within = [
        Feedback.judge_pk == judge_pk,
        *in_period(Feedback.submitted_at, feedback_filter.since, feedback_filter.until),
    ]
    sets = _find_matching_sets(connection, judge_pk, feedback_filter)
    if feedback_filter.search is None:
        return _IndexWalk(
            Feedback, judge_pk, _feedback_branches(select(*order), order, within, feedback_filter, sets), "feedback"
        )
    statement = select(Feedback.seq).where(*within, *_feedback_conditions(feedback_filter, sets))
    return _walk_matches(connection, Feedback, judge_pk, feedback_filter.search, statement)


def _feedback_branches(
    keys: Any, order: tuple[Any, ...], within: Conditions, feedback_filter: FeedbackFilter, sets: Sets | None
) -> tuple[_Branch, ...]:
    # A filter by rater scans the index by rater. Otherwise each matching type and set of criteria has its own scan.
    if sets is None or feedback_filter.rater is not None or len(sets) > MAX_BRANCHES:
        return (_Branch(keys.where(*within, *_feedback_conditions(feedback_filter, sets)), order),)
    shared = _feedback_conditions(feedback_filter, None)
    branches = [and_(Feedback.type == kind, Feedback.criteria == criteria) for kind, criteria in sets] or [false()]
    return tuple(_Branch(keys.where(*within, *shared, each), order) for each in branches)


def _feedback_conditions(feedback_filter: FeedbackFilter, sets: Sets | None) -> Conditions:
    """Return a filter's conditions on feedback, except those on words and period."""
    found: Conditions = [] if feedback_filter.with_retracted else [Feedback.retracted_at.is_(None)]
    if feedback_filter.rater is not None:
        found.append(Feedback.submitted_by == feedback_filter.rater)
    if sets is not None:
        found.append(tuple_(Feedback.type, Feedback.criteria).in_(sets) if sets else false())
    return found


def _walk_matches(
    connection: Connection, record: type[T], judge_pk: int, words: str, statement: Select[Any]
) -> _IndexWalk[T]:
    # Matches come in the order of the full-text index, which is the judge's order of ingestion.
    matches, place = search.match_texts(connection, record, judge_pk, words, statement)
    keyed = matches.with_only_columns(place.label("place"), record.seq)
    return _IndexWalk(record, judge_pk, (_Branch(keyed, (place,)),), f"found-{record.__tablename__}")


def _find_matching_sets(connection: Connection, judge_pk: int, feedback_filter: FeedbackFilter) -> Sets | None:
    """Return the existing types and sets of criteria that match a filter, or None if all match.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        feedback_filter: the filter.
    """
    if feedback_filter.types is None and feedback_filter.criterion is None:
        return None
    types = set(FeedbackType if feedback_filter.types is None else feedback_filter.types)
    if feedback_filter.criterion is not None:
        types &= {FeedbackType.CORRECTION}
    kept: Any
    if feedback_filter.with_retracted:  # counters have no sets that only retracted items have
        kept = select(Feedback.type, Feedback.criteria).where(Feedback.judge_pk == judge_pk, Feedback.type.in_(types))
        kept = kept.distinct()
    else:
        kept = select(FeedbackCounter.kind, FeedbackCounter.criteria).where(
            *in_all_time(FeedbackCounter, judge_pk), FeedbackCounter.kind.in_([kind.value for kind in types])
        )
    return [
        (FeedbackType(kind), criteria)
        for kind, criteria in connection.execute(kept)
        if feedback_filter.criterion is None or concerns_any(criteria, 1 << feedback_filter.criterion)
    ]
