"""Report of a child process's errors: one redacted log line each, without a traceback, a path or a key."""

import os
import sys
import threading
import warnings
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

import orjson

from models.redaction import code_location, describe_error, redact

_TRUE_VALUES: Final = ("1", "true", "t", "yes", "y", "on")
"""Values of an environment variable that pydantic reads as true."""


def summarize_error(error: BaseException) -> str:
    """Return an error in one redacted line: its description, and where in our code it was raised."""
    place = code_location(error)
    return redact(f"{describe_error(error)} ({place})" if place else describe_error(error))


def log_fatal(process_name: str, error: BaseException, *, warning: bool = False) -> None:
    """Report a child process's fatal error as one redacted log line without a traceback.

    The line is a sentence, or a JSON object if ``JUDGESMITH_LOG_JSON`` is set.

    Args:
        process_name: name of the process in the line, such as "training process".
        error: the error, or the warning.
        warning: the line reports a warning, after which the process continues.
    """
    if os.environ.get("JUDGESMITH_LOG_JSON", "").lower() in _TRUE_VALUES:
        line = {
            "event": f"{process_name.replace(' ', '_')}_{'warns' if warning else 'failed'}",
            "level": "warning" if warning else "error",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "error": redact(describe_error(error)),
            "where": code_location(error),
        }
        text = orjson.dumps(line).decode()
    else:
        text = f"The {process_name} {'warns' if warning else 'failed'}: {summarize_error(error)}"
    print(text, file=sys.stderr, flush=True)


def install_error_hooks(process_name: str) -> None:
    """Report uncaught errors of every thread and warnings as one line each, in place of Python's tracebacks."""

    def report_uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log_fatal(process_name, error)

    def report_from_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            log_fatal(process_name, found.exc_value)

    def report_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        found_warning = message if isinstance(message, Warning) else category(message)
        log_fatal(process_name, found_warning, warning=True)

    sys.excepthook = report_uncaught
    threading.excepthook = report_from_thread
    warnings.showwarning = report_warning
