"""Loading lines of evaluations and feedback into a judge, in batches, as often as one likes.

Every line is known by its `external_id`, or by a digest of what it says: a load that broke off is simply run again,
and lines that are already there count as such. A line that can't be loaded is reported; the others go in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import orjson

from cli.client import Client
from cli.errors import ApiError, UserError, UserErrors
from cli.rows import BadLineError, Criteria, Input, Row, evaluation_row, feedback_row

BATCH_ROWS = 500
BATCH_BYTES = 8 * 2**20  # half of what a server accepts at once unless told otherwise
# A request refused as a whole for what one of its rows holds, such as a number GraphQL can't represent.
_ROW_CODES = {"BAD_REQUEST", "INVALID", "LIMIT_EXCEEDED", "TOO_LARGE"}


@dataclass
class Count:
    """What became of the lines of a file."""

    new: int = 0
    already_there: int = 0
    refused: int = 0

    @property
    def lines(self) -> int:
        """All lines seen so far."""
        return self.new + self.already_there + self.refused


class Refusals:
    """The lines that can't be loaded, written as JSON Lines to a file that is made with the first of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def add(self, file: str, line: int, reason: str, external_id: str | None = None) -> None:
        """Report one line."""
        report = {"file": file, "line": line, "external_id": external_id, "reason": reason}
        with self.path.open("ab" if self.count else "wb") as out:
            out.write(orjson.dumps(report) + b"\n")
        self.count += 1


class _Sent(NamedTuple):
    line: int
    row: Row


@dataclass(frozen=True)
class Kind:
    """How lines of one kind become inputs, and which operation takes them."""

    list_name: str
    operation: str
    payload_name: str
    count_name: str
    read: Callable[[bytes, Criteria], Row]


EVALUATIONS = Kind("evaluations", "RecordEvaluations", "recordEvaluations", "recordedCount", evaluation_row)
FEEDBACK = Kind("feedback", "SubmitFeedback", "submitFeedback", "acceptedCount", feedback_row)


class Importer:
    """Loads lines of one kind into a judge and counts what became of them."""

    def __init__(self, client: Client, judge: Input, kind: Kind, refusals: Refusals, count: Count) -> None:
        self.count = count
        self._client, self._kind, self._refusals = client, kind, refusals
        self._judge_id = judge["id"]
        self._criteria = Criteria(judge["criteria"])

    def load(self, lines: Iterable[tuple[int, bytes]], file: str, after_batch: Callable[[], None]) -> None:
        """Load all lines; `after_batch` is called whenever some of them are in."""
        for batch in _batches(self._rows(lines, file)):
            self._send(batch, file)
            after_batch()

    def _rows(self, lines: Iterable[tuple[int, bytes]], file: str) -> Iterator[_Sent]:
        for number, line in lines:
            try:
                yield _Sent(number, self._kind.read(line, self._criteria))
            except BadLineError as error:
                self._refuse(file, number, str(error))

    def _send(self, batch: list[_Sent], file: str) -> None:
        kind = self._kind
        rows = [sent.row.input for sent in batch]
        try:
            payload = self._client.execute(
                kind.operation, input={"judgeId": self._judge_id, kind.list_name: rows}, withRecords=False
            )[kind.payload_name]
        except ApiError as error:
            if error.code not in _ROW_CODES:
                raise
            self._send_in_parts(batch, file, error)
            return
        refused = self._refused(batch, payload["userErrors"])
        for index, reason in refused.items():
            self._refuse(file, batch[index].line, reason, batch[index].row.external_id)
        new = payload[kind.count_name]
        self.count.new += new
        self.count.already_there += len(batch) - len(refused) - new

    def _send_in_parts(self, batch: list[_Sent], file: str, error: ApiError) -> None:
        """Halve a batch that was refused as a whole until the row to blame stands alone."""
        if len(batch) == 1:
            self._refuse(file, batch[0].line, str(error), batch[0].row.external_id)
            return
        middle = len(batch) // 2
        self._send(batch[:middle], file)
        self._send(batch[middle:], file)

    def _refused(self, batch: list[_Sent], user_errors: list[Input]) -> dict[int, str]:
        """The reasons by index of the row; an error that names no row is about the whole import."""
        reasons: dict[int, list[str]] = {}
        for error in map(UserError.read, user_errors):
            index, field = _place(error.field, self._kind.list_name)
            if index is None or index >= len(batch):
                raise UserErrors([error])
            reasons.setdefault(index, []).append(str(replace(error, field=field)))
        return {index: "; ".join(texts) for index, texts in reasons.items()}

    def _refuse(self, file: str, line: int, reason: str, external_id: str | None = None) -> None:
        self._refusals.add(file, line, reason, external_id)
        self.count.refused += 1


def _batches(rows: Iterable[_Sent]) -> Iterator[list[_Sent]]:
    """Cut rows into requests that are neither too many rows nor too many bytes."""
    batch: list[_Sent] = []
    size = 0
    for sent in rows:
        row_size = len(orjson.dumps(sent.row.input)) + 1
        if batch and (len(batch) == BATCH_ROWS or size + row_size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(sent)
        size += row_size
    if batch:
        yield batch


def _place(path: tuple[str, ...], list_name: str) -> tuple[int | None, tuple[str, ...]]:
    """Split a path such as `evaluations.3.scores` into the row's index and the field within the row."""
    for place, (name, following) in enumerate(pairwise(path)):
        if name == list_name and following.isdecimal():
            return int(following), path[place + 2 :]
    return None, path
