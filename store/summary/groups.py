"""Number of different groups of evaluations that have corrections of criteria which the judge scored, too."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from models.counters.criteria_set import set_of_ordinals, text_to_set
from models.counters.tables import GroupCounter
from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackType
from store.counters.period import select_counted

Ordinals = Sequence[int] | None  # None: all criteria


def count_all_groups(connection: Connection, judge_pk: int, criteria: Ordinals) -> int:
    """Return the number of named groups, from the counters.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        criteria: count corrections of these criteria; None for all criteria.
    """
    groups = select(func.count(GroupCounter.group.distinct())).where(GroupCounter.judge_pk == judge_pk)
    if criteria is not None:
        sets = select(GroupCounter.compared).where(GroupCounter.judge_pk == judge_pk).distinct()
        groups = groups.where(GroupCounter.compared.in_(_containing(connection.execute(sets).scalars(), criteria)))
    return int(connection.execute(groups).scalar_one())


def count_groups_within(
    connection: Connection, judge_pk: int, criteria: Ordinals, conditions: Sequence[ColumnElement[bool]]
) -> int:
    """Return the number of groups, from the rows. An evaluation without a group is a group by itself.

    Args:
        connection: the connection to read from.
        judge_pk: the judge.
        criteria: count corrections of these criteria; None for all criteria.
        conditions: conditions on the corrections.
    """
    within = [Feedback.type == FeedbackType.CORRECTION, Feedback.compared.not_in(("", "0")), *conditions]
    if criteria is not None:
        sets = connection.execute(select_counted(judge_pk, Feedback.compared).where(*within).distinct()).scalars()
        within.append(Feedback.compared.in_(_containing(sets, criteria)))
    about = select_counted(judge_pk, Feedback.about_seq).where(*within)
    group = func.coalesce(func.nullif(Evaluation.group, ""), Evaluation.id)
    here = (Evaluation.judge_pk == judge_pk, Evaluation.seq.in_(about))
    return int(connection.execute(select(func.count(group.distinct())).where(*here)).scalar_one())


def _containing(sets: Iterable[str], criteria: Sequence[int]) -> list[str]:
    """Return the sets that contain any of the criteria."""
    bits = set_of_ordinals(criteria)
    return [text for text in sets if text_to_set(text) & bits]
