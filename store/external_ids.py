"""What evaluations and feedback have in common on their way in: an external id names one content, for good."""

import hashlib
from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar, cast

import orjson
from sqlalchemy import Connection, select

from models.errors import Conflict
from models.evaluation import Evaluation
from models.feedback import Feedback
from store.database.bulk_insert import insert_many
from store.database.rows import by_external_ids, fetch_all, in_values, without_index


class Identified(Protocol):
    """Something to be kept."""

    # The prefix of our own ids for it.
    prefix: ClassVar[str]

    @property
    def external_id(self) -> str | None:
        """The caller's own name for it."""

    @property
    def digest(self) -> str:
        """A hash of the content as it was given."""

    def repeats(self, row: Any) -> bool:
        """Whether it says what a row says that was given in other words, such as one read back from an export."""


def digest_content(*content: Any) -> str:
    """SHA-256 of plain values. A moment counts, not the offset it was written with."""
    plain = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in content]
    return hashlib.sha256(orjson.dumps(plain)).hexdigest()


R = TypeVar("R", Evaluation, Feedback)
I = TypeVar("I", bound=Identified)  # noqa: E741


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
    there = find_existing(connection, record, judge_pk, items)
    rows: list[dict[str, Any]] = []
    outcome: list[R | Conflict] = []
    for item in items:
        name = item.external_id
        row = there.get(name) if name is not None else None
        if row is None:
            values = row_of(item, len(rows))
            values["digest"] = item.digest
            rows.append(values)
            row = _as_record(record, values)
            if name is not None:
                there[name] = row
            outcome.append(row)
        else:
            outcome.append(row if _has_same_content(item, row) else external_id_conflict(name))
    insert_many(connection, record, rows)
    return outcome, len(rows)


def preview_ingest(
    connection: Connection, record: type[R], judge_pk: int, items: Sequence[I]
) -> tuple[list[Conflict | None], int]:
    """What ``ingest`` would say, without keeping anything: the conflicts, and how many items would be new."""
    there = find_existing(connection, record, judge_pk, items)
    outcome: list[Conflict | None] = []
    given: dict[str, str] = {}  # the digests of those that would be new
    new = 0
    for item in items:
        name, digest = item.external_id, item.digest
        if name is None or (name not in there and name not in given):
            new += 1
            outcome.append(None)
            if name is not None:
                given[name] = digest
        else:
            same = _has_same_content(item, there[name]) if name in there else given[name] == digest
            outcome.append(None if same else external_id_conflict(name))
    return outcome, new


def find_existing(connection: Connection, record: type[R], judge_pk: int, items: Sequence[Identified]) -> dict[str, R]:
    """The judge's rows that items name, by that name: the external id or, for a row without one, our own id."""
    names = [item.external_id for item in items if item.external_id is not None]
    if not names:
        return {}
    by_name = {
        row.external_id or "": row for row in by_external_ids(connection, select(record), record, judge_pk, names)
    }
    own = [name for name in names if name.startswith(f"{items[0].prefix}_") and name not in by_name]
    if own:
        statement = select(record).where(
            in_values(connection, record.id, own), without_index(record.judge_pk) == judge_pk
        )
        by_name |= {row.id: row for row in fetch_all(connection, statement, record) if row.external_id is None}
    return by_name


def external_id_conflict(name: str | None) -> Conflict:
    """An external id stands for other content."""
    return Conflict(f"The external id {name!r} is taken: it was used before, with other content.", ("external_id",))


def _has_same_content(item: Identified, row: Evaluation | Feedback) -> bool:
    return row.digest == item.digest or item.repeats(row)


def _as_record(record: type[R], values: dict[str, Any]) -> R:
    """A row as a select of the record would give it, without asking."""
    shape = _row_type(record)
    return cast("R", shape._make(map(values.get, shape._fields)))


@cache
def _row_type(record: type[R]) -> type[Any]:
    return namedtuple(record.__name__, [str(column.key) for column in select(record).selected_columns])  # noqa: PYI024
