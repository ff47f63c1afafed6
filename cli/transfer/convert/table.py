"""Tables whose columns are named like the fields of the import format, with one column for each criterion."""

from typing import Any

from cli.transfer.convert.values import ConversionContext, ImportLine, Record, build_line, to_bool, to_score

_EVALUATION_FIELDS = ("external_id", "group", "source", "input", "output", "rationale", "version_id", "evaluated_at")
_FEEDBACK_FIELDS = ("evaluation", "evaluation_id", "comment", "submitted_by", "submitted_at", "external_id")


def evaluations(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return a row as an item, without columns that are neither a field nor a criterion."""
    return [build_line(**_fields(record, context, _EVALUATION_FIELDS), scores=_scores(record, context))]


def feedback(record: Record, context: ConversionContext) -> list[ImportLine]:
    """Return a row as one person's feedback; without a column `type`, its other columns decide on the type."""
    scores = _scores(record, context)
    rating, approved = context.find("rating", record, "rating"), context.find("approved", record, "approved")
    kind = context.find("type", record, "type")
    if kind is None:
        if scores:
            kind = "correction"
        elif rating is not None:
            kind = "rating"
        else:
            kind = "comment" if approved is None else "approval"
    approval = to_bool({"1": "yes", "0": "no"}.get(str(approved), approved))
    return [
        build_line(
            type=kind,
            corrected_scores=scores,
            rating=_to_score_or_text(rating),
            approved=approved if approval is None else approval,
            **_fields(record, context, _FEEDBACK_FIELDS),
        )
    ]


def _fields(record: Record, context: ConversionContext, names: tuple[str, ...]) -> dict[str, object]:
    return {name: context.find(name, record, name) for name in names}


def _scores(record: Record, context: ConversionContext) -> dict[str, object]:
    """Return the cells of the criteria; a cell that is no number stays as it is, so that the server reports it."""
    scores: dict[str, object] = {}
    for criterion in sorted(context.criteria):
        cell = context.find(criterion, record, criterion)
        if cell is not None:
            scores[criterion] = _to_score_or_text(cell)
    return scores


def _to_score_or_text(cell: Any) -> Any:
    score = to_score(cell)
    return cell if score is None else score
