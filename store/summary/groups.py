"""How many different groups of items people corrected where the judge gave a score, too."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from models.counters.criteria_set import set_of_ordinals, text_to_set
from models.counters.tables import GroupCounter
from models.evaluation import Evaluation
from models.feedback import Feedback, FeedbackType
from store.counters.period import select_counted

Ordinals = Sequence[int] | None  # None: all criteria


def count_all_groups(connection: Connection, judge_pk: int, criteria: Ordinals) -> int:
    """How many groups by name, of corrections of these criteria, from the counters."""
    named = select(func.count(GroupCounter.group.distinct())).where(GroupCounter.judge_pk == judge_pk)
    if criteria is not None:
        kept = select(GroupCounter.compared).where(GroupCounter.judge_pk == judge_pk).distinct()
        named = named.where(GroupCounter.compared.in_(_containing(connection.execute(kept).scalars(), criteria)))
    return int(connection.execute(named).scalar_one())


def count_groups_within(
    connection: Connection, judge_pk: int, criteria: Ordinals, inside: Sequence[ColumnElement[bool]]
) -> int:
    """How many groups, of corrections of these criteria within conditions, from the rows; no group is one by itself."""
    within = [Feedback.type == FeedbackType.CORRECTION, Feedback.compared.not_in(("", "0")), *inside]
    if criteria is not None:
        found = connection.execute(select_counted(judge_pk, Feedback.compared).where(*within).distinct()).scalars()
        within.append(Feedback.compared.in_(_containing(found, criteria)))
    about = select_counted(judge_pk, Feedback.about_seq).where(*within)
    named = func.coalesce(func.nullif(Evaluation.group, ""), Evaluation.id)
    here = (Evaluation.judge_pk == judge_pk, Evaluation.seq.in_(about))
    return int(connection.execute(select(func.count(named.distinct())).where(*here)).scalar_one())


def _containing(sets: Iterable[str], criteria: Sequence[int]) -> list[str]:
    """The sets that hold any of the criteria."""
    bits = set_of_ordinals(criteria)
    return [text for text in sets if text_to_set(text) & bits]
