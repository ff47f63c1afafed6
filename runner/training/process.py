"""The training process: one an attempt. It reads the job's snapshot, trains, and reports in lines of JSON.

It knows nothing of queues or leases. Started ahead of need, it waits for its orders on stdin; it dies with its
parent; what libraries print can't corrupt its reports. Nobody but its supervisor writes to the database.
"""

import asyncio
import base64
import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import version as package_version
from typing import Any

import msgspec
import orjson
from sqlalchemy import Connection

from models.job import TrainingJob
from models.judge import Criterion, JudgeVersion
from runner.dataset.bounds import feedback_bounds_for_job
from runner.dataset.dataset import Dataset, load_dataset, to_scales
from runner.processes.error_lines import INTERNAL_ERROR, install_error_hooks, log_fatal
from runner.processes.parent_death import die_with_parent, exit_at_end_of_input
from runner.training.request import TrainingRequest
from store import jobs, judges
from store.database.errors import is_transient
from store.database.open import open_store
from store.summary.excluded import count_excluded
from trainer.errors import Diverged
from trainer.model.version import Version
from trainer.task import Progress, Task, TrainingConfig
from trainer.train import train

# What training imports when it begins; a process that waits for its order has the time.
_PRELOADED_MODULES = ("scipy.optimize", "scipy.special")

Send = Callable[..., None]


class DamagedBaseVersion(Exception):
    """The content of the version that a job goes on from can't be read."""


def main() -> None:
    """Wait for an order on stdin, carry it out, and report on what was stdout."""
    install_error_hooks("training process")
    die_with_parent(int(sys.argv[1]))
    with contextlib.suppress(OSError):
        os.nice(5)  # requests go before training
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def send(**report: Any) -> None:
        # figures of a proof may be numpy's
        reports.write(orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")

    for needed in _PRELOADED_MODULES:
        import_module(needed)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    exit_at_end_of_input()
    try:
        _run_training(msgspec.json.decode(line, type=TrainingRequest), send)
    except Diverged as error:
        send(failed={"code": "DIVERGED", "message": str(error)})
    except MemoryError:
        send(failed={"code": "OUT_OF_MEMORY", "message": "There was too little memory for this much feedback."})
    except DamagedBaseVersion as error:
        send(failed={"code": "BASE_VERSION_DAMAGED", "message": str(error)})
    except Exception as error:
        log_fatal("training process", error)
        if is_transient(error):
            os._exit(1)  # the job is tried again
        send(failed=INTERNAL_ERROR)  # and would end like this each time
    os._exit(0)  # at once: threads that read or idle are not waited for


def _run_training(order: TrainingRequest, send: Send) -> None:
    job, criteria, data, around, base, checkpoint = asyncio.run(_load(order))
    config = TrainingConfig(
        training_type=job.training_type.value,
        seed=job.config["seed"],
        learning_rate=job.config["learning_rate"],
        max_epochs=job.config["max_epochs"],
        early_stopping=job.config["early_stopping"],
        validation_split=job.config["validation_split"],
        targets=_targets(job, criteria),
        decoding=job.config.get("decoding", "error"),
    )
    task = Task(to_scales(criteria), data.items, data.labels, data.doubts, len(data.raters), config, base)
    counts = {"labels": len(data.labels), "items": len(data.items), "doubts": len(data.doubts.item)}
    send(loaded=counts | {"left_out": around | data.left_out})
    if not len(data.labels):
        send(failed={"code": "NO_LABELS", "message": "None of the feedback is about a score that the judge gave."})
        return

    def report(progress: Progress) -> None:
        send(progress=asdict(progress))

    def save(content: bytes) -> None:
        send(checkpoint=base64.b64encode(content).decode())

    outcome = train(task, report, checkpoint, save)
    send(
        outcome={
            "version": base64.b64encode(outcome.version).decode() if outcome.version is not None else None,
            "evidence": _with_criterion_ids(outcome.evidence.to_dict(), criteria),
            "chosen": outcome.chosen,
            "warnings": [asdict(warning) for warning in outcome.warnings],
            "lineage": counts
            | {
                "feedback_digest": data.digest,
                "feedback_after": job.feedback_after,
                "seed": config.seed,
                "code": package_version("judgesmith"),
            },
        }
    )


async def _load(
    order: TrainingRequest,
) -> tuple[TrainingJob, tuple[Criterion, ...], Dataset, dict[str, int], Version | None, bytes | None]:
    def unit(connection: Connection) -> Any:
        job = jobs.get_job_or_raise(connection, order.workspace_id, order.job_id)
        criteria = judges.list_criteria(connection, job.judge_pk)
        base: JudgeVersion | None = None
        content: bytes | None = None
        if job.base_version_id is not None:
            base = judges.find_version(connection, order.workspace_id, job.base_version_id)
            content = judges.read_version_content(connection, job.base_version_id)
        watermark = base.watermark if base is not None else 0
        bounds = feedback_bounds_for_job(job)
        data = load_dataset(connection, job.judge_pk, len(criteria), bounds, watermark)
        around = count_excluded(connection, job.judge_pk, bounds, (job.created_at, job.started_at))
        return job, criteria, data, around, content, jobs.read_checkpoint(connection, job.id)

    store = open_store(order.url)
    job, criteria, data, around, content, checkpoint = await store.read(unit)
    await store.close()
    return job, criteria, data, around, _base(content, job) if content is not None else None, checkpoint


def _base(content: bytes, job: TrainingJob) -> Version:
    try:
        return Version.loads(content)
    except ValueError as error:
        raise DamagedBaseVersion(
            f"What the database holds of the version {job.base_version_id}, which this job goes on from, is damaged. "
            "Restore it from a backup, or train with FULL_RETRAIN, deploy the result and go on from there."
        ) from error


def _with_criterion_ids(evidence: dict[str, Any], criteria: tuple[Criterion, ...]) -> dict[str, Any]:
    """The proof with criteria named by their ids, as the database knows them; the trainer knows their keys."""
    ids = {criterion.key: criterion.id for criterion in criteria}
    return evidence | {"criteria": [row | {"criterion": ids[row["criterion"]]} for row in evidence["criteria"]]}


def _targets(job: TrainingJob, criteria: tuple[Criterion, ...]) -> tuple[int, ...] | None:
    wanted = job.config["target_criteria"]
    return tuple(c.ordinal for c in criteria if c.id in wanted) if wanted else None


if __name__ == "__main__":
    main()
