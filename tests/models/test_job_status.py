"""The table of transitions allows the documented ones and no others."""

import itertools

import pytest

from models.job_status import ACTIVE, TERMINAL, TRANSITIONS, WAITING, JobStatus, source_statuses

# The documented transitions: a state, and every state that may follow it.
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
def test_only_the_documented_transitions_are_allowed(start: JobStatus, end: JobStatus) -> None:
    allowed = end.name in LEGAL[start.name].split()

    assert allowed == (end in TRANSITIONS[start])
    assert allowed == (start in source_statuses(end))


def test_every_state_is_either_waiting_or_active_or_terminal() -> None:
    assert sorted([*WAITING, *ACTIVE, *TERMINAL]) == sorted(JobStatus)


def test_completed_failed_and_cancelled_are_terminal() -> None:
    assert {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED} == TERMINAL


def test_a_job_can_be_cancelled_from_every_state_that_is_not_terminal() -> None:
    assert source_statuses(JobStatus.CANCELLED) == WAITING | ACTIVE
