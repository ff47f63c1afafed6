"""Specs of training jobs: configuration, execution options, and the request as a whole."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import msgspec
import orjson

from models.errors import DomainError, Invalid
from models.job import Decoding, Priority, TrainingType
from models.specs.checks import (
    is_web_address,
    moment_problems,
    optional_text_problems,
    out_of_range,
    quote,
    raise_problems,
)
from models.specs.limits import MAX_CRITERIA, MAX_EPOCHS, MAX_FEEDBACK_COUNT, MAX_NAME, MAX_SEED
from models.stored.training_job import JobConfig, JobOptions, PriorityName

_PRIORITY_NAMES: dict[Priority, PriorityName] = {
    Priority.HIGH: "HIGH",
    Priority.NORMAL: "NORMAL",
    Priority.LOW: "LOW",
}
_EMAIL = re.compile(r"[^@\s<>\"(),:;\\\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """The feedback to learn from and the learner's settings; None leaves a setting to the trainer."""

    feedback_cutoff_date: datetime | None = None
    minimum_feedback_count: int = 20
    validation_split: float | None = None
    learning_rate: float | None = None
    max_epochs: int | None = None
    early_stopping: bool | None = None
    target_criteria: tuple[str, ...] | None = None
    seed: int = 0
    decoding: Decoding = Decoding.ERROR

    def problems(self, training_type: TrainingType) -> Iterator[DomainError]:
        """Yield all problems of the configuration for a job of this type."""
        yield from moment_problems("feedback_cutoff_date", self.feedback_cutoff_date)
        if not 1 <= self.minimum_feedback_count <= MAX_FEEDBACK_COUNT:
            yield out_of_range("minimum_feedback_count", self.minimum_feedback_count, f"1 to {MAX_FEEDBACK_COUNT:,}")
        if self.validation_split is not None and not 0 < self.validation_split <= 0.5:
            yield out_of_range("validation_split", self.validation_split, "above 0 and at most 0.5")
        if self.learning_rate is not None and not 0 < self.learning_rate <= 1:
            yield out_of_range("learning_rate", self.learning_rate, "above 0 and at most 1")
        if self.max_epochs is not None and not 1 <= self.max_epochs <= MAX_EPOCHS:
            yield out_of_range("max_epochs", self.max_epochs, f"1 to {MAX_EPOCHS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            yield out_of_range("seed", self.seed, f"0 to {MAX_SEED:,}")
        yield from self._target_problems(training_type)

    def to_stored(self) -> JobConfig:
        """Return the configuration as the database holds it, with criteria named as in the request."""
        cutoff = self.feedback_cutoff_date
        return JobConfig(
            feedback_cutoff_date=cutoff.astimezone(UTC).isoformat() if cutoff else None,
            minimum_feedback_count=self.minimum_feedback_count,
            validation_split=self.validation_split,
            learning_rate=self.learning_rate,
            max_epochs=self.max_epochs,
            early_stopping=self.early_stopping,
            target_criteria=list(self.target_criteria) if self.target_criteria else None,
            seed=self.seed,
            decoding=self.decoding.value,
        )

    @classmethod
    def from_stored(cls, stored: JobConfig) -> Self:
        """Return the configuration that a job was created from, with criteria named by their ids."""
        return cls(
            feedback_cutoff_date=stored.cutoff,
            minimum_feedback_count=stored.minimum_feedback_count,
            validation_split=stored.validation_split,
            learning_rate=stored.learning_rate,
            max_epochs=stored.max_epochs,
            early_stopping=stored.early_stopping,
            target_criteria=tuple(stored.target_criteria) if stored.target_criteria else None,
            seed=stored.seed,
            decoding=Decoding(stored.decoding),
        )

    def _target_problems(self, training_type: TrainingType) -> Iterator[DomainError]:
        path = ("target_criteria",)
        if training_type is TrainingType.FINE_TUNE and not self.target_criteria:
            yield Invalid("FINE_TUNE needs targetCriteria: the criteria to change, by id or key.", path)
        elif self.target_criteria is not None:
            if training_type in (TrainingType.INCREMENTAL, TrainingType.FULL_RETRAIN):
                yield Invalid(
                    f"{training_type.name} learns all criteria; targetCriteria goes with FINE_TUNE and VALIDATION.",
                    path,
                )
            elif not self.target_criteria:
                yield Invalid("targetCriteria must name at least one criterion, or be left out.", path)
            elif len(self.target_criteria) > MAX_CRITERIA:
                yield Invalid(f"targetCriteria takes at most {MAX_CRITERIA} criteria.", path)


@dataclass(frozen=True, slots=True)
class ExecutionOptions:
    """The options of a job's execution: priority, start, deployment and notifications."""

    priority: Priority = Priority.NORMAL
    auto_deploy: bool = False
    backup_current_version: bool = True
    notification_email: str | None = None
    webhook_url: str | None = None
    auto_start: bool = True

    def problems(self) -> Iterator[DomainError]:
        """Yield all problems of the options."""
        if self.notification_email is not None and not _is_email(self.notification_email):
            yield Invalid(
                f"{quote(self.notification_email)} is no e-mail address such as ann@example.org.",
                ("notification_email",),
            )
        if self.webhook_url is not None and not is_web_address(self.webhook_url):
            yield Invalid(
                f"{quote(self.webhook_url)} is no web address; it starts with https:// or http://, names a host, "
                "and holds no user name or password.",
                ("webhook_url",),
            )

    def to_stored(self) -> JobOptions:
        """Return the options as the database holds them."""
        return JobOptions(
            priority=_PRIORITY_NAMES[self.priority],
            auto_deploy=self.auto_deploy,
            backup_current_version=self.backup_current_version,
            notification_email=self.notification_email,
            webhook_url=self.webhook_url,
            auto_start=self.auto_start,
        )

    @classmethod
    def from_stored(cls, stored: JobOptions) -> Self:
        """Return the options that a job was created with."""
        return cls(
            priority=Priority[stored.priority],
            auto_deploy=stored.auto_deploy,
            backup_current_version=stored.backup_current_version,
            notification_email=stored.notification_email,
            webhook_url=stored.webhook_url,
            auto_start=stored.auto_start,
        )


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """A new training job."""

    judge_id: str
    training_type: TrainingType
    config: TrainingConfig = field(default_factory=TrainingConfig)
    options: ExecutionOptions = field(default_factory=ExecutionOptions)
    idempotency_key: str | None = None

    def validated(self) -> Self:
        """Return the spec.

        Raises:
            RequestRejected: the spec has problems; all of them are named.
        """
        raise_problems(self._problems())
        return self

    def _problems(self) -> Iterator[DomainError]:
        yield from (p.within("training_config") for p in self.config.problems(self.training_type))
        yield from (p.within("execution_options") for p in self.options.problems())
        yield from optional_text_problems("idempotency_key", self.idempotency_key, MAX_NAME)

    def digest(self) -> str:
        """Return the SHA-256 of the request, by which a repeated idempotency key is compared.

        Equal requests have equal digests, whatever the offset of their dates.
        """
        request = {
            "judge_id": self.judge_id,
            "training_type": self.training_type.value,
            "config": msgspec.to_builtins(self.config.to_stored()),
            "options": msgspec.to_builtins(self.options.to_stored()),
        }
        return hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _is_email(value: str) -> bool:
    return len(value) <= MAX_NAME and value.isprintable() and _EMAIL.fullmatch(value) is not None
