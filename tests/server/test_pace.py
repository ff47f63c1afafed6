"""Bulk loads are cut so that others who write need not wait long."""

import pytest

from server.bulk_loading import UNIT_LINES, UNIT_SECONDS, Pace


@pytest.mark.parametrize(("a_unit", "a_line"), [(0.002, 0.00005), (0.01, 0.0003), (0.0, 1e-9), (0.2, 0.01)])
def test_units_come_to_take_the_time_they_may(a_unit: float, a_line: float) -> None:
    pace = Pace()
    for _ in range(30):
        pace.learn(pace.lines, a_unit + a_line * pace.lines)
    fitting = (UNIT_SECONDS - a_unit) / a_line
    assert pace.lines == pytest.approx(min(max(fitting, UNIT_LINES[0]), UNIT_LINES[-1]), rel=0.02)


def test_a_unit_that_was_small_because_the_sender_paused_changes_nothing() -> None:
    pace = Pace()
    before = pace.lines
    pace.learn(1, 0.02)
    assert pace.lines == before
