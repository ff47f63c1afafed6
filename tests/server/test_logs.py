"""Tests of log lines: they locate errors and reveal no secrets."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from models.redaction import redact
from server.logs import configure_logging

KEY = "jsk_" + "a1B2-_" * 7
HOOK = "whsec_" + "a1B2+/" * 5


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer [redacted]"),
        ("{'authorization': 'bearer abc.def'}", "{'authorization': 'bearer [redacted]'}"),
        ("Basic dXNlcjpwYXNz", "Basic [redacted]"),
        (f"the key {KEY}, lost", "the key jsk_[redacted], lost"),
        (f"secret={HOOK}", "secret=whsec_[redacted]"),
        ("postgresql+asyncpg://judge:hush%40hush@db:5432/x", "postgresql+asyncpg://judge:[redacted]@db:5432/x"),
        ("redis://:hush@db", "redis://:[redacted]@db"),
        ("see http://127.0.0.1:8000/graphql", "see http://127.0.0.1:8000/graphql"),
        ("the key key_01abc of the job job_01abc", "the key key_01abc of the job job_01abc"),
    ],
)
def test_secrets_and_nothing_else_are_redacted(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], io.StringIO]]:
    """Configure logging as JSON at a level. Return what is written."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, threading.excepthook

    def start(level: str) -> io.StringIO:
        written = io.StringIO()
        monkeypatch.setattr(sys, "stderr", written)
        root.handlers.clear()
        configure_logging(level, as_json=True)
        return written

    yield start
    root.handlers[:], root.level, threading.excepthook = handlers, level, hook
    logging.captureWarnings(False)
    structlog.reset_defaults()


def fail() -> None:
    try:
        raise OSError(2, "No such file", "/srv/secret/judge.sqlite")
    except OSError as error:
        raise OperationalError("SELECT 1 FROM judges", {"id": "theirs"}, Exception("no such table: x")) from error


def test_error_is_one_line_without_traceback_sql_or_data(configured: Callable[[str], io.StringIO]) -> None:
    written = configured("info")
    try:
        fail()
    except OperationalError:
        structlog.get_logger().exception("it_failed", header=f"Bearer {KEY}")
        logging.getLogger("library").exception("failed at /srv/lib/x.py with %s", KEY)
    ours, theirs = written.getvalue().splitlines()
    facts = json.loads(ours)
    assert facts["event"] == "it_failed"
    assert (
        facts["error"] == "OperationalError: (builtins.Exception) no such table: x <- FileNotFoundError: No such file"
    )
    assert facts["header"] == "Bearer [redacted]"
    assert theirs.startswith("ERROR library failed at [path] with jsk_[redacted] OperationalError: ")
    for word in ("SELECT", "theirs", "Traceback", "/srv", "a1B2"):
        assert word not in written.getvalue()


def test_uncaught_thread_exceptions_and_warnings_are_one_line(
    configured: Callable[[str], io.StringIO],
) -> None:
    written = configured("info")
    thread = threading.Thread(target=fail, name="writer")
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning(f"mind {KEY}", UserWarning, "/srv/lib/x.py", 7)
    ours, theirs = written.getvalue().splitlines()
    assert (json.loads(ours)["thread"], json.loads(ours)["event"]) == ("writer", "unexpected_error")
    assert "UserWarning: mind jsk_[redacted]" in theirs
    for word in ("SELECT", "theirs", "Traceback", "/srv", "a1B2"):
        assert word not in written.getvalue()


def test_debug_level_adds_the_traceback_without_keys(configured: Callable[[str], io.StringIO]) -> None:
    written = configured("debug")
    try:
        fail()
    except OperationalError:
        structlog.get_logger().exception("it_failed", key=KEY)
    facts = json.loads(written.getvalue())
    assert "Traceback" in facts["exception"]
    assert "a1B2" not in written.getvalue()
