"""Before/after table of a job's proof: the distance of scores from people's scores before and after training."""

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from cli.client.responses import AgreementReport, Comparable, CriterionEvidence, Evidence, TrainingJob
from cli.display.figures import (
    MISSING,
    format_count,
    format_interval,
    format_number,
    format_percent,
    improvement_verdict,
)

_WIDE_COLUMNS = 110  # columns of a terminal from which the table has spaces between its figures


def render_evidence(job: TrainingJob) -> RenderableType:
    """Return the before/after table of a finished job with its verdict and the decision on deployment."""
    evidence = job["evidence"]
    if evidence is None:
        return Text("There is no proof: the job ended before anything was validated.")
    table = _EvidenceTable(evidence, with_before=job["baseVersion"] is not None)
    return Group(table, _legend(evidence), _conclusion(job, evidence), *_deployment(job))


class _EvidenceTable:
    """One row for each criterion and, if there are several, one for their mean."""

    def __init__(self, evidence: Evidence, *, with_before: bool) -> None:
        self._evidence = evidence
        self._with_before = with_before

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table for the width of the terminal."""
        wide = options.max_width >= _WIDE_COLUMNS
        arrow = " → " if wide else "→"
        evidence = self._evidence
        table = self._empty_table(arrow, wide=wide)
        for row in evidence["criteria"]:
            cells = self._cells(row, arrow, unit=1, digits=2)
            table.add_row(row["criterion"]["name"], f"{row['heldOutCount']:,}", *cells, _criterion_verdict(row))
        if len(evidence["criteria"]) != 1:
            table.add_section()
            cells = self._cells(evidence, arrow, unit=100, digits=1)
            table.add_row("mean, % of range", f"{evidence['heldOutCount']:,}", *cells, _verdict(evidence))
        yield table

    def _empty_table(self, arrow: str, *, wide: bool) -> Table:
        evidence = self._evidence
        table = Table(
            title=(
                f"Before and after, on {format_count(evidence['heldOutCount'], 'label')} of "
                f"{format_count(evidence['groupCount'], 'group')} that training did not see"
            ),
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            padding=(0, 1) if wide else 0,
            show_edge=wide,
        )
        table.add_column("Criterion", overflow="fold")
        error = arrow.join(["MAE raw", *(["before"] if self._with_before else []), "after"])
        for heading in ("n", error, "change [95%]", "Spearman", "exact"):
            table.add_column(heading, justify="right", no_wrap=wide)
        table.add_column("Verdict", no_wrap=True)
        return table

    def _cells(self, row: Comparable, arrow: str, unit: float, digits: int) -> list[str]:
        errors = [row["raw"], *([row["before"]] if self._with_before else []), row["after"]]
        ends = (row["before"], row["after"])
        return [
            arrow.join(_error(report, unit, digits) for report in errors),
            format_interval(row["maeChange"], unit, digits),
            arrow.join(format_number(report and report["spearman"]) for report in ends),
            arrow.join(format_percent(report and report["exactAgreement"]) for report in ends),
        ]


def _error(report: AgreementReport | None, unit: float, digits: int) -> str:
    return MISSING if report is None else format_number(report["meanAbsoluteError"] * unit, digits)


def _criterion_verdict(row: CriterionEvidence) -> Text:
    return Text("worse", "red") if row["worsened"] else _verdict(row)


def _verdict(row: Comparable) -> Text:
    if row["after"] is None or row["maeChange"] is None:
        return Text(MISSING)
    return improvement_verdict(row["improved"])


def _legend(evidence: Evidence) -> Text:
    return Text(
        "MAE: mean absolute error against people's scores, in points of the scale. n: labels. The same score for "
        f"everything would have an error of {evidence['constantBaseline']['meanAbsoluteError']:.1%} of the range.",
        "dim",
    )


def _conclusion(job: TrainingJob, evidence: Evidence) -> Text:
    if job["trainingType"] == "VALIDATION":
        return Text("Measured only; the judge was not changed.")
    return Text(evidence["summary"], "bold green" if evidence["improved"] else "bold yellow")


def _deployment(job: TrainingJob) -> list[Text]:
    if deployment := job["deployment"]:
        verb = "Deployed" if deployment["deployed"] else "Not deployed"
        return [Text(f"{verb}: {deployment['reason']}")]
    if version := job["resultVersion"]:
        return [Text(f"Version {version['number']} ({version['id']}) is {version['status'].lower()}.")]
    return []
