"""What callers ask for, and the rules it must meet: the same whether it comes by GraphQL, by REST or in bulk."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from models.access import Role
from models.errors import DomainError, Invalid, LimitExceeded, RequestRejected
from models.feedback import FeedbackType
from models.job import Decoding, Priority, TrainingType
from models.request_sizes import RequestSizes

MAX_BATCH = RequestSizes().batch
MAX_TEXT = 100_000
MAX_COMMENT = 10_000
MAX_NAME = 200
MAX_CRITERIA = 100
MAX_FEEDBACK_COUNT = 1_000_000
MAX_EPOCHS = 10_000
MAX_SEED = 2**31 - 1

_OWN_FIELD = {
    FeedbackType.CORRECTION: "corrected_scores",
    FeedbackType.RATING: "rating",
    FeedbackType.APPROVAL: "approved",
    FeedbackType.COMMENT: "comment",
}
_JUDGE_ID = re.compile(r"jdg_[A-Za-z0-9]{1,64}")
_CRITERION_KEY = re.compile(r"crit_[A-Za-z0-9_]{1,64}")
_EMAIL = re.compile(r"[^@\s<>\"(),:;\\\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class CriterionSpec:
    """One criterion of a judge to be made."""

    name: str
    key: str | None = None
    description: str | None = None
    minimum: float = 1.0
    maximum: float = 5.0
    step: float = 1.0
    weight: float = 1.0

    def problems(self) -> Iterator[DomainError]:
        """What is wrong with it, if anything."""
        yield from _text("name", self.name, MAX_NAME)
        yield from _optional_text("description", self.description, MAX_COMMENT)
        if self.key is not None and not _CRITERION_KEY.fullmatch(self.key):
            yield Invalid(f"A criterion's key looks like crit_clarity, not {_shown(self.key)}.", ("key",))
        numbers = {"min": self.minimum, "max": self.maximum, "step": self.step, "weight": self.weight}
        for name, value in numbers.items():
            if not math.isfinite(value) or abs(value) > 1e9:
                yield Invalid(f"{name} must be a number between -1e9 and 1e9, not {value}.", (name,))
                return
        if self.maximum <= self.minimum:
            yield Invalid(f"max must be above min ({self.minimum:g}), not {self.maximum:g}.", ("max",))
            return
        width = self.maximum - self.minimum
        steps = width / self.step if self.step > 0 else 0
        if not 1 - 1e-9 <= steps <= 1e6 or abs(steps - round(steps)) > 1e-6 * max(1.0, steps):
            yield Invalid(
                f"step must be above 0 and divide the range of {width:g} into whole steps, not {self.step:g}.",
                ("step",),
            )
        if self.weight < 0:
            yield Invalid(f"weight must be 0 or more, not {self.weight:g}.", ("weight",))


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A judge to be made."""

    name: str
    criteria: tuple[CriterionSpec, ...]
    id: str | None = None
    description: str | None = None

    def checked(self) -> Self:
        """The same with every criterion's key filled in.

        Raises:
            RequestRejected: something is wrong; all that is wrong is named.
        """
        problems = list(_text("name", self.name, MAX_NAME))
        problems += _optional_text("description", self.description, MAX_COMMENT)
        if self.id is not None and not _JUDGE_ID.fullmatch(self.id):
            problems.append(
                Invalid(f"A judge's id is jdg_ and 1 to 64 letters or digits, not {_shown(self.id)}.", ("id",))
            )
        if not 1 <= len(self.criteria) <= MAX_CRITERIA:
            problems.append(
                Invalid(f"A judge has 1 to {MAX_CRITERIA} criteria, not {len(self.criteria)}.", ("criteria",))
            )
        for number, criterion in enumerate(self.criteria[:MAX_CRITERIA]):
            problems += (problem.within("criteria", str(number)) for problem in criterion.problems())
        if not any(criterion.weight > 0 for criterion in self.criteria) and not problems:
            problems.append(Invalid("At least one criterion needs a weight above 0.", ("criteria",)))
        taken: dict[str, int] = {}
        for number, criterion in enumerate(self.criteria):
            if criterion.key is not None and taken.setdefault(criterion.key, number) != number:
                problems.append(Invalid(f"The key {criterion.key} is used twice.", ("criteria", str(number), "key")))
        if problems:
            raise RequestRejected(*problems)
        return replace(self, criteria=keyed(self.criteria, set()))


