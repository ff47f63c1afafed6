"""The table of transitions: every move that is allowed, and no other."""

import itertools

import pytest

from models.job_status import ACTIVE, TERMINAL, TRANSITIONS, WAITING, JobStatus, source_statuses

# Written out once more, as the promise is made to clients: from, then every state that may follow.
LEGAL = {
    "CREATED": "QUEUED CANCELLED",
    "QUEUED": "PREPARING CANCELLED",
    "PREPARING": "TRAINING VALIDATING QUEUED FAILED CANCELLED",
    "TRAINING": "VALIDATING QUEUED FAILED CANCELLED",
    "VALIDATING": "COMPLETED QUEUED FAILED CANCELLED",
    "COMPLETED": "",
    "FAILED": "",
    "CANCELLED": "",
}


@pytest.mark.parametrize(("start", "end"), list(itertools.product(JobStatus, JobStatus)))
def test_a_job_moves_only_as_promised(start: JobStatus, end: JobStatus) -> None:
    allowed = end.name in LEGAL[start.name].split()

    assert allowed == (end in TRANSITIONS[start])
    assert allowed == (start in source_statuses(end))


def test_every_state_is_either_waiting_or_active_or_terminal() -> None:
    assert sorted([*WAITING, *ACTIVE, *TERMINAL]) == sorted(JobStatus)


def test_what_is_over_stays_over() -> None:
    assert {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED} == TERMINAL


def test_from_everywhere_that_is_not_the_end_a_job_can_be_cancelled() -> None:
    assert source_statuses(JobStatus.CANCELLED) == WAITING | ACTIVE
