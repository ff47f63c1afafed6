"""Helpers for tests of specs: values that every spec rejects, and problems as plain tuples."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from models.errors import DomainError, RequestRejected
from models.specs.judges import JudgeSpec
from models.specs.training_jobs import TrainingSpec

Found = list[tuple[str, str]]  # code and field of each problem

NUL = "a\x00b"
HALF_A_PAIR = "a\ud800b"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NO_OFFSET = datetime(2026, 1, 31, 12)  # noqa: DTZ001
BEFORE_YEAR_1 = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
AFTER_YEAR_9999 = datetime(9999, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1)))
NO_MOMENTS = [NO_OFFSET, BEFORE_YEAR_1, AFTER_YEAR_9999]
MOMENTS = [NOON, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]


def found(problems: Iterable[DomainError]) -> Found:
    return [(problem.code.value, ".".join(problem.field)) for problem in problems]


def rejections(spec: JudgeSpec | TrainingSpec) -> Found:
    with pytest.raises(RequestRejected) as rejected:
        spec.validated()
    return found(rejected.value.errors)