@dataclass(frozen=True, slots=True)
class CriterionChange:
    """What is to become of one criterion, named by its id or key; None leaves it as it is.

    The scale can be told again, but not changed: scores and versions refer to it.
    """

    criterion: str
    name: str | None = None
    description: str | None = None
    weight: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None

    def problems(self) -> Iterator[DomainError]:
        """What is wrong with it by itself."""
        yield from _optional_text("name", self.name, MAX_NAME)
        yield from _optional_text("description", self.description, MAX_COMMENT, empty=True)
        if self.weight is not None and not 0 <= self.weight <= 1e9:
            yield _range("weight", self.weight, "a number from 0 to 1e9")


@dataclass(frozen=True, slots=True)
class JudgeChange:
    """What is to become of a judge; None leaves it as it is, an empty description takes it away."""

    judge_id: str
    name: str | None = None
    description: str | None = None
    add_criteria: tuple[CriterionSpec, ...] = ()
    update_criteria: tuple[CriterionChange, ...] = ()
    remove_criteria: tuple[str, ...] = ()

    def problems(self) -> Iterator[DomainError]:
        """What is wrong with it by itself; the judge's own criteria are looked at elsewhere."""
        yield from _optional_text("name", self.name, MAX_NAME)
        yield from _optional_text("description", self.description, MAX_COMMENT, empty=True)
        lists: dict[str, tuple[CriterionSpec | CriterionChange, ...]] = {
            "add_criteria": self.add_criteria,
            "update_criteria": self.update_criteria,
        }
        for field_name, parts in lists.items():
            if len(parts) > MAX_CRITERIA:
                yield Invalid(f"{_camel(field_name)} takes at most {MAX_CRITERIA} criteria.", (field_name,))
            for number, part in enumerate(parts[:MAX_CRITERIA]):
                yield from (problem.within(field_name, str(number)) for problem in part.problems())
        if self.remove_criteria:
            yield Invalid(
                "A criterion can't be removed: evaluations, feedback and versions refer to it. Give it the weight 0 to "
                "leave it out of overall scores.",
                ("remove_criteria",),
            )


def keyed(criteria: Sequence[CriterionSpec], used: set[str]) -> tuple[CriterionSpec, ...]:
    """Criteria, each with a key: its own, or one made from its name that is not among ``used``."""
    used = used | {criterion.key for criterion in criteria if criterion.key is not None}
    found = []
    for criterion in criteria:
        key = criterion.key or _free_key(criterion.name, used)
        used.add(key)
        found.append(replace(criterion, key=key))
    return tuple(found)


def _free_key(name: str, used: set[str]) -> str:
    """``crit_`` and the slug of a name; numbered where the name has none or it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60]
    if slug and f"crit_{slug}" not in used:
        return f"crit_{slug}"
    number = 1 if not slug else 2
    while (key := f"crit_{slug}_{number}" if slug else f"crit_{number}") in used:
        number += 1
    return key


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """A score of one criterion, named by its id or key."""

    criterion: str
    score: float


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """One evaluation to be recorded, or item to be scored."""

    output: str
    scores: tuple[ScoreSpec, ...]
    external_id: str | None = None
    group: str | None = None
    source: str | None = None
    input: str | None = None
    rationale: str | None = None
    version_id: str | None = None
    evaluated_at: datetime | None = None

    def problems(self) -> Iterator[DomainError]:
        """What is wrong with it by itself; its scores are checked against the judge's criteria elsewhere."""
        yield from _text("output", self.output, MAX_TEXT)
        for name in ("input", "rationale"):
            yield from _optional_text(name, getattr(self, name), MAX_TEXT, empty=True)
        for name in ("external_id", "group", "source"):
            yield from _optional_text(name, getattr(self, name), MAX_NAME)
        yield from _moment("evaluated_at", self.evaluated_at)
        if not self.scores:
            yield Invalid("Give the judge's own score of at least one criterion.", ("scores",))


