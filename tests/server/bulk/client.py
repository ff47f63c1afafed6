"""Client of the bulk endpoints."""

import gzip
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.server.api import Api, Data

CLARITY = "crit_clarity"


def evaluation_line(number: int, **more: Any) -> Data:
    """Return a line of an evaluations file."""
    return {"external_id": f"e{number}", "output": f"Answer {number}.", "scores": {CLARITY: number % 5 + 1}} | more


def correction_line(number: int, **more: Any) -> Data:
    """Return a line of a feedback file."""
    return {
        "evaluation": f"e{number}",
        "type": "correction",
        "corrected_scores": {CLARITY: 2},
        "submitted_by": "ben",
        "submitted_at": "2026-01-05T09:00:00Z",
        "external_id": f"f{number}",
    } | more


def encode_lines(*given: Any) -> bytes:
    """Encode values as JSON Lines; bytes are kept unchanged."""
    return b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in given)


def load_lines(
    api: Api, judge: Data, kind: str, body: bytes | Iterable[bytes], *, packed: bool = False, **params: str
) -> list[Data]:
    """Send a body and return all response lines.

    Args:
        api: client of the judge's workspace.
        judge: the judge.
        kind: `evaluations` or `feedback`.
        body: body, whole or in pieces.
        packed: gzip the body.
        params: query parameters.
    """
    headers = {"content-encoding": "gzip"} if packed else {}
    content = gzip.compress(body) if packed and isinstance(body, bytes) else body
    answer = api.http.post(f"/judges/{judge['id']}/{kind}", content=content, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(parse_responses(answer.text))


def parse_responses(text: str) -> Iterator[Data]:
    """Return the response lines of a load."""
    return map(json.loads, text.strip().split("\n")) if text else iter(())


def get_totals(responses: list[Data]) -> tuple[int, int, int, bool]:
    """Return the numbers of new, known and rejected lines, and whether the load is complete, from the last line."""
    last = responses[-1]
    assert last["done"]
    assert last["accepted"] == last["new"] + last["already_there"]
    return last["new"], last["already_there"], last["refused"], last["complete"]


def get_rejections(responses: list[Data]) -> list[Data]:
    """Return the response lines of rejections."""
    return [answer for answer in responses if "code" in answer]


def export_all(api: Api, judge: Data, kind: str) -> list[Data]:
    """Return all rows of a judge.

    Args:
        api: client of the judge's workspace.
        judge: the judge.
        kind: `evaluations` or `feedback`.
    """
    answer = api.http.get(f"/judges/{judge['id']}/{kind}")
    assert answer.status_code == 200, answer.text
    return list(parse_responses(answer.text))
