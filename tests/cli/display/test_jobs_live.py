"""Tests of the live table of jobs."""

from typing import Any

from rich.console import Console

from cli.display.jobs_live import JobsView

Data = dict[str, Any]


def job(number: int, status: str, **more: Any) -> Data:
    return {
        "id": f"job_{number}",
        "judge": {"name": "Essays"},
        "trainingType": "FULL_RETRAIN",
        "status": status,
        "progress": {"fraction": 0.5},
        "evidence": None,
    } | more


def draw(view: JobsView) -> str:
    console = Console(width=80, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


def test_a_row_shows_the_loss_and_then_the_result() -> None:
    view = JobsView([job(1, "TRAINING")], 5)
    for loss in (0.9, 0.5, 0.4):
        event = {"__typename": "EpochCompleted", "loss": loss}
        assert not view.apply({"event": event, "trainingJob": job(1, "TRAINING")})
    assert "█" in draw(view)
    assert "0.400" in draw(view)
    assert view.apply({"event": {"__typename": "StatusChanged"}, "trainingJob": job(1, "COMPLETED")})
    view.replace_row(job(1, "COMPLETED", evidence={"maeChange": {"estimate": -0.1, "lower": -0.12, "upper": -0.08}}))
    assert "-10.0 [-12.0, -8.0]" in draw(view)
    assert "\x1b" not in draw(view)


def test_a_new_job_replaces_the_oldest_row() -> None:
    view = JobsView([job(2, "QUEUED"), job(1, "QUEUED")], 2)
    assert view.apply({"event": {"__typename": "StatusChanged"}, "trainingJob": job(3, "CREATED")})
    text = draw(view)
    assert text.index("job_3") < text.index("job_2")
    assert "job_1" not in text


def test_a_long_name_is_cut_so_that_eighty_columns_suffice() -> None:
    one = job(1, "COMPLETED", evidence={"maeChange": {"estimate": -0.119, "lower": -0.12, "upper": -0.118}})
    text = draw(JobsView([one | {"id": "job_01m89jdk8a6thnvs62e0kf767t", "judge": {"name": "Essays " * 20}}], 5))
    assert "job_01m89jdk8a6thnvs62e0kf767t" in text
    assert "completed" in text
    assert "-11.9 [-12.0, -11.8]" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