@dataclass(frozen=True, slots=True)
class FeedbackSpec:
    """One item of feedback to be submitted."""

    type: FeedbackType
    evaluation_id: str | None = None
    evaluation_external_id: str | None = None
    corrected_scores: tuple[ScoreSpec, ...] | None = None
    rating: int | None = None
    approved: bool | None = None
    comment: str | None = None
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    external_id: str | None = None

    def problems(self) -> Iterator[DomainError]:
        """What is wrong with it by itself."""
        if (self.evaluation_id is None) == (self.evaluation_external_id is None):
            yield Invalid(
                "Name the evaluation by exactly one of evaluationId and evaluationExternalId.", ("evaluation_id",)
            )
        own = _OWN_FIELD[self.type]
        if getattr(self, own) is None:
            yield Invalid(f"Feedback of type {self.type.name} needs {_camel(own)}.", (own,))
        for other in ("corrected_scores", "rating", "approved"):
            if other != own and getattr(self, other) is not None:
                yield Invalid(f"Feedback of type {self.type.name} has no {_camel(other)}.", (other,))
        if self.corrected_scores is not None and not self.corrected_scores:
            yield Invalid("Give the right score of at least one criterion.", ("corrected_scores",))
        if self.rating is not None and not 1 <= self.rating <= 5:
            yield Invalid(f"A rating is 1 to 5, not {self.rating}.", ("rating",))
        yield from _optional_text("comment", self.comment, MAX_COMMENT, empty=self.type is not FeedbackType.COMMENT)
        for name in ("submitted_by", "external_id", "evaluation_external_id"):
            yield from _optional_text(name, getattr(self, name), MAX_NAME)
        yield from _moment("submitted_at", self.submitted_at)


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A request for an API key."""

    role: Role
    user_name: str | None = None
    expires_at: datetime | None = None

    def checked(self) -> Self:
        """The same request.

        Raises:
            RequestRejected: something is wrong with it.
        """
        problems = [*_optional_text("user_name", self.user_name, MAX_NAME), *_moment("expires_at", self.expires_at)]
        if not problems and self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            problems.append(Invalid("expiresAt is in the past.", ("expires_at",)))
        if problems:
            raise RequestRejected(*problems)
        return self


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What to learn from and how; None leaves the choice to the trainer."""

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
        """What is wrong with it for a job of this type."""
        yield from _moment("feedback_cutoff_date", self.feedback_cutoff_date)
        if not 1 <= self.minimum_feedback_count <= MAX_FEEDBACK_COUNT:
            yield _range("minimum_feedback_count", self.minimum_feedback_count, f"1 to {MAX_FEEDBACK_COUNT:,}")
        if self.validation_split is not None and not 0 < self.validation_split <= 0.5:
            yield _range("validation_split", self.validation_split, "above 0 and at most 0.5")
        if self.learning_rate is not None and not 0 < self.learning_rate <= 1:
            yield _range("learning_rate", self.learning_rate, "above 0 and at most 1")
        if self.max_epochs is not None and not 1 <= self.max_epochs <= MAX_EPOCHS:
            yield _range("max_epochs", self.max_epochs, f"1 to {MAX_EPOCHS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            yield _range("seed", self.seed, f"0 to {MAX_SEED:,}")
        yield from self._target_problems(training_type)

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
    """How a job runs and what follows it."""

    priority: Priority = Priority.NORMAL
    auto_deploy: bool = False
    backup_current_version: bool = True
    notification_email: str | None = None
    webhook_url: str | None = None
    auto_start: bool = True

    def problems(self) -> Iterator[DomainError]:
        """What is wrong with them."""
        if self.notification_email is not None and (
            len(self.notification_email) > MAX_NAME
            or not self.notification_email.isprintable()
            or not _EMAIL.fullmatch(self.notification_email)
        ):
            yield Invalid(
                f"{_shown(self.notification_email)} is no e-mail address such as ann@example.org.",
                ("notification_email",),
            )
        if self.webhook_url is not None and not _is_web_address(self.webhook_url):
            yield Invalid(
                f"{_shown(self.webhook_url)} is no web address; it starts with https:// or http://, names a host, "
                "and holds no user name or password.",
                ("webhook_url",),
            )


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """A training job as asked for."""

    judge_id: str
    training_type: TrainingType
    config: TrainingConfig = field(default_factory=TrainingConfig)
    options: ExecutionOptions = field(default_factory=ExecutionOptions)
    idempotency_key: str | None = None

    def checked(self) -> Self:
        """The same, if nothing is wrong with it by itself.

        Raises:
            RequestRejected: something is wrong; all that is wrong is named.
        """
        problems = [p.within("training_config") for p in self.config.problems(self.training_type)]
        problems += (p.within("execution_options") for p in self.options.problems())
        problems += _optional_text("idempotency_key", self.idempotency_key, MAX_NAME)
        if problems:
            raise RequestRejected(*problems)
        return self

    def as_json(self) -> dict[str, Any]:
        """The request as plain JSON values, the same for the same request."""
        config = asdict(self.config)
        cutoff = self.config.feedback_cutoff_date
        config["feedback_cutoff_date"] = cutoff.astimezone(UTC).isoformat() if cutoff else None
        config["decoding"] = self.config.decoding.value
        config["target_criteria"] = list(self.config.target_criteria) if self.config.target_criteria else None
        options = asdict(self.options)
        options["priority"] = self.options.priority.name
        return {
            "judge_id": self.judge_id,
            "training_type": self.training_type.value,
            "config": config,
            "options": options,
        }


def batch(name: str, size: int, most: int = MAX_BATCH) -> None:
    """Check how many items a call holds, ``most`` at most.

    Raises:
        RequestRejected: none, or more than one call may hold.
    """
    if size == 0:
        raise RequestRejected(Invalid(f"{name} is empty: send 1 to {most} items.", (name,)))
    if size > most:
        raise RequestRejected(
            LimitExceeded(f"{name} holds {size} items; a call takes at most {most}. Send several calls.", (name,))
        )


def needed_reason(value: str) -> None:
    """Check a reason that must be given.

    Raises:
        RequestRejected: there is none, or it is no text that can be kept.
    """
    problems = list(_text("reason", value, MAX_COMMENT))
    if problems:
        raise RequestRejected(*problems)


def reason(value: str | None) -> None:
    """Check a reason that is kept for the record.

    Raises:
        RequestRejected: it is no text that can be kept.
    """
    problems = list(_optional_text("reason", value, MAX_COMMENT, empty=True))
    if problems:
        raise RequestRejected(*problems)


def _text(name: str, value: str, limit: int, *, empty: bool = False) -> Iterator[DomainError]:
    if not (empty or value.strip()):
        yield Invalid(f"{_camel(name)} is empty.", (name,))
    elif len(value) > limit:
        yield LimitExceeded(f"{_camel(name)} has {len(value):,} characters; at most {limit:,} are taken.", (name,))
    elif "\x00" in value:
        yield Invalid(f"{_camel(name)} holds a NUL character, which no database text may.", (name,))
    elif not is_unicode(value):
        yield Invalid(f"{_camel(name)} holds half of a surrogate pair, which is no valid Unicode.", (name,))


def is_unicode(value: str) -> bool:
    """Whether a text is free of half surrogate pairs."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _optional_text(name: str, value: str | None, limit: int, *, empty: bool = False) -> Iterator[DomainError]:
    if value is not None:
        yield from _text(name, value, limit, empty=empty)


def _moment(name: str, value: datetime | None) -> Iterator[DomainError]:
    if value is None:
        return
    if value.tzinfo is None:
        yield Invalid(f"{_camel(name)} needs an offset from UTC, such as 2026-01-31T12:00:00Z.", (name,))
    else:
        try:
            value.astimezone(UTC)
        except OverflowError:
            yield Invalid(f"{_camel(name)} is no moment of the years 1 to 9999 in UTC.", (name,))


def _range(name: str, value: object, allowed: str) -> Invalid:
    return Invalid(f"{_camel(name)} must be {allowed}, not {value}.", (name,))


def _is_web_address(value: str) -> bool:
    if len(value) > 2000 or any(c.isspace() or not c.isprintable() for c in value):
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
        host = (parts.hostname or "").encode("idna")  # no empty or overlong part
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc and port != 0


def _shown(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:57] + "...")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
