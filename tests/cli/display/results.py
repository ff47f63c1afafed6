"""Results of the API as the views take them, and the text that a view draws."""

import io
from typing import Any

from rich.console import Console

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
        "summary": "Proven better: typical error 25% → 19% of the range.",
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


def draw(view: Any) -> str:
    """Return the text of a view on 160 columns."""
    out = io.StringIO()
    Console(file=out, width=160, highlight=False, markup=False).print(view)
    return out.getvalue()


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
