"""Sending lines to the bulk endpoints as programs do."""

import gzip
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.server.api import Api, Data

CLARITY = "crit_clarity"


def evaluation(number: int, **more: Any) -> Data:
    """A line of the evaluations file."""
    return {"external_id": f"e{number}", "output": f"Answer {number}.", "scores": {CLARITY: number % 5 + 1}} | more


def correction(number: int, **more: Any) -> Data:
    """A line of the feedback file."""
    return {
        "evaluation": f"e{number}",
        "type": "correction",
        "corrected_scores": {CLARITY: 2},
        "submitted_by": "ben",
        "submitted_at": "2026-01-05T09:00:00Z",
        "external_id": f"f{number}",
    } | more


def lines(*given: Any) -> bytes:
    """JSON Lines; bytes are taken as they are."""
    return b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in given)


def load(
    api: Api, judge: Data, kind: str, body: bytes | Iterable[bytes], *, packed: bool = False, **params: str
) -> list[Data]:
    """Send a body and read all answers."""
    headers = {"content-encoding": "gzip"} if packed else {}
    content = gzip.compress(body) if packed and isinstance(body, bytes) else body
    answer = api.http.post(f"/judges/{judge['id']}/{kind}", content=content, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answers(answer.text))


def answers(text: str) -> Iterator[Data]:
    """The answers of a load."""
    return map(json.loads, text.strip().split("\n")) if text else iter(())


def totals(said: list[Data]) -> tuple[int, int, int, bool]:
    """New, already there, refused, and whether the load came to its end: what the last line says."""
    last = said[-1]
    assert last["done"]
    assert last["accepted"] == last["new"] + last["already_there"]
    return last["new"], last["already_there"], last["refused"], last["complete"]


def errors(said: list[Data]) -> list[Data]:
    """What was wrong."""
    return [answer for answer in said if "code" in answer]


def exported(api: Api, judge: Data, kind: str) -> list[Data]:
    """All that a judge has of a kind."""
    answer = api.http.get(f"/judges/{judge['id']}/{kind}")
    assert answer.status_code == 200, answer.text
    return list(answers(answer.text))
