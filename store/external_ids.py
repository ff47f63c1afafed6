"""Idempotent ingestion of evaluations and feedback: an external id stands for one content, permanently."""

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
from store.database.rows import ColumnValues, by_external_ids, fetch_all, in_values, without_index


class Identified(Protocol):
    """An evaluation or an item of feedback that is to be recorded."""

    # The prefix of the ids that Judgesmith assigns.
    prefix: ClassVar[str]

    @property
    def external_id(self) -> str | None:
        """The caller's own id of the item."""

    @property
    def digest(self) -> str:
        """A hash of the content as it was given."""

    def repeats(self, row: Any) -> bool:
        """Return whether a row with another digest has the same content, such as an item read back from an export."""


def digest_content(*content: Any) -> str:
    """Return the SHA-256 of plain values. Moments are converted to UTC, so their offset does not matter."""
    plain = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in content]
    return hashlib.sha256(orjson.dumps(plain)).hexdigest()


R = TypeVar("R", Evaluation, Feedback)
I = TypeVar("I", bound=Identified)  # noqa: E741


def ingest(
    connection: Connection,
    record: type[R],
    judge_pk: int,
    items: Sequence[I],
    to_row: Callable[[I, int], ColumnValues],
) -> tuple[list[R | Conflict], int]:
    """Insert the items that are new.

    If an item's external id exists with the same content, its result is the existing row; with other content, its
    result is a Conflict. The caller holds the judge's row, so calls with the same external ids run one after another.

    Args:
        connection: the connection of a writing unit.
        record: the record of the items.
        judge_pk: the judge.
        items: the items.
        to_row: returns the values of a new item's row, given the number of new items before it.

    Returns:
        For each item its row or a Conflict, in order, and the number of new rows.
    """
    existing = find_existing(connection, record, judge_pk, items)
    rows: list[ColumnValues] = []
    outcome: list[R | Conflict] = []
    for item in items:
        name = item.external_id
        row = existing.get(name) if name is not None else None
        if row is None:
            values = to_row(item, len(rows))
            values["digest"] = item.digest
            rows.append(values)
            row = _as_record(record, values)
            if name is not None:
                existing[name] = row
            outcome.append(row)
        else:
            outcome.append(row if _has_same_content(item, row) else external_id_conflict(name))
    insert_many(connection, record, rows)
    return outcome, len(rows)


def preview_ingest(
    connection: Connection, record: type[R], judge_pk: int, items: Sequence[I]
) -> tuple[list[Conflict | None], int]:
    """Return the result that ``ingest`` would have, without a write.

    Args:
        connection: the connection to read from.
        record: the record of the items.
        judge_pk: the judge.
        items: the items.

    Returns:
        For each item a Conflict or None, in order, and the number of items that would be new.
    """
    existing = find_existing(connection, record, judge_pk, items)
    outcome: list[Conflict | None] = []
    new_digests: dict[str, str] = {}  # by external id
    new = 0
    for item in items:
        name, digest = item.external_id, item.digest
        if name is None or (name not in existing and name not in new_digests):
            new += 1
            outcome.append(None)
            if name is not None:
                new_digests[name] = digest
        else:
            same = _has_same_content(item, existing[name]) if name in existing else new_digests[name] == digest
            outcome.append(None if same else external_id_conflict(name))
    return outcome, new


def find_existing(connection: Connection, record: type[R], judge_pk: int, items: Sequence[Identified]) -> dict[str, R]:
    """Return the judge's rows that the external ids of items name.

    An external id also names the row that has it as its own id, if that row has no external id.

    Args:
        connection: the connection to read from.
        record: the record of the items.
        judge_pk: the judge.
        items: the items.

    Returns:
        The rows by the external id that names them.
    """
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
    """Return the conflict of an external id that was used before with other content."""
    return Conflict(f"The external id {name!r} is taken: it was used before, with other content.", ("external_id",))


def _has_same_content(item: Identified, row: Evaluation | Feedback) -> bool:
    return row.digest == item.digest or item.repeats(row)


def _as_record(record: type[R], values: ColumnValues) -> R:
    """Return a row as a select of the record would return it, without a query."""
    shape = _row_type(record)
    return cast("R", shape._make(map(values.get, shape._fields)))


@cache
def _row_type(record: type[R]) -> type[Any]:
    return namedtuple(record.__name__, [str(column.key) for column in select(record).selected_columns])  # noqa: PYI024
