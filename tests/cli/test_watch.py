"""How a job looks on a terminal and in a file."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from cli.client.client import Client
from cli.display.evidence import evidence_view
from cli.display.job import JobView, sparkline
from cli.display.summary import summary_view
from cli.display.watch import watch
from cli.errors import ApiError

Data = dict[str, Any]


def report(error: float, spearman: float | None = 0.4) -> Data:
    return {"meanAbsoluteError": error, "spearman": spearman, "exactAgreement": 0.37}


def change(estimate: float, lower: float, upper: float) -> Data:
    return {"estimate": estimate, "lower": lower, "upper": upper}


def criterion(name: str, **changes: Any) -> Data:
    row = {
        "criterion": {"name": name},
        "heldOutCount": 1234,
        "improved": True,
        "worsened": False,
        "raw": report(0.79),
        "before": report(0.79),
        "after": report(0.53, 0.52),
        "maeChange": change(-0.26, -0.31, -0.2),
    }
    return row | changes


def evidence(*criteria: Data, **changes: Any) -> Data:
    whole = {
        "improved": True,
        "heldOutCount": 2468,
        "groupCount": 96,
        "raw": report(0.2),
        "before": report(0.2),
        "after": report(0.13),
        "constantBaseline": report(0.18, None),
        "maeChange": change(-0.065, -0.08, -0.05),
        "criteria": list(criteria),
    }
    return whole | changes


def job(**changes: Any) -> Data:
    whole = {
        "id": "job_1",
        "status": "COMPLETED",
        "trainingType": "FULL_RETRAIN",
        "judge": {"name": "Stories"},
        "progress": {"fraction": 1.0, "epoch": 12, "maxEpochs": 40, "loss": 0.5, "validationLoss": None},
        "error": None,
        "baseVersion": None,
        "resultVersion": {"id": "ver_1", "number": 1, "status": "CANDIDATE"},
        "deployment": None,
        "evidence": evidence(criterion("coherence")),
    }
    return whole | changes


def shown(view: Any, *, terminal: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=160, force_terminal=terminal, highlight=False, markup=False).print(view)
    return out.getvalue()


def test_the_table_shows_error_before_and_after_with_its_interval() -> None:
    text = shown(evidence_view(job()))
    row = next(line for line in text.splitlines() if "coherence" in line)
    assert row.split() == [
        *("coherence", "1,234", "0.79", "→", "0.53", "-0.26", "[-0.31,", "-0.20]"),
        *("0.40", "→", "0.52", "37%", "→", "37%", "better"),
    ]
    assert "2,468 labels of 96 groups" in text


def test_with_a_version_before_the_table_shows_raw_before_and_after() -> None:
    text = shown(evidence_view(job(baseVersion={"id": "ver_0", "number": 1})))
    assert "MAE raw → before → after" in text
    assert "0.79 → 0.79 → 0.53" in text


@pytest.mark.parametrize(
    ("row", "verdict"),
    [({}, "better"), ({"improved": False}, "unproven"), ({"improved": False, "worsened": True}, "worse")],
)
def test_each_criterion_has_a_verdict(row: Data, verdict: str) -> None:
    text = shown(evidence_view(job(evidence=evidence(criterion("empathy", **row)))))
    assert next(line for line in text.splitlines() if "empathy" in line).rstrip().endswith(verdict)


def test_several_criteria_are_summed_up_as_shares_of_the_range() -> None:
    text = shown(evidence_view(job(evidence=evidence(criterion("a"), criterion("b")))))
    assert "mean, % of range" in text
    assert "20.0 → 13.0" in text


def test_missing_figures_are_dashes() -> None:
    empty = {"after": None, "maeChange": None, "before": report(0.7, None)}
    text = shown(evidence_view(job(evidence=evidence(criterion("a", **empty)))))
    assert "–" in next(line for line in text.splitlines() if line.split()[:1] == ["a"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"deployment": {"deployed": True, "reason": "It is better."}}, "Deployed: It is better."),
        ({"deployment": {"deployed": False, "reason": "Coherence is worse."}}, "Not deployed: Coherence is worse."),
        ({}, "Version 1 (ver_1) is candidate."),
        ({"evidence": evidence(criterion("a"), improved=False)}, "Not proven better"),
        ({"trainingType": "VALIDATION", "resultVersion": None}, "the judge is as it was"),
        ({"evidence": None}, "There is no proof"),
    ],
)
def test_the_conclusion_says_what_was_gained_and_done(changes: Data, told: str) -> None:
    assert told in shown(evidence_view(job(**changes)))


def update(kind: str, status: str, fraction: float, message: str, **event: Any) -> Data:
    progress = {"fraction": fraction, "epoch": event.get("epoch"), "maxEpochs": 10, "loss": None}
    at = "2026-01-05T09:00:00+00:00"
    return {
        "cursor": message,
        "event": {"__typename": kind, "at": at, "message": message} | event,
        "trainingJob": {"id": "job_1", "status": status, "progress": progress, "error": None},
    }


def updates() -> list[Data]:
    states = ["CREATED", "QUEUED", "PREPARING", "TRAINING"]
    epochs = [
        update("EpochCompleted", "TRAINING", n / 100, f"Epoch {n}.", epoch=n, loss=1 / (n + 1)) for n in range(100)
    ]
    return [
        *(update("StatusChanged", state, 0, f"Now {state}.", to=state) for state in states),
        *epochs,
        update("Warning", "VALIDATING", 0.99, "A [strange] warning."),
        update("StatusChanged", "COMPLETED", 1, "Done.", to="COMPLETED"),
    ]


def test_the_live_view_shows_states_progress_loss_and_events() -> None:
    view = JobView(job(status="CREATED"))
    for each in updates()[:50]:
        view.take(each)
    text = shown(view)
    assert "full retrain of Stories" in text
    assert "created → queued → preparing → training → validating → completed" in text
    assert "epoch 45/10" in text
    assert "█" in text
    assert "Now TRAINING." in text


def test_a_failed_job_shows_no_states_ahead() -> None:
    view = JobView(job(status="CREATED"))
    view.take(update("StatusChanged", "FAILED", 0.1, "Failed.", to="FAILED"))
    assert "validating" not in shown(view)


class FakeClient(Client):
    """A client of a job whose updates are known."""

    def execute(self, name: str, **variables: Any) -> Data:
        return {"trainingJob": job() if variables["id"] == "job_1" else None}

    def subscribe(self, name: str, **variables: Any) -> Iterator[Data]:
        return iter([{"trainingJobStatus": each} for each in updates()])


@pytest.fixture
def client() -> Iterator[FakeClient]:
    with FakeClient() as fake:
        yield fake


def test_a_file_gets_plain_lines_and_not_one_for_every_epoch(client: FakeClient) -> None:
    out = io.StringIO()
    finished = watch(client, "job_1", Console(file=out, width=160, highlight=False, markup=False))
    lines = out.getvalue().splitlines()
    assert finished["status"] == "COMPLETED"
    assert "\x1b" not in out.getvalue()
    assert sum("Epoch" in line for line in lines) == 9
    assert any("A [strange] warning." in line for line in lines)
    assert any("Improved" in line for line in lines)


def test_a_terminal_gets_a_live_view_and_then_the_table(client: FakeClient) -> None:
    out = io.StringIO()
    watch(client, "job_1", Console(file=out, width=160, force_terminal=True, highlight=False, markup=False))
    assert "\x1b" in out.getvalue()
    assert "better" in out.getvalue()


def test_an_unknown_job_is_told(client: FakeClient) -> None:
    with pytest.raises(ApiError, match="There is no training job job_9"):
        watch(client, "job_9", Console(file=io.StringIO()))


@pytest.mark.parametrize(
    ("values", "drawn"), [([1.0], "▁"), ([0.0, 1.0], "▁█"), ([1.0, 1.0], "▁▁"), ([3.0, 2.0, 1.0], "█▅▁")]
)
def test_a_sparkline_runs_from_the_lowest_to_the_highest(values: list[float], drawn: str) -> None:
    assert sparkline(values) == drawn


def test_a_long_sparkline_is_thinned_and_keeps_both_ends() -> None:
    drawn = sparkline([float(n) for n in range(1000)])
    assert (len(drawn), drawn[0], drawn[-1]) == (20, "▁", "█")


def test_a_summary_shows_counts_and_shifts() -> None:
    summary = {
        "totalFeedbackCount": 3168,
        "correctionCount": 3000,
        "ratingCount": 100,
        "approvalCount": 60,
        "commentCount": 8,
        "usableCount": 3100,
        "newSinceLastTraining": 12,
        "evaluationCount": 1056,
        "raterCount": 3,
        "dateRange": {"earliest": "2026-01-05T09:00:00Z", "latest": "2026-02-05T09:00:00Z"},
        "criteria": [
            {"criterion": {"name": "clarity"}, "correctionCount": 9, "meanShift": -0.5, "meanAbsoluteShift": None}
        ],
        "raterAgreement": 0.41,
    }
    text = shown(summary_view(summary))
    assert "3,168 items of feedback on 1,056 evaluations by 3 people, 2026-01-05 to 2026-02-05" in text
    assert "0.41 (Krippendorff's alpha)" in text
    row = next(line for line in text.splitlines() if "clarity" in line)
    assert row.split() == ["clarity", "9", "-0.50", "–"]
