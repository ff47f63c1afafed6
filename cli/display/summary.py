"""What feedback there is to learn from, as a table."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.display.evidence import NONE, number

Data = dict[str, Any]


def summary_view(summary: Data) -> RenderableType:
    """The counts of a feedback summary and what people changed, by criterion."""
    lines = [
        Text.assemble(
            (f"{summary['totalFeedbackCount']:,} items of feedback", "bold"),
            f" on {summary['evaluationCount']:,} evaluations by {summary['raterCount']:,} people",
            _dates(summary["dateRange"]),
        ),
        Text(
            f"{summary['correctionCount']:,} corrections, {summary['ratingCount']:,} ratings, "
            f"{summary['approvalCount']:,} approvals, {summary['commentCount']:,} comments"
        ),
        Text(
            f"{summary['usableCount']:,} can be learned from, "
            f"{summary['newSinceLastTraining']:,} of them new since the last training"
        ),
    ]
    if summary.get("raterAgreement") is not None:
        lines.append(Text(f"People agree with each other to {summary['raterAgreement']:.2f} (Krippendorff's alpha)"))
    return Group(*lines, *([_shifts(summary["criteria"])] if summary["criteria"] else []))


def _dates(dates: Data) -> str:
    if dates["earliest"] is None:
        return ""
    first, last = dates["earliest"][:10], dates["latest"][:10]
    return f", {first}" if first == last else f", {first} to {last}"


def _shifts(criteria: list[Data]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("Criterion")
    for heading in ("corrections", "people minus judge", "how far apart"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in criteria:
        shift = row["meanShift"]
        table.add_row(
            row["criterion"]["name"],
            f"{row['correctionCount']:,}",
            NONE if shift is None else f"{shift:+.2f}",
            number(row["meanAbsoluteShift"]),
        )
    return table
