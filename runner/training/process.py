"""Training process: trains one attempt of one job and reports to its supervisor in lines of JSON.

The process is started ahead of need and waits for its request on stdin. It only reads the database; queue, claims and
leases are its supervisor's. It ends when its parent ends. Its reports go to a private copy of stdout, so that output of
libraries cannot corrupt them.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version as package_version
from typing import TypeVar

import msgspec
import orjson
from msgspec import structs
from sqlalchemy import Connection

from models.job import TrainingJob
from models.job_codes import ExclusionReason, FailureCode, WarningCode
from models.judge import Criterion, JudgeVersion
from models.proof_text import describe_selection
from models.stored.evidence import SelectionVerdict, TrainingEvidence
from models.stored.training_job import ChosenSettings, JobConfig, Lineage
from runner.dataset.bounds import feedback_bounds_for_job
from runner.dataset.dataset import Dataset, load_dataset, to_scales
from runner.processes.error_lines import install_error_hooks, log_fatal
from runner.processes.parent_death import die_with_parent, exit_at_end_of_input
from runner.training.messages import (
    INTERNAL_ERROR,
    FailureReport,
    LoadedReport,
    OutcomeReport,
    ProgressReport,
    Report,
    WarningReport,
)
from runner.training.request import TrainingRequest
from store import jobs, judges
from store.database.errors import is_transient
from store.database.open import open_store
from store.database.snapshot import snapshot
from store.summary.excluded import count_excluded
from trainer.errors import Diverged
from trainer.model.version import Version
from trainer.task import Progress, ResultWarning, Task, TrainingConfig
from trainer.train import train

_PRELOADED_MODULES = ("scipy.optimize", "scipy.special")
"""Modules that training imports when it starts; a process imports them while it waits for its request."""

Send = Callable[[Report], None]
S = TypeVar("S")


class DamagedBaseVersion(Exception):
    """The content of the job's base version cannot be read."""


def main() -> None:
    """Wait for a request on stdin, train, and report on the original stdout."""
    install_error_hooks("training process")
    die_with_parent(int(sys.argv[1]))
    with contextlib.suppress(OSError):
        os.nice(5)  # requests of the server take precedence
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def send(report: Report) -> None:
        reports.write(msgspec.json.encode(report) + b"\n")

    for needed in _PRELOADED_MODULES:
        import_module(needed)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    exit_at_end_of_input()
    try:
        _run_training(msgspec.json.decode(line, type=TrainingRequest), send)
    except Diverged as error:
        send(Report(failed=FailureReport(FailureCode.DIVERGED, str(error))))
    except MemoryError:
        message = "There was too little memory for this much feedback."
        send(Report(failed=FailureReport(FailureCode.OUT_OF_MEMORY, message)))
    except DamagedBaseVersion as error:
        send(Report(failed=FailureReport(FailureCode.BASE_VERSION_DAMAGED, str(error))))
    except Exception as error:
        log_fatal("training process", error)
        if is_transient(error):
            os._exit(1)  # the supervisor releases the job for another attempt
        send(Report(failed=INTERNAL_ERROR))  # another attempt would fail in the same way
    os._exit(0)  # does not wait for threads that read or idle


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Everything the database holds for an attempt, read in one transaction."""

    job: TrainingJob
    criteria: tuple[Criterion, ...]
    data: Dataset
    unqualified: dict[ExclusionReason, int]
    """Feedback outside the job's bounds, counted by the reason."""
    base_content: bytes | None
    checkpoint: bytes | None


def _run_training(request: TrainingRequest, send: Send) -> None:
    # Kept in one piece: one sequence of steps from the request to the last report.
    inputs = asyncio.run(_load_snapshot(request))
    job, data, criteria = inputs.job, inputs.data, inputs.criteria
    base = _load_base(inputs.base_content, job) if inputs.base_content is not None else None
    config = _build_config(job, criteria)
    task = Task(
        scales=to_scales(criteria),
        items=data.items,
        labels=data.labels,
        doubts=data.doubts,
        rater_count=len(data.raters),
        config=config,
        base=base,
        evaluation_count=data.evaluation_count,
    )
    excluded = {reason.value: count for reason, count in (inputs.unqualified | data.excluded).items()}
    loaded = LoadedReport(len(data.labels), len(data.items), len(data.doubts.item), excluded)
    send(Report(loaded=loaded))
    if not len(data.labels):
        message = "None of the feedback is about a score that the judge gave."
        send(Report(failed=FailureReport(FailureCode.NO_LABELS, message)))
        return

    def report(progress: Progress) -> None:
        send(Report(progress=_to_plain(progress, ProgressReport)))

    def save(content: bytes) -> None:
        send(Report(checkpoint=content))

    outcome = train(task, report, inputs.checkpoint, save)
    evidence = _with_criterion_ids(_to_plain(outcome.evidence, TrainingEvidence), criteria)
    send(
        Report(
            outcome=OutcomeReport(
                version=outcome.version,
                evidence=evidence,
                chosen=_to_plain(outcome.chosen, ChosenSettings),
                warnings=(*_to_reports(outcome.warnings), *_warn_of_selection(evidence)),
                lineage=Lineage(
                    labels=loaded.labels,
                    items=loaded.items,
                    doubts=loaded.doubts,
                    feedback_digest=data.digest,
                    feedback_after=job.feedback_after,
                    seed=config.seed,
                    code=package_version("judgesmith"),
                ),
            )
        )
    )


