"""Tests of the demo's data, without a network."""

import pytest

from cli.demo import data as demo_data
from cli.demo import ratings
from cli.demo.package_index import FetchError
from cli.demo.ratings import RatedSummary

from .ratings_package import build_sdist


def test_real_ratings_become_corrections_with_whole_articles_held_out() -> None:
    data = demo_data.build_from_ratings(ratings.read_sdist(build_sdist()))
    assert data.is_real
    assert len(data.evaluations) + len(data.held_out) == 20
    loaded = {line["group"] for line in data.evaluations}
    assert loaded.isdisjoint(item.evaluation["group"] for item in data.held_out)
    assert len(data.feedback) == 2 * len(data.evaluations)
    assert data.held_out[0].human_scores == {"quality": 3.5}
    assert all(0 <= line["scores"]["quality"] <= 4 for line in data.evaluations)


def test_without_the_ratings_the_data_is_simulated_and_labelled_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[RatedSummary]:
        raise FetchError("No network.")

    monkeypatch.setattr(demo_data, "load_ratings", fail)
    data = demo_data.load_demo_data()
    assert not data.is_real
    assert "SIMULATED" in data.introduction[1]
    assert "Simulated" in data.judge["description"]
    assert data.held_out
