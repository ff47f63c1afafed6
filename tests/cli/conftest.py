"""A stand-in for the API: it remembers what it is sent and answers as the contract says."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Data = dict[str, Any]

KEY = "jsk_right"
CRITERIA = [
    {"id": "cri_1", "key": "crit_clarity", "name": "clarity", "min": 1, "max": 5},
    {"id": "cri_2", "key": "crit_accuracy", "name": "accuracy", "min": 1, "max": 5},
]


@dataclass
class FakeApi:
    """One judge, in memory."""

    url: str = ""
    judge: Data = field(default_factory=lambda: {"id": "jdg_1", "name": "Fake", "criteria": CRITERIA})
    answers: dict[str, Callable[[Data], Data]] = field(default_factory=dict)

    def answer(self, body: Data) -> Data:
        name, variables = body["operationName"], body["variables"]
        assert f" {name}" in body["query"]
        handler = self.answers.get(name) or getattr(self, f"_{name}")
        result: Data = handler(variables)
        return result

    def _Judge(self, variables: Data) -> Data:  # noqa: N802
        return {"data": {"judge": self.judge if variables["id"] == self.judge["id"] else None}}

    def _CreateJudge(self, variables: Data) -> Data:  # noqa: N802
        self.judge = {
            "id": variables["input"].get("id", "jdg_new"),
            "name": variables["input"]["name"],
            "criteria": [
                {"id": f"cri_{i}", "key": f"crit_{c['name']}", "name": c["name"]}
                for i, c in enumerate(variables["input"]["criteria"])
            ],
        }
        return {"data": {"createJudge": {"judge": self.judge, "userErrors": []}}}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """The stand-in, listening on a port of its own."""
    fake = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("authorization") != f"Bearer {KEY}":
                status, answer = 401, {"error": "who?"}
            else:
                status, answer = 200, fake.answer(json.loads(body))
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_port}"
        yield fake
        server.shutdown()
        thread.join()
