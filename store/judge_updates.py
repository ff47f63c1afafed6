"""Updates of a judge that keep the meaning of its versions and of existing scores."""

from sqlalchemy import Connection, update

from models.errors import Conflict, DomainError, Invalid, NotFound, RequestRejected
from models.judge import Criterion, Judge
from models.scoring import Scorecard
from models.specs.judges import CriterionChange, CriterionSpec, JudgeChange, assign_keys
from models.specs.limits import MAX_CRITERIA
from store import judges


def update_judge(connection: Connection, workspace_id: str, change: JudgeChange) -> Judge:
    """Change a judge's texts and weights, and add criteria after the existing ones.

    Versions refer to criteria by key and scale. A version predicts the criteria that it was trained on, and returns the
    raw score of an added one.

    Args:
        connection: the connection of a writing unit.
        workspace_id: the workspace.
        change: the checked change.

    Raises:
        NotFound: the workspace has no such judge.
        RequestRejected: a part of the change is not allowed; nothing is changed then.
    """
    judge = judges.lock_judge(connection, judges.get_judge_or_raise(connection, workspace_id, change.judge_id).pk)
    criteria = judges.list_criteria(connection, judge.pk)
    added = assign_keys(change.add_criteria, {criterion.key for criterion in criteria})
    problems = [*_find_conflicts(criteria, added), *_find_invalid_changes(criteria, change.update_criteria)]
    problems += _check_weights(criteria, added, change.update_criteria)
    if problems:
        raise RequestRejected(*problems)
    values = _given_values(change, "name", "description")
    if values:
        connection.execute(update(Judge).where(Judge.pk == judge.pk).values(values))
    scorecard = Scorecard(criteria)
    for each in change.update_criteria:
        _update_criterion(connection, scorecard, each)
    judges.add_criteria(connection, judge.pk, added, len(criteria))
    return judges.get_judge_by_pk(connection, judge.pk)


def _find_conflicts(criteria: tuple[Criterion, ...], added: tuple[CriterionSpec, ...]) -> list[DomainError]:
    problems: list[DomainError] = []
    if len(criteria) + len(added) > MAX_CRITERIA:
        room = MAX_CRITERIA - len(criteria)
        message = f"A judge has at most {MAX_CRITERIA} criteria; this one has {len(criteria)}, so {room} can be added."
        problems.append(Invalid(message, ("add_criteria",)))
    taken = {criterion.key for criterion in criteria}
    for number, criterion in enumerate(added):
        assert criterion.key is not None
        if criterion.key in taken:
            at = ("add_criteria", str(number), "key")
            problems.append(Conflict(f"The judge has a criterion with the key {criterion.key}.", at))
        taken.add(criterion.key)
    return problems


def _find_invalid_changes(criteria: tuple[Criterion, ...], changes: tuple[CriterionChange, ...]) -> list[DomainError]:
    problems: list[DomainError] = []
    scorecard = Scorecard(criteria)
    for number, each in enumerate(changes):
        at = ("update_criteria", str(number))
        criterion = scorecard.find(each.criterion)
        if criterion is None:
            known = ", ".join(c.key for c in criteria[:10])
            message = f"The judge has no criterion {each.criterion!r}; it has {known}."
            problems.append(NotFound(message, (*at, "criterion_id")))
            continue
        for name in ("minimum", "maximum", "step"):
            value, now = getattr(each, name), getattr(criterion, name)
            if value is not None and value != now:
                problems.append(
                    Invalid(
                        f"The scale of {criterion.key} can't be changed, from {now:g} to {value:g}: scores were given "
                        "on it and versions learned it. Add another criterion instead.",
                        (*at, name),
                    )
                )
    return problems


def _check_weights(
    criteria: tuple[Criterion, ...], added: tuple[CriterionSpec, ...], changes: tuple[CriterionChange, ...]
) -> list[DomainError]:
    scorecard = Scorecard(criteria)
    weights = {criterion.id: criterion.weight for criterion in criteria}
    for each in changes:
        criterion = scorecard.find(each.criterion)
        if criterion is not None and each.weight is not None:
            weights[criterion.id] = each.weight
    if any(weight > 0 for weight in weights.values()) or any(criterion.weight > 0 for criterion in added):
        return []
    return [Invalid("At least one criterion needs a weight above 0.", ("update_criteria",))]


def _update_criterion(connection: Connection, scorecard: Scorecard, each: CriterionChange) -> None:
    criterion = scorecard.find(each.criterion)
    assert criterion is not None
    values = _given_values(each, "name", "description", "weight")
    if values:
        connection.execute(update(Criterion).where(Criterion.id == criterion.id).values(values))


def _given_values(change: JudgeChange | CriterionChange, *names: str) -> dict[str, object]:
    """Return the values that a change gives. An empty description removes the description."""
    given = {name: getattr(change, name) for name in names}
    return {
        name: value or None if name == "description" else value for name, value in given.items() if value is not None
    }
