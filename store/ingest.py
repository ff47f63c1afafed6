"""What evaluations and feedback have in common on their way in: an external id names one content, for good."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import Connection, insert, select

from models.errors import Conflict
from models.evaluation import Evaluation, Scores
from models.feedback import Feedback
from store.rows import every


class Item(Protocol):
    """Something to be kept."""

    @property
    def external_id(self) -> str | None:
        """The caller's own name for it."""

    def digest(self) -> str:
        """A hash of the content: the same for a repeat, another for a conflict."""

    def earlier_digests(self) -> Iterator[str]:
        """What it was when the judge had fewer criteria."""


def digest_of(*content: Any) -> str:
    """SHA-256 of plain values. A moment counts, not the offset it was written with."""
    plain = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in content]
    return hashlib.sha256(orjson.dumps(plain)).hexdigest()


def shorter(scores: Scores | None) -> Iterator[Scores]:
    """The same scores as lists for fewer criteria: what they were before the last ones were added."""
    length = len(scores or ())
    while scores is not None and length > 1 and scores[length - 1] is None:
        length -= 1
        yield scores[:length]


R = TypeVar("R", Evaluation, Feedback)
I = TypeVar("I", bound=Item)  # noqa: E741


def ingest(
    connection: Connection,
    record: type[R],
    judge_pk: int,
    items: Sequence[I],
    row_of: Callable[[I, int], dict[str, Any]],
) -> tuple[list[R | Conflict], int]:
    """Keep items; in order, the row kept for each, and how many are new.

    An external id that is there with the same content gives the row that is there; with other content, a Conflict.
    The caller holds the judge's row, so calls with the same external ids come one after another. ``row_of`` makes the
    row of an item that is new, given how many are new before it.
    """
    wanted = [item.external_id for item in items if item.external_id is not None]
    there = _by_external_id(connection, record, judge_pk, wanted)
    digests = {external_id: row.digest for external_id, row in there.items()}
    rows: list[dict[str, Any]] = []
    outcome: list[str | Conflict] = []  # the id of the row that stands for the item
    ids = {external_id: row.id for external_id, row in there.items()}
    for item in items:
        digest, name = item.digest(), item.external_id
        if name is None or name not in digests:
            row = row_of(item, len(rows)) | {"digest": digest}
            rows.append(row)
            outcome.append(row["id"])
            if name is not None:
                digests[name], ids[name] = digest, row["id"]
        elif digests[name] == digest or digests[name] in item.earlier_digests():
            outcome.append(ids[name])
        else:
            message = f"The external id {name!r} is taken: it was used before, with other content."
            outcome.append(Conflict(message, ("external_id",)))
    if rows:
        connection.execute(insert(record), rows)
    kept = [found for found in outcome if isinstance(found, str)]
    by_id = {row.id: row for row in every(connection, select(record).where(record.id.in_(kept)), record)}
    return [by_id[found] if isinstance(found, str) else found for found in outcome], len(rows)


def _by_external_id(connection: Connection, record: type[R], judge_pk: int, names: Sequence[str]) -> dict[str, R]:
    if not names:
        return {}
    statement = select(record).where(record.judge_pk == judge_pk, record.external_id.in_(names))
    return {row.external_id or "": row for row in every(connection, statement, record)}
