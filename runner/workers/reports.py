"""What a training process says, collected until it is written: every event in order, the newest of the rest."""

import base64
from dataclasses import dataclass, field
from typing import Any

from models.job import EventKind, TrainingJob, TrainingType
from models.job_status import JobStatus
from store.event_log.events import NewEvent

_ORDER = {status: number for number, status in enumerate(JobStatus)}
_EPOCH_FIGURES = ("epoch", "max_epochs", "loss", "validation_loss")


@dataclass(slots=True)
class News:
    """What was said since the last write."""

    steps: list[NewEvent | JobStatus] = field(default_factory=list)  # in order; a status: the job moved there
    progress: dict[str, Any] | None = None
    checkpoint: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.steps or self.progress or self.checkpoint)

    @property
    def moved(self) -> bool:
        """Whether the job moved to another state."""
        return any(isinstance(step, JobStatus) for step in self.steps)


class Hearing:
    """Listens to the training process of one job."""

    def __init__(self, job: TrainingJob) -> None:
        self.outcome: dict[str, Any] | None = None
        self.failure: dict[str, str] | None = None
        self._news = News()
        self._validates = job.training_type is TrainingType.VALIDATION
        self._phase = job.status  # as the reports go, ahead of what is written
        self._progress: dict[str, Any] = {}

    @property
    def news(self) -> News:
        """What waits to be written."""
        return self._news

    def take(self) -> News:
        """What waits to be written; from now on it is the caller's to write or to put back."""
        news, self._news = self._news, News()
        return news

    def put_back(self, news: News) -> None:
        """News that could not be written: it goes before what was said meanwhile."""
        later = self._news
        later.steps = news.steps + later.steps
        later.progress = later.progress or news.progress
        later.checkpoint = later.checkpoint or news.checkpoint

    def hear(self, report: dict[str, Any]) -> None:
        """Take one report."""
        if "loaded" in report:
            self._tell(NewEvent(EventKind.NOTE, _loaded_says(report["loaded"])))
            if report["loaded"]["labels"]:
                self._move(JobStatus.TRAINING)
        elif "progress" in report:
            self._hear_progress(report["progress"])
        elif "checkpoint" in report:
            self._news.checkpoint = base64.b64decode(report["checkpoint"])
        elif "outcome" in report:
            self.outcome = report["outcome"]
        elif "failed" in report:
            self.failure = report["failed"]

    def _tell(self, step: NewEvent | JobStatus) -> None:
        self._news.steps.append(step)

    def _move(self, phase: JobStatus) -> None:
        # a validation may fit models to compare with, but it trains nothing that stays
        phase = JobStatus.VALIDATING if self._validates else phase
        if _ORDER[phase] > _ORDER[self._phase]:
            self._phase = phase
            self._tell(phase)

    def _hear_progress(self, progress: dict[str, Any]) -> None:
        self._move(JobStatus(progress["phase"]))
        if progress["epoch"] is not None:
            body = {key: progress[key] for key in (*_EPOCH_FIGURES, "mean_absolute_error")}
            self._tell(NewEvent(EventKind.EPOCH, progress["message"], body))
        else:
            self._tell(NewEvent(EventKind.NOTE, progress["message"]))
        fresh = {key: progress[key] for key in _EPOCH_FIGURES if progress[key] is not None}
        self._progress |= fresh | {"fraction": progress["fraction"]}
        self._news.progress = dict(self._progress)


def _loaded_says(loaded: dict[str, Any]) -> str:
    text = f"{loaded['labels']} labels on {loaded['items']} items were prepared."
    if loaded.get("doubts"):
        text += f" {loaded['doubts']} low ratings or refusals count as doubt."
    if loaded["left_out"]:
        text += " Left out: " + ", ".join(f"{n} {why}" for why, n in loaded["left_out"].items()) + "."
    return text
