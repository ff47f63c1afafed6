"""What all tests of the trainer share."""

from __future__ import annotations

import pytest

from tests.trainer.synthetic_tasks import make_task, version_of
from trainer.model.version import Version


@pytest.fixture(scope="session")
def base() -> Version:
    """A version trained on the first 200 made-up labels."""
    return version_of(make_task(200))
