"""Writer of a judge, its evaluations and its feedback to files that `judgesmith import` loads."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import httpx
import orjson

from cli.client.client import Client
from cli.client.responses import Judge
from cli.errors import ApiError
from cli.transfer.line_reader import STDIN as STDOUT

_CRITERION_FIELDS = ("key", "name", "description", "min", "max", "step", "weight")
_BLOCK_BYTES = 2**18


def write_judge(judge: Judge, path: Path) -> None:
    """Write a judge file, as `judgesmith import --new` reads it."""
    description = {
        "id": judge["id"],
        "name": judge["name"],
        "description": judge.get("description"),
        "criteria": [{name: criterion.get(name) for name in _CRITERION_FIELDS} for criterion in judge["criteria"]],
    }
    with open_atomic(path) as file:
        file.write(orjson.dumps(_without_nulls(description), option=orjson.OPT_INDENT_2) + b"\n")


def write_lines(client: Client, judge_id: str, kind: str, path: Path, on_progress: Callable[[int], None]) -> int:
    """Write all evaluations or all feedback of a judge. An existing file is replaced once all lines are written.

    Args:
        client: the connection.
        judge_id: the judge.
        kind: `evaluations` or `feedback`.
        path: the file.
        on_progress: called with the number of lines written so far.

    Returns:
        The number of lines.

    Raises:
        ApiError: the server rejected the request, or the connection broke; nothing was written.
    """
    lines = 0
    try:
        with client.stream("GET", f"/judges/{judge_id}/{kind}", {}) as response:
            if response.status_code != httpx.codes.OK:
                raise client.read_error(response)
            with open_atomic(path) as file:
                for block in response.iter_bytes(_BLOCK_BYTES):
                    file.write(block)
                    lines += block.count(b"\n")
                    on_progress(lines)
    except httpx.TransportError as error:
        raise ApiError(f"The connection to {client.url} broke off; {path} was not written. Try again.") from error
    return lines


@contextmanager
def open_atomic(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name once it is complete; gzipped if its name ends in .gz."""
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                # Without a name and a time in its header, the same content gives the same bytes.
                with gzip.GzipFile("", "wb", zlib.Z_BEST_SPEED, raw, mtime=0) as packed:
                    yield cast("BinaryIO", packed)
            else:
                yield raw
        part.replace(path)
    except OSError as error:
        raise ApiError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
