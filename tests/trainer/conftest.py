"""Fixtures shared by the trainer's tests."""

from __future__ import annotations

import pytest

from tests.trainer.synthetic_tasks import make_task, version_of
from trainer.model.version import Version


@pytest.fixture(scope="session")
def base() -> Version:
    """Return a version trained on a synthetic task of 200 labels."""
    return version_of(make_task(200))
