"""Collector of a training process's reports between two writes of the supervisor.

It keeps every event in order, but only the newest progress and the newest checkpoint.
"""

from dataclasses import dataclass, field

from msgspec import structs

from models.job import EventKind, TrainingJob, TrainingType
from models.job_status import JobStatus
from models.stored.events import EpochBody
from models.stored.training_job import JobProgress
from runner.training.messages import FailureReport, LoadedReport, OutcomeReport, ProgressReport, Report
from store.event_log.events import NewEvent

PHASE_MESSAGES = {
    JobStatus.TRAINING: "Training started.",
    JobStatus.VALIDATING: "The result is compared with human feedback.",
}
"""Message of the event with which a job enters a phase."""

_STATUS_ORDER = {status: number for number, status in enumerate(JobStatus)}
_EPOCH_FIGURES = ("epoch", "max_epochs", "loss", "validation_loss")


@dataclass(slots=True)
class PendingReports:
    """Reports that have arrived since the last write.

    ``steps`` are the events and transitions in the order of the reports; a status denotes a transition to it.
    """

    steps: list[NewEvent | JobStatus] = field(default_factory=list)
    progress: JobProgress | None = None
    checkpoint: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.steps or self.progress or self.checkpoint)

    @property
    def has_transition(self) -> bool:
        """Return whether the job changed its status."""
        return any(isinstance(step, JobStatus) for step in self.steps)


class ReportCollector:
    """Collector of the reports on one job."""

    def __init__(self, job: TrainingJob) -> None:
        self.outcome: OutcomeReport | None = None
        self.failure: FailureReport | None = None
        self._pending = PendingReports()
        self._validates = job.training_type is TrainingType.VALIDATION
        self._phase = job.status  # according to the reports, ahead of what is written
        self._progress = JobProgress()

    @property
    def pending(self) -> PendingReports:
        """Return the reports that wait to be written, without taking them."""
        return self._pending

    def take(self) -> PendingReports:
        """Remove and return the pending reports, which the caller writes or puts back."""
        pending, self._pending = self._pending, PendingReports()
        return pending

    def put_back(self, pending: PendingReports) -> None:
        """Insert reports that could not be written before those that arrived meanwhile."""
        later = self._pending
        later.steps = pending.steps + later.steps
        later.progress = later.progress or pending.progress
        later.checkpoint = later.checkpoint or pending.checkpoint

    def handle(self, report: Report) -> None:
        """Add one report of the training process."""
        if report.loaded is not None:
            self._record(NewEvent(EventKind.NOTE, _describe_loaded(report.loaded)))
            if report.loaded.labels:
                self._enter(JobStatus.TRAINING)
        elif report.progress is not None:
            self._record_progress(report.progress)
        elif report.checkpoint is not None:
            self._pending.checkpoint = report.checkpoint
        elif report.outcome is not None:
            self.outcome = report.outcome
        elif report.failed is not None:
            self.failure = report.failed

    def _record(self, step: NewEvent | JobStatus) -> None:
        self._pending.steps.append(step)

    def _enter(self, phase: JobStatus) -> None:
        # a validation may fit models for comparison, but it keeps none of them
        phase = JobStatus.VALIDATING if self._validates else phase
        if _STATUS_ORDER[phase] > _STATUS_ORDER[self._phase]:
            self._phase = phase
            self._record(phase)

    def _record_progress(self, progress: ProgressReport) -> None:
        self._enter(JobStatus(progress.phase))
        if progress.epoch is not None and progress.loss is not None:
            body = EpochBody(
                epoch=progress.epoch,
                max_epochs=progress.max_epochs,
                loss=progress.loss,
                validation_loss=progress.validation_loss,
                mean_absolute_error=progress.mean_absolute_error,
            )
            self._record(NewEvent(EventKind.EPOCH, progress.message, body))
        else:
            self._record(NewEvent(EventKind.NOTE, progress.message))
        figures = {name: getattr(progress, name) for name in _EPOCH_FIGURES}
        known = {name: value for name, value in figures.items() if value is not None}
        self._progress = structs.replace(self._progress, fraction=progress.fraction, **known)
        self._pending.progress = self._progress


def _describe_loaded(loaded: LoadedReport) -> str:
    text = f"{loaded.labels} labels on {loaded.items} items were prepared."
    if loaded.doubts:
        text += f" {loaded.doubts} low ratings or rejections count as doubt."
    if loaded.excluded:
        text += " Excluded: " + ", ".join(f"{n} {reason}" for reason, n in loaded.excluded.items()) + "."
    return text
