"""Bulk loads are cut so that others who write need not wait long."""

import pytest

from server.bulk_loading import FEWEST_LINES, FEWEST_LINES_ELSEWHERE, MOST_LINES, UNIT_SECONDS, Pace


@pytest.mark.parametrize(("a_unit", "a_line"), [(0.002, 0.00005), (0.01, 0.0003), (0.0, 1e-9), (0.2, 0.01)])
def test_units_come_to_take_the_time_they_may(a_unit: float, a_line: float) -> None:
    pace = Pace(embedded=True)
    for _ in range(30):
        pace.learn(pace.lines, a_unit + a_line * pace.lines)
    fitting = (UNIT_SECONDS - a_unit) / a_line
    assert pace.lines == pytest.approx(min(max(fitting, FEWEST_LINES), MOST_LINES), rel=0.02)


def test_a_unit_that_was_small_because_the_sender_paused_changes_nothing() -> None:
    pace = Pace(embedded=True)
    before = pace.lines
    pace.learn(1, 0.02)
    assert pace.lines == before


def test_where_only_writers_of_the_same_judge_wait_units_stay_large() -> None:
    pace = Pace(embedded=False)
    for _ in range(30):
        pace.learn(pace.lines, 1.0)
    assert pace.lines == FEWEST_LINES_ELSEWHERE
