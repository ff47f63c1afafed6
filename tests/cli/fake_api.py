"""Fake API server that answers GraphQL operations as a test configures them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from typer.testing import CliRunner, Result

from cli.app import app

Data = dict[str, Any]

KEY = "jsk_right"
CRITERIA = [
    {"id": "cri_1", "key": "crit_clarity", "name": "clarity", "min": 1, "max": 5},
    {"id": "cri_2", "key": "crit_accuracy", "name": "accuracy", "min": 1, "max": 5},
]


@dataclass
class FakeApi:
    """A server with one judge in memory.

    Attributes:
        url: its address.
        judge: the judge.
        answers: handlers of further operations by name; each gets the variables and returns the response.
    """

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


def run(api: FakeApi, *arguments: str) -> Result:
    """Run a client command against the fake server."""
    return CliRunner(env={"JUDGESMITH_URL": api.url, "JUDGESMITH_API_KEY": KEY}).invoke(app, arguments)


def page(*nodes: Data, more: bool = False) -> Data:
    """Return a page of a connection of 40 nodes."""
    return {"nodes": nodes, "pageInfo": {"hasNextPage": more}, "totalCount": 40}
