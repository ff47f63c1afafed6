"""What a child process says of an error: a line as in the server's log, without a stack, a path or a key."""

import os
import sys
import threading
import warnings
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

import orjson

from models.job_codes import FailureCode
from models.redaction import code_location, describe_error, redact

# What people are told of a bug of ours.
INTERNAL_ERROR: Final = {
    "code": FailureCode.INTERNAL,
    "message": "Something went wrong on our side; the server's log tells what.",
}

_YES: Final = ("1", "true", "t", "yes", "y", "on")  # as settings are read


def summarize_error(error: BaseException) -> str:
    """An error in a line: what it says, and where in our code it came from."""
    place = code_location(error)
    return redact(f"{describe_error(error)} ({place})" if place else describe_error(error))


def log_fatal(who: str, error: BaseException, *, warning: bool = False) -> None:
    """Say an error on stderr: in a sentence, or as JSON where the log is JSON."""
    if os.environ.get("JUDGESMITH_LOG_JSON", "").lower() in _YES:
        line = {
            "event": f"{who.replace(' ', '_')}_{'warns' if warning else 'failed'}",
            "level": "warning" if warning else "error",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "error": redact(describe_error(error)),
            "where": code_location(error),
        }
        text = orjson.dumps(line).decode()
    else:
        text = f"The {who} {'warns' if warning else 'failed'}: {summarize_error(error)}"
    print(text, file=sys.stderr, flush=True)


def install_error_hooks(who: str) -> None:
    """Tell in a line what Python would print with a stack: what nobody caught, here or in a thread, and warnings."""

    def uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log_fatal(who, error)

    def in_a_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            log_fatal(who, found.exc_value)

    def warned(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        said = message if isinstance(message, Warning) else category(message)
        log_fatal(who, said, warning=True)

    sys.excepthook = uncaught
    threading.excepthook = in_a_thread
    warnings.showwarning = warned
