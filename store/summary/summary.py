"""Feedback summary: the figures of a judge's feedback within bounds.

Figures that counters hold cost the same whatever the number of rows: without bounds all figures, with bounds of time
all of ``FeedbackTotals``. The other figures are read from the rows within the bounds, by index. Bounds of ingestion
need a full scan of these rows.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from models.feedback import Agreement, FeedbackBounds, FeedbackTotals, RaterCount, Summary
from models.judge import Criterion
from store.summary.full_scan import scan_feedback
from store.summary.view import FeedbackView

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
