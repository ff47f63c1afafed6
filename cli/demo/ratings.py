"""Real ratings for the demo: people's scores of news summaries, published with the package `blanc` (MIT licence)."""

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
LOW, HIGH = 0, 4
_MEMBER = "data/CNN_DailyMail_555.json"
_PATIENCE = 20.0  # seconds in all; name resolution, for one, knows no timeout


class RatedSummary(NamedTuple):
    """A summary of a news article, and what each person gave it."""

    text: str
    summary: str
    scores: dict[str, float]


class _Record(msgspec.Struct):
    annotators_ids: list[int | str]
    scores: list[float]
    summary: str
    text: str


def real_ratings() -> list[RatedSummary]:
    """The ratings, from the cache or from the package index; `FetchError` if they can't be had in time."""
    cached = _cache_folder() / RELEASE.filename
    if cached.is_file():
        try:
            return read(cached.read_bytes())
        except (FetchError, OSError):
            cached.unlink(missing_ok=True)
    content = _within(_PATIENCE, lambda: fetch(RELEASE))
    ratings = read(content)
    _keep(cached, content)
    return ratings


def read(sdist: bytes) -> list[RatedSummary]:
    """The ratings in a source distribution; nothing of it is unpacked or run."""
    try:
        with tarfile.open(fileobj=BytesIO(sdist), mode="r:gz") as archive:
            name = next(name for name in archive.getnames() if name.endswith(f"/{_MEMBER}"))
            member = archive.extractfile(name)
            if member is None:
                raise FetchError(f"{name} in the package is not a file.")
            records = msgspec.json.decode(member.read(), type=list[_Record])
        return [_rated(record) for record in records]
    except (tarfile.TarError, EOFError, OSError, StopIteration, ValueError) as error:
        raise FetchError(f"The package does not hold the ratings as expected: {error}") from error


def _rated(record: _Record) -> RatedSummary:
    scores = zip(record.annotators_ids, record.scores, strict=True)
    return RatedSummary(record.text, record.summary, {f"annotator {rater}": score for rater, score in scores})


def _cache_folder() -> Path:
    if folder := os.environ.get("JUDGESMITH_CACHE_DIR"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "judgesmith"


def _keep(path: Path, content: bytes) -> None:
    """Keep a file for the next time; a cache that can't be written is no reason to fail."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        return


def _within(seconds: float, work: Callable[[], bytes]) -> bytes:
    """Do something that may hang, but wait for it only so long."""
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
