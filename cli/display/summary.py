"""Summary of a judge's feedback as text and a table."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.client.responses import CriterionFeedback, DateRange, FeedbackSummary
from cli.console import new_table
from cli.display.figures import MISSING, format_count, format_number


def render_summary(summary: FeedbackSummary) -> RenderableType:
    """Return the counts of a feedback summary and the mean corrections by criterion."""
    lines = [
        Text.assemble(
            (format_count(summary["totalFeedbackCount"], "item of feedback", "items of feedback"), "bold"),
            f" on {format_count(summary['evaluationCount'], 'evaluation')}",
            f" by {format_count(summary['raterCount'], 'person', 'people')}",
            _format_dates(summary["dateRange"]),
        ),
        Text(
            f"{format_count(summary['correctionCount'], 'correction')}, "
            f"{format_count(summary['ratingCount'], 'rating')}, "
            f"{format_count(summary['approvalCount'], 'approval')}, "
            f"{format_count(summary['commentCount'], 'comment')}"
        ),
        Text(f"{summary['usableCount']:,} usable for training; new feedback: {summary['newSinceLastTraining']:,}"),
    ]
    if summary.get("raterAgreement") is not None:
        lines.append(Text(f"Agreement between people: {summary['raterAgreement']:.2f} (Krippendorff's alpha)"))
    return Group(*lines, *([_shift_table(summary["criteria"])] if summary["criteria"] else []))


def _format_dates(dates: DateRange) -> str:
    if dates["earliest"] is None or dates["latest"] is None:
        return ""
    first, last = dates["earliest"][:10], dates["latest"][:10]
    return f", {first}" if first == last else f", {first} to {last}"


def _shift_table(criteria: list[CriterionFeedback]) -> Table:
    table = new_table("Criterion", right=("corrections", "people minus judge", "mean distance"))
    for row in criteria:
        shift = row["meanShift"]
        table.add_row(
            row["criterion"]["name"],
            f"{row['correctionCount']:,}",
            MISSING if shift is None else f"{shift:+.2f}",
            format_number(row["meanAbsoluteShift"]),
        )
    return table
