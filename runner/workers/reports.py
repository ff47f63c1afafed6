"""What a training process says, collected until it is written: every event in order, the newest of the rest."""

import base64
from dataclasses import dataclass, field
from typing import Any

from models.job import EventKind, TrainingJob, TrainingType
from models.job_status import JobStatus
from store.event_log.events import NewEvent

_STATUS_ORDER = {status: number for number, status in enumerate(JobStatus)}
_EPOCH_FIGURES = ("epoch", "max_epochs", "loss", "validation_loss")


@dataclass(slots=True)
class PendingReports:
    """What was said since the last write."""

    steps: list[NewEvent | JobStatus] = field(default_factory=list)  # in order; a status: the job moved there
    progress: dict[str, Any] | None = None
    checkpoint: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.steps or self.progress or self.checkpoint)

    @property
    def has_transition(self) -> bool:
        """Whether the job moved to another state."""
        return any(isinstance(step, JobStatus) for step in self.steps)


class ReportCollector:
    """Listens to the training process of one job."""

    def __init__(self, job: TrainingJob) -> None:
        self.outcome: dict[str, Any] | None = None
        self.failure: dict[str, str] | None = None
        self._pending = PendingReports()
        self._validates = job.training_type is TrainingType.VALIDATION
        self._phase = job.status  # as the reports go, ahead of what is written
        self._progress: dict[str, Any] = {}

    @property
    def pending(self) -> PendingReports:
        """What waits to be written."""
        return self._pending

    def take(self) -> PendingReports:
        """What waits to be written; from now on it is the caller's to write or to put back."""
        pending, self._pending = self._pending, PendingReports()
        return pending

    def put_back(self, pending: PendingReports) -> None:
        """News that could not be written: it goes before what was said meanwhile."""
        later = self._pending
        later.steps = pending.steps + later.steps
        later.progress = later.progress or pending.progress
        later.checkpoint = later.checkpoint or pending.checkpoint

    def handle(self, report: dict[str, Any]) -> None:
        """Take one report."""
        if "loaded" in report:
            self._record(NewEvent(EventKind.NOTE, _describe_loaded(report["loaded"])))
            if report["loaded"]["labels"]:
                self._move(JobStatus.TRAINING)
        elif "progress" in report:
            self._record_progress(report["progress"])
        elif "checkpoint" in report:
            self._pending.checkpoint = base64.b64decode(report["checkpoint"])
        elif "outcome" in report:
            self.outcome = report["outcome"]
        elif "failed" in report:
            self.failure = report["failed"]

    def _record(self, step: NewEvent | JobStatus) -> None:
        self._pending.steps.append(step)

    def _move(self, phase: JobStatus) -> None:
        # a validation may fit models to compare with, but it trains nothing that stays
        phase = JobStatus.VALIDATING if self._validates else phase
        if _STATUS_ORDER[phase] > _STATUS_ORDER[self._phase]:
            self._phase = phase
            self._record(phase)

    def _record_progress(self, progress: dict[str, Any]) -> None:
        self._move(JobStatus(progress["phase"]))
        if progress["epoch"] is not None:
            body = {key: progress[key] for key in (*_EPOCH_FIGURES, "mean_absolute_error")}
            self._record(NewEvent(EventKind.EPOCH, progress["message"], body))
        else:
            self._record(NewEvent(EventKind.NOTE, progress["message"]))
        fresh = {key: progress[key] for key in _EPOCH_FIGURES if progress[key] is not None}
        self._progress |= fresh | {"fraction": progress["fraction"]}
        self._pending.progress = dict(self._progress)


def _describe_loaded(loaded: dict[str, Any]) -> str:
    text = f"{loaded['labels']} labels on {loaded['items']} items were prepared."
    if loaded.get("doubts"):
        text += f" {loaded['doubts']} low ratings or refusals count as doubt."
    if loaded["left_out"]:
        text += " Left out: " + ", ".join(f"{n} {why}" for why, n in loaded["left_out"].items()) + "."
    return text
