"""A plain table: columns have the names of the import format's fields, and a column for each criterion."""

from typing import Any

from cli.transfer.convert.values import Line, Record, Where, line, number, verdict

_EVALUATION = ("external_id", "group", "source", "input", "output", "rationale", "version_id", "evaluated_at")
_FEEDBACK = ("evaluation", "evaluation_id", "comment", "submitted_by", "submitted_at", "external_id")


def evaluations(record: Record, where: Where) -> list[Line]:
    """A row is an item; columns that no field and no criterion has the name of are left out."""
    return [line(**_fields(record, where, _EVALUATION), scores=_scores(record, where))]


def feedback(record: Record, where: Where) -> list[Line]:
    """A row is what one person said; without a column `type`, what it holds tells what it is."""
    scores = _scores(record, where)
    rating, approved = where.find("rating", record, "rating"), where.find("approved", record, "approved")
    kind = where.find("type", record, "type")
    if kind is None:
        if scores:
            kind = "correction"
        elif rating is not None:
            kind = "rating"
        else:
            kind = "comment" if approved is None else "approval"
    known = verdict({"1": "yes", "0": "no"}.get(str(approved), approved))
    return [
        line(
            type=kind,
            corrected_scores=scores,
            rating=_number_or_text(rating),
            approved=approved if known is None else known,
            **_fields(record, where, _FEEDBACK),
        )
    ]


def _fields(record: Record, where: Where, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: where.find(name, record, name) for name in names}


def _scores(record: Record, where: Where) -> dict[str, Any]:
    """Scores by criterion; a cell that is no number stays as it is, to be reported."""
    found = {}
    for criterion in sorted(where.criteria):
        cell = where.find(criterion, record, criterion)
        if cell is not None:
            found[criterion] = _number_or_text(cell)
    return found


def _number_or_text(cell: Any) -> Any:
    score = number(cell)
    return cell if score is None else score
