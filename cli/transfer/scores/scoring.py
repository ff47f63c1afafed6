"""Scores of a judge's evaluations by one of its versions."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import httpx
import orjson

from cli.client import operations
from cli.client.client import Client
from cli.client.inputs import EvaluateInput, EvaluationInput
from cli.client.responses import Judge
from cli.errors import ApiError

_BATCH_ITEMS = 100
_BATCH_BYTES = 2**20
_MAX_MEMORY_BYTES = 2**24


@dataclass(frozen=True)
class ScoredItem:
    """An item with the judge's own scores and those of a version, by the names of the criteria.

    Attributes:
        item_id: the item's external id, or ours if it has none.
        group: its group, if any.
        source: the writer of its output, if known.
        own: the judge's own scores.
        adjusted: the version's scores.
    """

    item_id: str
    group: str | None
    source: str | None
    own: dict[str, float]
    adjusted: dict[str, float]


@dataclass
class ScoreSource:
    """The evaluations of a judge as a version scores them.

    Attributes:
        client: the connection.
        judge: the judge.
        version_id: the version. Default: the active one.
        on_progress: called with the number of items scored so far.
        version: the version's id and number, once the first items are scored.
        scored: the number of items with scores so far.
        unscored: the number of items that the server rejected.
    """

    client: Client
    judge: Judge
    version_id: str | None
    on_progress: Callable[[int], None]
    # Any: lines and versions are passed on as JSON.
    version: dict[str, Any] = field(default_factory=dict)
    scored: int = 0
    unscored: int = 0

    def __iter__(self) -> Iterator[ScoredItem]:
        """Yield all evaluations in the order in which they were recorded.

        Raises:
            ApiError: the server rejected a request, the connection broke, or the judge has no active version.
        """
        with tempfile.SpooledTemporaryFile(_MAX_MEMORY_BYTES) as copy:
            self._download(cast("BinaryIO", copy))
            copy.seek(0)
            for batch in _split(copy):
                yield from self._score(batch)
                self.on_progress(self.scored)

    def _download(self, file: BinaryIO) -> None:
        """Write the evaluations to a file, so that the export does not stay open while they are scored."""
        try:
            with self.client.stream("GET", f"/judges/{self.judge['id']}/evaluations", {}) as response:
                if response.status_code != httpx.codes.OK:
                    raise self.client.read_error(response)
                file.writelines(response.iter_bytes())
        except httpx.TransportError as error:
            raise ApiError(f"The connection to {self.client.url} broke off. Try again.") from error

    # Any: lines and versions are passed on as JSON.
    def _score(self, lines: list[dict[str, Any]]) -> Iterator[ScoredItem]:
        ids = {name: one["id"] for one in self.judge["criteria"] for name in (one["key"], one["id"])}
        names = {one["id"]: one["name"] for one in self.judge["criteria"]}
        items: list[EvaluationInput] = [
            {
                "group": line.get("group"),
                "input": line.get("input"),
                "output": line["output"],
                "rationale": line.get("rationale"),
                "scores": [{"criterionId": ids[name], "score": score} for name, score in line["scores"].items()],
            }
            for line in lines
        ]
        request: EvaluateInput = {"judgeId": self.judge["id"], "versionId": self.version_id, "items": items}
        answer = operations.score_items(self.client, request)
        if answer["version"] is None:
            raise ApiError(f"Judge {self.judge['id']} has no active version: name one with --version.")
        self.version = dict(answer["version"])
        for line, result in zip(lines, answer["results"], strict=True):
            if result is None:
                self.unscored += 1
                continue
            self.scored += 1
            yield ScoredItem(
                line["external_id"],
                line.get("group"),
                line.get("source"),
                {names[ids[name]]: score for name, score in line["scores"].items()},
                {score["criterion"]["name"]: score["score"] for score in result["scores"]},
            )


# Any: lines and versions are passed on as JSON.
def _split(lines: Iterable[bytes]) -> Iterator[list[dict[str, Any]]]:
    """Yield lists of lines that fit into one request each."""
    # Any: lines and versions are passed on as JSON.
    batch: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        if batch and (len(batch) >= _BATCH_ITEMS or size + len(line) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(orjson.loads(line))
        size += len(line)
    if batch:
        yield batch
