"""Feedback summary: the figures of a judge's feedback within bounds.

Figures that counters hold cost the same whatever the number of rows: without bounds all figures, with bounds of time
all of ``FeedbackTotals``. The other figures are read from the rows within the bounds, by index. Bounds of ingestion
need a full scan of these rows.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from models.feedback import Agreement, FeedbackBounds, FeedbackTotals, Figure, RaterCount, Summary
from models.judge import Criterion
from store import judges
from store.summary.full_scan import scan_feedback
from store.summary.view import FeedbackView, read_all_time

Criteria = Sequence[Criterion]


def summarise(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> Summary:
    """Return all figures, exactly.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
    """
    view = FeedbackView(connection, judge_pk, criteria, bounds)
    if not view.by_time_only:
        return scan_feedback(connection, judge_pk, criteria, bounds)
    totals = view.totals()
    values = {name: getattr(totals, name) for name in FeedbackTotals.__slots__}
    return Summary(
        **values,
        new_since_last_training=view.count_new(),
        evaluations=view.count_evaluations(),
        agreement=view.agreement(),
        spread=view.spread(),
    )


def compute_figures(
    connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds
) -> FeedbackTotals:
    """Return the figures that need no scan of all rows within bounds of time.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
    """
    view = FeedbackView(connection, judge_pk, criteria, bounds)
    return view.totals() if view.by_time_only else scan_feedback(connection, judge_pk, criteria, bounds)


def read_figures(
    connection: Connection, judge_pks: Sequence[int], bounds: FeedbackBounds, selected: Collection[Figure]
) -> dict[int, Summary]:
    """Return some figures of several judges. To access a figure that was not selected raises AttributeError.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pks: the judges.
        bounds: which feedback is counted, within bounds of time.
        selected: the figures to read.
    """
    criteria = judges.list_criteria_by_judge(connection, list(judge_pks)) if _needs_criteria(bounds, selected) else {}
    all_time = read_all_time(connection, judge_pks) if _needs_all_time(bounds, selected) else {}
    places = judges.read_places(connection, judge_pks) if Figure.NEW in selected else {}
    found = {}
    for judge_pk in judge_pks:
        view = FeedbackView(connection, judge_pk, criteria.get(judge_pk, ()), bounds)
        if judge_pk in all_time:
            view.all_time = all_time[judge_pk]
        if judge_pk in places:
            view.last_seq, view.watermark = places[judge_pk]
        found[judge_pk] = view.figures(selected)
    return found


def _needs_criteria(bounds: FeedbackBounds, selected: Collection[Figure]) -> bool:
    """Return whether figures depend on scales: shifts and agreement, and everything that is counted from rows."""
    return bounds != FeedbackBounds() or not {Figure.CRITERIA, Figure.AGREEMENT}.isdisjoint(selected)


def _needs_all_time(bounds: FeedbackBounds, selected: Collection[Figure]) -> bool:
    unbounded = bounds.since is None and bounds.until is None
    return unbounded and not (
        set(selected) <= {Figure.EARLIEST, Figure.LATEST, Figure.RATERS, Figure.CRITERIA, Figure.NEW}
    )


def count_new(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> int:
    """Return the number of usable items within bounds of time that were ingested after the newest version's watermark.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
    """
    return FeedbackView(connection, judge_pk, criteria, bounds).count_new()


def count_evaluations(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> int:
    """Return the number of different evaluations that the feedback within bounds of time is about.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
    """
    return FeedbackView(connection, judge_pk, criteria, bounds).count_evaluations()


def compute_agreement(connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds) -> Agreement:
    """Return the agreement of raters within bounds of time.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
    """
    return FeedbackView(connection, judge_pk, criteria, bounds).agreement()


def list_raters(
    connection: Connection, judge_pk: int, criteria: Criteria, bounds: FeedbackBounds, first: int
) -> list[RaterCount]:
    """Return the raters who gave the most feedback within bounds, most first.

    Args:
        connection: the connection to read from, within a snapshot.
        judge_pk: the judge.
        criteria: the judge's criteria, in order.
        bounds: which feedback is counted.
        first: the largest number of raters.
    """
    return FeedbackView(connection, judge_pk, criteria, bounds).list_raters(first)
