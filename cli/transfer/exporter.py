"""Writing a judge, its evaluations and its feedback to files that `judgesmith import` loads."""

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
from cli.errors import ApiError
from cli.transfer.line_reader import STDIN as STDOUT

Judge = dict[str, Any]


def write_judge(judge: Judge, path: Path) -> None:
    """Write what `--new` takes."""
    names = ("key", "name", "description", "min", "max", "step", "weight")
    described = {
        "id": judge["id"],
        "name": judge["name"],
        "description": judge.get("description"),
        "criteria": [{name: criterion.get(name) for name in names} for criterion in judge["criteria"]],
    }
    with _whole(path) as file:
        file.write(orjson.dumps(_without_nulls(described), option=orjson.OPT_INDENT_2) + b"\n")


def write_lines(client: Client, judge_id: str, kind: str, path: Path, progress: Callable[[int], None]) -> int:
    """Write all evaluations or all feedback; how many lines. A file that is there is replaced once all are written.

    Raises:
        ApiError: the server refused, or the connection broke; nothing was written.
    """
    lines = 0
    try:
        with client.stream("GET", f"/judges/{judge_id}/{kind}", {}) as answer:
            if answer.status_code != httpx.codes.OK:
                raise client.refusal(answer)
            with _whole(path) as file:
                for block in answer.iter_bytes(2**18):
                    file.write(block)
                    lines += block.count(b"\n")
                    progress(lines)
    except httpx.TransportError as error:
        raise ApiError(f"The connection to {client.url} broke off; {path} was not written. Try again.") from error
    return lines


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that is there once it is whole; gzipped where its name ends in .gz."""
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                # Without a name and a time in it, the same content gives the same bytes.
                packed = gzip.GzipFile("", "wb", zlib.Z_BEST_SPEED, raw, mtime=0)
                with packed:
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