def _to_reports(warnings: list[ResultWarning]) -> Iterator[WarningReport]:
    yield from (WarningReport(warning.code, warning.message) for warning in warnings)


def _warn_of_selection(evidence: TrainingEvidence) -> Iterator[WarningReport]:
    """Yield a warning if people reported mostly the judge's errors, or if this cannot be excluded."""
    codes = {
        SelectionVerdict.BIASED: WarningCode.SELECTION_BIAS,
        SelectionVerdict.UNCERTAIN: WarningCode.SELECTION_UNCERTAIN,
    }
    if evidence.selection is not None and (code := codes.get(evidence.selection.verdict)) is not None:
        text = describe_selection(evidence.selection)
        yield WarningReport(code, text[:1].upper() + text[1:])


async def _load_snapshot(request: TrainingRequest) -> _Snapshot:
    def unit(connection: Connection) -> _Snapshot:
        job = jobs.get_job_or_raise(connection, request.workspace_id, request.job_id)
        criteria = judges.list_criteria(connection, job.judge_pk)
        base: JudgeVersion | None = None
        content: bytes | None = None
        if job.base_version_id is not None:
            base = judges.find_version(connection, request.workspace_id, job.base_version_id)
            content = judges.read_version_content(connection, job.base_version_id)
        watermark = base.watermark if base is not None else 0
        bounds = feedback_bounds_for_job(job)
        data = load_dataset(connection, job.judge_pk, len(criteria), bounds, watermark)
        unqualified = count_excluded(connection, job.judge_pk, bounds, (job.created_at, job.started_at))
        return _Snapshot(job, criteria, data, unqualified, content, jobs.read_checkpoint(connection, job.id))

    store = open_store(request.url)
    loaded = await store.read(snapshot(unit))
    await store.close()
    return loaded


def _load_base(content: bytes, job: TrainingJob) -> Version:
    try:
        return Version.loads(content)
    except ValueError as error:
        raise DamagedBaseVersion(
            f"The content of the base version {job.base_version_id} in the database is damaged. Restore it from a "
            "backup, or train with FULL_RETRAIN and deploy the result."
        ) from error


def _build_config(job: TrainingJob, criteria: tuple[Criterion, ...]) -> TrainingConfig:
    requested = job.config.value
    return TrainingConfig(
        training_type=job.training_type.value,
        seed=requested.seed,
        learning_rate=requested.learning_rate,
        max_epochs=requested.max_epochs,
        early_stopping=requested.early_stopping,
        validation_split=requested.validation_split,
        targets=_find_targets(requested, criteria),
        decoding=requested.decoding,
    )


def _find_targets(requested: JobConfig, criteria: tuple[Criterion, ...]) -> tuple[int, ...] | None:
    targets = requested.target_criteria
    return tuple(c.ordinal for c in criteria if c.id in targets) if targets else None


def _to_plain(value: object, kind: type[S]) -> S:
    """Return a dataclass of the trainer as a message, with plain numbers instead of numpy's."""
    return msgspec.json.decode(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), type=kind)


def _with_criterion_ids(evidence: TrainingEvidence, criteria: tuple[Criterion, ...]) -> TrainingEvidence:
    """Return the evidence with criteria named by the database's ids in place of the trainer's keys."""
    ids = {criterion.key: criterion.id for criterion in criteria}
    named = tuple(structs.replace(row, criterion=ids[row.criterion]) for row in evidence.criteria)
    return structs.replace(evidence, criteria=named)


if __name__ == "__main__":
    main()
