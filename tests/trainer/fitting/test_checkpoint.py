"""Checkpoints."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.trainer.synthetic_tasks import make_task, run


@pytest.mark.parametrize(
    "config",
    [{}, {"max_epochs": 6}, {"early_stopping": True, "max_epochs": 8}, {"validation_split": 0.3, "max_epochs": 6}],
)
def test_resuming_from_any_checkpoint_gives_the_same_bytes(
    config: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.fitting.fit.SAVE_INTERVAL_SECONDS", 0.0)
    task = make_task(100, **config)
    saved: list[bytes] = []
    whole, _ = run(task, save=saved.append)
    assert len(saved) >= 6
    assert max(map(len, saved)) < 1_000_000
    for checkpoint in saved[:: max(1, len(saved) // 6)] + saved[-1:]:
        resumed, _ = run(task, checkpoint=checkpoint)
        assert resumed.version == whole.version
        assert asdict(resumed.evidence) == asdict(whole.evidence)


def test_a_damaged_checkpoint_is_ignored() -> None:
    """An error would make the job fail each time it is resumed."""
    task = make_task()
    assert run(task, checkpoint=b"damaged")[0].version == run(task)[0].version


def test_a_checkpoint_of_another_task_is_ignored() -> None:
    saved: list[bytes] = []
    run(make_task(100), save=saved.append)
    other = make_task(100, seed=1)
    assert run(other, checkpoint=saved[-1])[0].version == run(other)[0].version
