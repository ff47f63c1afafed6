"""Log lines: one event each with its facts, for people or as JSON.

A line never holds a key, a password or an Authorization header; whatever is written, those are taken out last. Of an
error a line tells the kind, the first line of what it says and where in our code it came from; that is enough to find
it, and holds no SQL, no data and no path. The whole stack is written at the level `debug` only.
"""

import contextlib
import io
import logging
import sys
import threading
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from models.redaction import PATH_PATTERN, code_location, describe_error, redact


class _Facts:
    """Puts an error's facts in the place of its stack."""

    def __init__(self, *, stacks: bool) -> None:
        self._stacks = stacks

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        error = _error_of(event.pop("exc_info", None))
        if error is not None:
            event.update(error=describe_error(error), where=code_location(error))
            if self._stacks:
                event["exception"] = "".join(traceback.format_exception(error)).rstrip()
        return event


def _error_of(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return cast("BaseException | None", given[1])
    return sys.exc_info()[1] if given else None


class _Formatter(logging.Formatter):
    """The same for what libraries log."""

    def __init__(self, *, stacks: bool) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s")
        self._stacks = stacks

    def formatException(  # noqa: N802
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """An error's facts."""
        error = ei[1]
        if self._stacks or error is None:
            return super().formatException(ei)
        return f"{describe_error(error)} ({code_location(error)})"

    def format(self, record: logging.LogRecord) -> str:
        """One line without paths."""
        text = super().format(record)
        return text if self._stacks else PATH_PATTERN.sub("[path]", " ".join(text.split("\n")))


class _Redacting(io.TextIOBase):
    """Takes secrets out, and writes where it can: a full disk under the log must not fail what is being logged."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(redact(text))
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _in_a_thread(found: threading.ExceptHookArgs) -> None:
    """Tell of an error that nobody caught as of any other; Python would print its stack."""
    name = found.thread.name if found.thread is not None else None
    structlog.get_logger(__name__).error("unexpected_error", thread=name, exc_info=found.exc_value)


def configure_logging(level: str, *, as_json: bool) -> None:
    """Send all logging to stderr in one form."""
    number = logging.getLevelNamesMapping()[level.upper()]
    stacks = number <= logging.DEBUG
    stream = cast("TextIO", _Redacting(sys.stderr))
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(stacks=stacks))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)  # else Python prints them itself, with paths
    threading.excepthook = _in_a_thread
    renderer: structlog.typing.Processor
    if as_json:
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Facts(stacks=stacks),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
