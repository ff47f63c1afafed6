"""A job's proof as a table: how far the scores were from people's before and after training."""

from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

Data = dict[str, Any]

NONE = "–"


_WIDE = 110  # columns of a terminal; below, the table is set tight


def evidence_view(job: Data) -> RenderableType:
    """The before/after table of a finished job with its verdict and what was deployed."""
    evidence: Data | None = job["evidence"]
    if evidence is None:
        return Text("There is no proof: the job ended before anything was validated.")
    return Group(_EvidenceTable(evidence, with_before=job["baseVersion"] is not None), *_conclusion(job, evidence))


class _EvidenceTable:
    """One row a criterion, and the mean where there are several."""

    def __init__(self, evidence: Data, *, with_before: bool) -> None:
        self._evidence = evidence
        self._with_before = with_before

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table as wide as there is room."""
        wide = options.max_width >= _WIDE
        arrow = " → " if wide else "→"
        evidence = self._evidence
        table = Table(
            title=(
                f"Before and after, on {evidence['heldOutCount']:,} labels of {evidence['groupCount']:,} groups that "
                "training did not see"
            ),
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            padding=(0, 1) if wide else 0,
            show_edge=wide,
        )
        table.add_column("Criterion", overflow="fold")
        error = arrow.join(["MAE raw", *(["before"] if self._with_before else []), "after"])
        for heading in ("n", error, "change [95 %]", "Spearman", "exact"):
            table.add_column(heading, justify="right", no_wrap=wide)
        table.add_column("Verdict", no_wrap=True)
        for row in evidence["criteria"]:
            cells = self._cells(row, arrow, unit=1, digits=2)
            table.add_row(row["criterion"]["name"], f"{row['heldOutCount']:,}", *cells, _criterion_verdict(row))
        if len(evidence["criteria"]) != 1:
            table.add_section()
            cells = self._cells(evidence, arrow, unit=100, digits=1)
            table.add_row("mean, % of range", f"{evidence['heldOutCount']:,}", *cells, _verdict(evidence))
        yield table

    def _cells(self, row: Data, arrow: str, unit: float, digits: int) -> list[str]:
        errors = [row["raw"], *([row["before"]] if self._with_before else []), row["after"]]
        ends = [row["before"], row["after"]]
        return [
            arrow.join(number(report and report["meanAbsoluteError"] * unit, digits) for report in errors),
            interval(row["maeChange"], unit, digits),
            arrow.join(number(report and report["spearman"]) for report in ends),
            arrow.join(percent(report and report["exactAgreement"]) for report in ends),
        ]


def number(value: float | None, digits: int = 2) -> str:
    """A number for people; a dash where there is none."""
    return NONE if value is None else f"{value:.{digits}f}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share as a percentage."""
    return NONE if share is None else f"{share:.{digits}%}"


def interval(change: Data | None, unit: float = 1, digits: int = 2) -> str:
    """A change with its interval."""
    if change is None:
        return NONE
    low, high = (f"{change[end] * unit:+.{digits}f}" for end in ("lower", "upper"))
    return f"{change['estimate'] * unit:+.{digits}f} [{low}, {high}]"


def _criterion_verdict(row: Data) -> Text:
    return Text("worse", "red") if row["worsened"] else _verdict(row)


def _verdict(row: Data) -> Text:
    if row["after"] is None or row["maeChange"] is None:
        return Text(NONE)
    return Text("better", "green") if row["improved"] else Text("unproven", "yellow")


def _conclusion(job: Data, evidence: Data) -> list[Text]:
    lines = [
        Text(
            "MAE: mean absolute error against people's scores, in points of the scale. n: labels. "
            f"Giving everything the same score would be {evidence['constantBaseline']['meanAbsoluteError']:.1%} of the "
            "range off.",
            "dim",
        ),
    ]
    if job["trainingType"] == "VALIDATION":
        lines.append(Text("Measured only; the judge is as it was."))
    elif evidence["improved"]:
        lines.append(Text("Improved: the whole interval of the change in error lies below 0.", "bold green"))
    else:
        lines.append(Text("Not proven better: the interval of the change in error reaches 0.", "bold yellow"))
    if deployment := job["deployment"]:
        verb = "Deployed" if deployment["deployed"] else "Not deployed"
        lines.append(Text(f"{verb}: {deployment['reason']}"))
    elif version := job["resultVersion"]:
        lines.append(Text(f"Version {version['number']} ({version['id']}) is {version['status'].lower()}."))
    return lines
