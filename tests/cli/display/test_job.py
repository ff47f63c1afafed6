"""Tests of the live view of a job."""

import pytest

from cli.display.job import JobView, sparkline

from .results import draw, job, update, updates


def test_the_live_view_shows_states_progress_loss_and_events() -> None:
    view = JobView(job(status="CREATED"))
    for each in updates()[:50]:
        view.apply(each)
    text = draw(view)
    assert "full retrain of Stories" in text
    assert "created → queued → preparing → training → validating → completed" in text
    assert "epoch 45/10" in text
    assert "█" in text
    assert "Now TRAINING." in text


def test_a_failed_job_shows_no_states_ahead() -> None:
    view = JobView(job(status="CREATED"))
    view.apply(update("StatusChanged", "FAILED", 0.1, "Failed.", to="FAILED"))
    assert "validating" not in draw(view)


@pytest.mark.parametrize(
    ("values", "drawn"), [([1.0], "▁"), ([0.0, 1.0], "▁█"), ([1.0, 1.0], "▁▁"), ([3.0, 2.0, 1.0], "█▅▁")]
)
def test_a_sparkline_runs_from_the_lowest_to_the_highest(values: list[float], drawn: str) -> None:
    assert sparkline(values) == drawn


def test_a_long_sparkline_is_thinned_and_keeps_both_ends() -> None:
    drawn = sparkline([float(n) for n in range(1000)])
    assert (len(drawn), drawn[0], drawn[-1]) == (20, "▁", "█")
