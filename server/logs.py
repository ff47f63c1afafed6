"""Configuration of logging: one event per line with its fields, as text or as JSON.

A line never holds a key, a password or an Authorization header: the output stream redacts them last. For an error a
line holds its type, the first line of its message and the location in this project's code. That is enough to find the
error, and reveals no SQL, data or path. The traceback is written at the level `debug` only.
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


class _ErrorFields:
    """Structlog processor that replaces an exception by its description and code location."""

    def __init__(self, *, tracebacks: bool) -> None:
        self._tracebacks = tracebacks

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        error = _find_exception(event.pop("exc_info", None))
        if error is not None:
            event.update(error=describe_error(error), where=code_location(error))
            if self._tracebacks:
                event["exception"] = "".join(traceback.format_exception(error)).rstrip()
        return event


def _find_exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return cast("BaseException | None", exc_info[1])
    return sys.exc_info()[1] if exc_info else None


class _Formatter(logging.Formatter):
    """Formatter for log records of libraries, with the same treatment of errors and paths."""

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s")
        self._tracebacks = tracebacks

    def formatException(  # noqa: N802
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Return an exception's description and code location."""
        error = ei[1]
        if self._tracebacks or error is None:
            return super().formatException(ei)
        return f"{describe_error(error)} ({code_location(error)})"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line without paths."""
        text = super().format(record)
        return text if self._tracebacks else PATH_PATTERN.sub("[path]", " ".join(text.split("\n")))


class _RedactingStream(io.TextIOBase):
    """Text stream that redacts secrets.

    It ignores write errors, because a full disk under the log must not fail the operation that is logged.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(redact(text))
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _log_thread_exception(args: threading.ExceptHookArgs) -> None:
    """Log an uncaught exception of a thread. Python would print its traceback."""
    name = args.thread.name if args.thread is not None else None
    structlog.get_logger(__name__).error("unexpected_error", thread=name, exc_info=args.exc_value)


def configure_logging(level: str, *, as_json: bool) -> None:
    """Configure all logging to write to stderr in one format.

    Args:
        level: lowest level to write.
        as_json: write lines as JSON instead of text.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    tracebacks = number <= logging.DEBUG
    stream = cast("TextIO", _RedactingStream(sys.stderr))
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(tracebacks=tracebacks))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)  # otherwise Python prints them with paths
    threading.excepthook = _log_thread_exception
    renderer: structlog.typing.Processor
    if as_json:
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _ErrorFields(tracebacks=tracebacks),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
