"""Agreement of the reference with the code: settings, commands, endpoints, formats, errors, states."""

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest
from starlette.routing import Mount, Route, WebSocketRoute

import cli.transfer.judge_file
import models.bulk.lines
from models.errors import ErrorCode
from models.job import TrainingJob, TrainingType
from models.job_status import TRANSITIONS, JobStatus
from models.specs.limits import MAX_BATCH, MAX_COMMENT, MAX_CRITERIA, MAX_NAME, MAX_TEXT
from runner.notifications.deliverer import RETRY_DELAYS
from server.app import create_app
from server.rest import training_jobs as rest
from server.settings import Settings
from store.jobs import completion_payload

from . import generated, markdown
from .markdown import ROOT

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def first_column(text: str) -> list[str]:
    """Return the inline code in the first cell of each table row."""
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


@pytest.mark.parametrize("path", generated.GENERATED, ids=lambda path: path.stem)
def test_generated_parts_are_up_to_date(path: Path) -> None:
    marker, make = generated.GENERATED[path]
    written = markdown.between(path.read_text(encoding="utf-8"), marker).strip()
    assert written == make().strip(), "Run: python -m tests.docs.generated"


def test_all_commands_have_a_section() -> None:
    headings = re.findall(r"^## (judgesmith .+)$", page("reference/commands.md"), re.MULTILINE)
    assert headings == list(generated.commands())
    assert {"judgesmith serve", "judgesmith keys create", "judgesmith import"} <= set(headings)


def test_all_endpoints_are_described() -> None:
    paths = set()
    for route in create_app(Settings()).routes:
        assert isinstance(route, Route | WebSocketRoute | Mount)
        paths.add(route.path)
    named = set(re.findall(r"^\| `(?:[A-Z, ]+ )?(/\S*)`", page("reference/http.md"), re.MULTILINE))
    assert named == paths


def test_documented_limits_are_those_of_the_code() -> None:
    text = page("reference/http.md")
    for limit in (MAX_BATCH, MAX_TEXT, MAX_COMMENT, MAX_NAME, MAX_CRITERIA):
        assert f"{limit:,}" in text


def test_documented_rest_fields_are_those_of_the_bodies() -> None:
    text = page("reference/http.md")
    for body in (rest.JobBody, rest.ConfigBody, rest.OptionsBody):
        assert set(body.__struct_fields__) <= set(first_column(text))


def test_all_error_codes_are_described() -> None:
    text = page("reference/graphql.md")
    assert {code.value for code in ErrorCode} <= set(first_column(text))
    assert {"UNAUTHENTICATED", "FORBIDDEN", "BAD_REQUEST", "INTERNAL"} <= set(first_column(text))


@pytest.mark.parametrize(
    ("heading", "struct"),
    [
        ("evaluations", models.bulk.lines.EvaluationLine),
        ("feedback", models.bulk.lines.FeedbackLine),
        ("judge", cli.transfer.judge_file.JudgeFile),
        ("criterion", cli.transfer.judge_file.CriterionFile),
    ],
)
def test_all_fields_of_the_import_format_are_described(heading: str, struct: type) -> None:
    text = markdown.between(page("reference/files.md"), heading)
    assert first_column(text) == list(struct.__struct_fields__)


def test_state_diagram_has_exactly_the_transitions_of_the_code() -> None:
    (diagram,) = [b.text for b in markdown.blocks(page("explanation/job-lifecycle.md")) if b.language == "mermaid"]
    drawn = set(re.findall(r"^\s*([A-Z]+) --> ([A-Z]+)", diagram, re.MULTILINE))
    assert drawn == {(a.name, b.name) for a, following in TRANSITIONS.items() for b in following}


def test_webhook_payload_has_the_documented_fields() -> None:
    text = page("reference/webhooks.md")
    message = completion_payload(
        TrainingJob(id="job_1", training_type=TrainingType.FULL_RETRAIN, status=JobStatus.COMPLETED, finished_at=None)
    )
    fields = message.__struct_fields__
    assert first_column(text) == [*fields, *(f"data.{name}" for name in message.data.__struct_fields__)]
    assert f"{len(RETRY_DELAYS) + 1} times" in text


def test_all_dependencies_have_a_documented_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.match(r"[\w-]+", line)[0] for line in wanted}  # type: ignore[index]
    (decision,) = (ROOT / "docs" / "decisions").glob("*-dependencies.md")
    assert set(first_column(decision.read_text(encoding="utf-8"))) == names


def test_all_mentioned_settings_exist() -> None:
    known = {f"JUDGESMITH_{name.upper()}" for name in Settings.model_fields}
    known |= {"JUDGESMITH_URL", "JUDGESMITH_API_KEY", "JUDGESMITH_CACHE_DIR"}
    for path in markdown.files():
        assert set(re.findall(r"JUDGESMITH_[A-Z_]+", path.read_text(encoding="utf-8"))) <= known, path


def test_rest_reference_lists_all_states_types_and_priorities() -> None:
    text = page("reference/http.md")
    for word in (*JobStatus, *TrainingType, *get_args(rest.OptionsBody.__annotations__["priority"])):
        assert f"`{word}`" in text
